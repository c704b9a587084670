/** Drawing a validation split: by groups of like pictures, stratified by class, the same for the same seed. Pure. */

/** Pictures that must stay together. `classes`: class → how many of its labelled pictures show it; pictures that show nothing count under BACKGROUND. */
export interface DrawGroup {
  /** The same on every machine (of the pictures' content): order and chance come from it. */
  key: string;
  images: number;
  classes: ReadonlyMap<number, number>;
}

export const BACKGROUND = -1;
export const DEFAULT_SHARE = 0.2;

/**
 * The keys of the groups to set aside. As near to `share` (0..1) of the images as whole groups allow, except where classes need more: every class that two
 * groups or more show is in at least one of those set aside. At least one group, never all; fewer than two groups give none.
 * Stratified greedily, scarcest first (after Sechidis, Tsoumakas and Vlahavas, On the Stratification of Multi-Label Data, 2011).
 */
export function drawGroups(groups: readonly DrawGroup[], share: number, seed: string): Set<string> {
  if (groups.length < 2) return new Set();
  const draw = new Draw(groups, share, seed);
  draw.cover();
  draw.prune();
  draw.fill();
  return draw.chosen;
}

class Draw {
  readonly chosen = new Set<string>();
  readonly #groups: readonly DrawGroup[];
  readonly #byClass = new Map<number, DrawGroup[]>();
  /** Class → images that it still lacks. */
  readonly #wanted = new Map<number, number>();
  /** Class → chosen groups that show it. */
  readonly #shown = new Map<number, number>();
  readonly #target: number;
  #images = 0;

  constructor(groups: readonly DrawGroup[], share: number, seed: string) {
    const order = new Map(groups.map((g) => [g.key, chance(`${seed} ${g.key}`)]));
    this.#groups = [...groups].sort((a, b) => (order.get(a.key) ?? 0) - (order.get(b.key) ?? 0) || (a.key < b.key ? -1 : 1));
    this.#target = Math.max(1, Math.round(share * groups.reduce((sum, g) => sum + g.images, 0)));
    for (const group of this.#groups) {
      for (const [cls, images] of group.classes) {
        this.#wanted.set(cls, (this.#wanted.get(cls) ?? 0) + images * share);
        this.#byClass.set(cls, [...(this.#byClass.get(cls) ?? []), group]);
      }
    }
  }

  /** Each class that can be in both splits gets its first group: the smallest, so that the share is not spent at once. */
  cover(): void {
    for (const [cls, groups] of this.#scarcestFirst()) {
      if (groups.length < 2 || (this.#shown.get(cls) ?? 0) > 0) continue;
      const fitting = groups.filter((g) => g.images <= this.#target - this.#images);
      const pick = best(fitting.length > 0 ? fitting : groups, (g) => (fitting.length > 0 ? this.#gain(g) : -g.images));
      if (pick) this.#take(pick);
    }
  }

  /** Takes back what classes chosen later have made needless, while there are too many images. */
  prune(): void {
    for (const group of this.#groups) {
      if (this.#images <= this.#target) return;
      if (!this.chosen.has(group.key) || this.chosen.size === 1 || !this.#nearerBy(-group.images)) continue;
      const needed = [...group.classes.keys()].some((cls) => cls !== BACKGROUND && (this.#byClass.get(cls)?.length ?? 0) > 1 && (this.#shown.get(cls) ?? 0) < 2);
      if (!needed) this.#drop(group);
    }
  }

  /** The class that lacks most of its share is served next, until no group brings the whole nearer to the target. */
  fill(): void {
    const queues = new Map([...this.#byClass].map(([cls, groups]) => [cls, groups.values()]));
    while (queues.size > 0) {
      const cls = this.#neediest(queues.keys());
      if (cls === null) break;
      const next = queues.get(cls)?.next();
      // What does not fit now will not fit later: the room only shrinks.
      if (!next || next.done) queues.delete(cls);
      else if (!this.chosen.has(next.value.key) && this.#fits(next.value)) this.#take(next.value);
    }
    for (const group of this.#groups) if (!this.chosen.has(group.key) && this.#fits(group)) this.#take(group);
    if (this.chosen.size === 0) {
      const smallest = best(this.#groups, (g) => -g.images);
      if (smallest) this.#take(smallest);
    }
  }

  #scarcestFirst(): [number, DrawGroup[]][] {
    return [...this.#byClass].filter(([cls]) => cls !== BACKGROUND).sort((a, b) => a[1].length - b[1].length || a[0] - b[0]);
  }

  #neediest(classes: Iterable<number>): number | null {
    return best([...classes].filter((cls) => (this.#wanted.get(cls) ?? 0) > 0), (cls) => this.#wanted.get(cls) ?? 0) ?? null;
  }

  /** How much of what classes still lack the group gives, per image. */
  #gain(group: DrawGroup): number {
    return [...group.classes].reduce((sum, [cls, images]) => sum + Math.min(images, Math.max(0, this.#wanted.get(cls) ?? 0)), 0) / Math.max(1, group.images);
  }

  #fits(group: DrawGroup): boolean {
    return group.images > 0 && this.chosen.size < this.#groups.length - 1 && this.#nearerBy(group.images);
  }

  #nearerBy(images: number): boolean {
    return Math.abs(this.#images + images - this.#target) < Math.abs(this.#images - this.#target);
  }

  #take(group: DrawGroup): void {
    this.chosen.add(group.key);
    this.#count(group, 1);
  }

  #drop(group: DrawGroup): void {
    this.chosen.delete(group.key);
    this.#count(group, -1);
  }

  #count(group: DrawGroup, sign: 1 | -1): void {
    this.#images += sign * group.images;
    for (const [cls, images] of group.classes) {
      this.#wanted.set(cls, (this.#wanted.get(cls) ?? 0) - sign * images);
      this.#shown.set(cls, (this.#shown.get(cls) ?? 0) + sign);
    }
  }
}

/** The first of those with the highest value. */
function best<T>(items: readonly T[], value: (item: T) => number): T | undefined {
  let found: T | undefined;
  let highest = -Infinity;
  for (const item of items) {
    const v = value(item);
    if (v > highest) [found, highest] = [item, v];
  }
  return found;
}

/** FNV-1a, 32 bits, with a last mixing: spreads keys, guards nothing. */
function chance(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
