/** Which objects of two people's labels are the same one. Pure. */
import type { Instance } from '#core/annotation/schema.ts';
import { boxIou, maskIou } from '#core/geometry/iou.ts';

/** Two boxes that overlap at least this much mean the same object, whatever their class (PASCAL VOC's and COCO's first threshold). */
export const SAME_IOU = 0.5;

/** What is compared of a label. */
export type Compared = Pick<Instance, 'class' | 'box' | 'mask'>;

export interface Pair<T extends Compared = Compared> {
  readonly a: T;
  readonly b: T;
  /** Of the masks where both have one of the same size, else of the boxes; 0…1. */
  readonly iou: number;
}

export interface Matched<T extends Compared = Compared> {
  readonly pairs: readonly Pair<T>[];
  /** Seen by one of the two only. */
  readonly onlyA: readonly T[];
  readonly onlyB: readonly T[];
}

/**
 * Pairs the objects of two lists one to one: the best overlapping boxes first, down to `least`. Class-agnostic; of two equally good ones the pair of
 * the same class goes first, then the smaller box, so that neither the order of the lists nor their names matter. Greedy, as COCO's evaluation is.
 */
export function matchInstances<T extends Compared>(a: readonly T[], b: readonly T[], least = SAME_IOU): Matched<T> {
  const candidates = a.flatMap((one, i) => b.flatMap((other, j) => {
    const overlap = boxIou(one.box, other.box);
    return overlap >= least ? [{ i, j, one, other, overlap }] : [];
  }));
  candidates.sort((p, q) => q.overlap - p.overlap || Number(q.one.class === q.other.class) - Number(p.one.class === p.other.class) || compareText(keyOf(p.one, p.other), keyOf(q.one, q.other)));
  const [takenA, takenB] = [new Set<number>(), new Set<number>()];
  const pairs: Pair<T>[] = [];
  for (const { i, j, one, other, overlap } of candidates) {
    if (takenA.has(i) || takenB.has(j)) continue;
    takenA.add(i);
    takenB.add(j);
    pairs.push({ a: one, b: other, iou: outlineIou(one, other) ?? overlap });
  }
  return { pairs, onlyA: a.filter((_, i) => !takenA.has(i)), onlyB: b.filter((_, j) => !takenB.has(j)) };
}

/** null = one of them has no mask, or they are of pictures of different size. */
function outlineIou({ mask: a }: Compared, { mask: b }: Compared): number | null {
  if (!a || !b || a.size[0] !== b.size[0] || a.size[1] !== b.size[1]) return null;
  return maskIou(a, b);
}

/** The same for (a, b) and (b, a). */
function keyOf(a: Compared, b: Compared): string {
  const [one, other] = [textOf(a), textOf(b)];
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}

function textOf({ box: [x, y, w, h], class: index }: Compared): string {
  return [w * h, x, y, w, index].join(',');
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
