/** What changed between two sets of labels of one image. Pure; the same for versions, revisions and reports. */
import type { Instance } from '#core/annotation/schema.ts';
import type { Box } from '#core/geometry/box.ts';
import { boxIou, maskIou } from '#core/geometry/iou.ts';
import { labelsText } from './manifest.ts';

export const CHANGE_KINDS = ['added', 'removed', 'moved', 'relabelled', 'reshaped'] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** One object that is not the same on both sides. `iou` of the boxes, 0…1, where it stands on both. */
export interface ObjectChange {
  kinds: ChangeKind[];
  before: Instance | null;
  after: Instance | null;
  iou: number | null;
}

/** Boxes of another id count as the same object from this overlap on: the measure by which a drawn box means a prediction. */
const SAME_OBJECT_IOU = 0.5;
/** Pixels. The manifest rounds to a thousandth; what differs less than this on every side has not moved. */
const STILL = 0.001;

/**
 * Every object of `before` and `after` is in at most one change; what is equal in class, box and mask is in none. Objects are paired when they are
 * equal, then by identity (the same id, or an annotation that names the prediction it replaces), then by overlap: same class first, larger IoU first.
 */
export function diffLabels(before: readonly Instance[], after: readonly Instance[]): ObjectChange[] {
  const pairs = new Map<Instance, Instance>();
  const taken = new Set<Instance>();
  const pair = (a: Instance, b: Instance): void => {
    if (pairs.has(a) || taken.has(b)) return;
    pairs.set(a, b);
    taken.add(b);
  };
  pairEqual(before, after, pair);
  pairByIdentity(before, after, pair);
  pairByOverlap(before.filter((a) => !pairs.has(a)), after.filter((b) => !taken.has(b)), pair);
  return [
    ...before.flatMap((a) => changeOf(a, pairs.get(a) ?? null)),
    ...after.filter((b) => !taken.has(b)).map((b): ObjectChange => ({ kinds: ['added'], before: null, after: b, iou: null })),
  ];
}

type Pair = (a: Instance, b: Instance) => void;

function pairEqual(before: readonly Instance[], after: readonly Instance[], pair: Pair): void {
  const byText = new Map<string, Instance[]>();
  for (const a of before) byText.set(labelsText([a]), [...(byText.get(labelsText([a])) ?? []), a]);
  for (const b of after) {
    const equal = byText.get(labelsText([b]))?.shift();
    if (equal) pair(equal, b);
  }
}

function pairByIdentity(before: readonly Instance[], after: readonly Instance[], pair: Pair): void {
  const byId = new Map(before.map((a) => [a.id, a]));
  for (const b of after) {
    const same = byId.get(b.id);
    if (same) pair(same, b);
  }
  for (const b of after) {
    // One box in the place of several: the most alike is the same object, the others are gone.
    const replaced = (b.of ?? []).flatMap((id) => byId.get(id) ?? []).sort((x, y) => boxIou(y.box, b.box) - boxIou(x.box, b.box));
    if (replaced[0]) pair(replaced[0], b);
  }
}

function pairByOverlap(before: readonly Instance[], after: readonly Instance[], pair: Pair): void {
  const found: { a: Instance; b: Instance; rank: number }[] = [];
  // Sorted by their left edge, only boxes that overlap across are looked at: ten thousand objects stay quick.
  const right = [...after].sort((x, y) => x.box[0] - y.box[0]);
  const widest = right.reduce((most, b) => Math.max(most, b.box[2]), 0);
  for (const a of before) {
    for (let i = firstFrom(right, a.box[0] - widest); i < right.length; i++) {
      const b = right[i];
      if (!b || b.box[0] > a.box[0] + a.box[2]) break;
      const iou = boxIou(a.box, b.box);
      if (iou >= SAME_OBJECT_IOU) found.push({ a, b, rank: iou + (a.class === b.class ? 1 : 0) });
    }
  }
  found.sort((x, y) => y.rank - x.rank);
  for (const { a, b } of found) pair(a, b);
}

/** Index of the first box whose left edge is at `x` or right of it. */
function firstFrom(sorted: readonly Instance[], x: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle]?.box[0] ?? Infinity) < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

function changeOf(before: Instance, after: Instance | null): ObjectChange[] {
  if (!after) return [{ kinds: ['removed'], before, after: null, iou: null }];
  const moved = !still(before.box, after.box);
  const kinds: ChangeKind[] = [];
  if (before.class !== after.class) kinds.push('relabelled');
  if (moved) kinds.push('moved');
  // A box that moved takes its mask along; only a mask that came, went or changed within its box is a new shape.
  if (reshaped(before, after, moved)) kinds.push('reshaped');
  return kinds.length ? [{ kinds, before, after, iou: boxIou(before.box, after.box) }] : [];
}

function still(a: Box, b: Box): boolean {
  return a.every((value, i) => Math.abs(value - (b[i] ?? Number.NaN)) <= STILL);
}

function reshaped(before: Instance, after: Instance, moved: boolean): boolean {
  if (!before.mask || !after.mask) return Boolean(before.mask) !== Boolean(after.mask);
  return !moved && (before.mask.counts !== after.mask.counts || before.mask.size.some((side, i) => side !== after.mask?.size[i]));
}

/** Overlap of the two masks, where both sides have one of the same size; else null. */
export function shapeIou(change: ObjectChange): number | null {
  const [a, b] = [change.before?.mask, change.after?.mask];
  return a && b && a.size[0] === b.size[0] && a.size[1] === b.size[1] ? maskIou(a, b) : null;
}

/** How many objects changed in each way; one object may count under several. */
export function countChanges(changes: readonly ObjectChange[]): Record<ChangeKind, number> {
  const counts: Record<ChangeKind, number> = { added: 0, removed: 0, moved: 0, relabelled: 0, reshaped: 0 };
  for (const { kinds } of changes) for (const kind of kinds) counts[kind]++;
  return counts;
}
