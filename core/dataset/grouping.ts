/** Which pictures belong together, so that no two of them may lie in different splits. */
import { HashIndex } from './hashIndex.ts';
import { correlation, MIN_CORRELATION, type Likeness } from './likeness.ts';

/** A dense set (ten thousand exposures of one product) has many near hashes to each picture; so many are looked at closely. */
export const CLOSE_LOOKS = 64;

export interface Member {
  id: string;
  /** null = it could not be read. */
  hash: string | null;
  family: string | null;
  /** The group that it is in already; null = not compared yet. */
  group: string | null;
}

/** A group per member: joined by family and by likeness, transitively (frames of a film are one group). */
export class Grouping {
  readonly #parent = new Map<string, string>();
  readonly #families = new Map<string, string>();
  readonly #index = new HashIndex<string>();
  #lost: string[] = [];

  /** Members that are grouped already; nothing is compared. */
  known(members: Iterable<Member>): void {
    for (const { id, hash, family, group } of members) {
      if (group !== null) this.join(id, group);
      this.#enter(id, hash, family);
    }
  }

  /**
   * Compares a new member with all that were entered before, and enters it. `thumbs` gives the small pictures of candidates (missing = not comparable), in
   * their order.
   */
  async add(member: Member, thumb: Uint8Array | null, thumbs: (ids: string[]) => Promise<ReadonlyMap<string, Uint8Array>>): Promise<void> {
    this.root(member.id);
    if (member.hash !== null && thumb !== null) await this.#compare(member.id, { hash: member.hash, thumb }, thumbs);
    this.#enter(member.id, member.hash, member.family);
  }

  /** One name for all members of a group: the smallest id among those that were joined. */
  root(id: string): string {
    let at = id;
    for (let up = this.#parent.get(at); up !== undefined && up !== at; up = this.#parent.get(at)) at = up;
    for (let from = id; from !== at;) { // short ways for the next time
      const up = this.#parent.get(from) ?? at;
      this.#parent.set(from, at);
      from = up;
    }
    if (!this.#parent.has(at)) this.#parent.set(at, at);
    return at;
  }

  join(a: string, b: string): void {
    const [x, y] = [this.root(a), this.root(b)];
    if (x === y) return;
    const [winner, loser] = x < y ? [x, y] : [y, x];
    this.#parent.set(loser, winner);
    this.#lost.push(loser);
  }

  /** Names of groups that have become part of another one since the last call. */
  takeLost(): string[] {
    const lost = this.#lost;
    this.#lost = [];
    return lost;
  }

  #enter(id: string, hash: string | null, family: string | null): void {
    if (family !== null) {
      const first = this.#families.get(family);
      if (first === undefined) this.#families.set(family, id);
      else this.join(first, id);
    }
    if (hash !== null) this.#index.add(hash, id);
  }

  async #compare(id: string, likeness: Likeness, thumbs: (ids: string[]) => Promise<ReadonlyMap<string, Uint8Array>>): Promise<void> {
    const candidates = this.#index.near(likeness.hash).slice(0, CLOSE_LOOKS).map(({ item }) => item);
    if (candidates.length === 0) return;
    const small = await thumbs(candidates);
    for (const other of candidates) {
      const thumb = this.root(other) === this.root(id) ? undefined : small.get(other);
      if (thumb && correlation(likeness.thumb, thumb) >= MIN_CORRELATION) this.join(other, id);
    }
  }
}
