/** Labels that no detector can learn from, whatever a model says. Pure. */
import { boxArea, clip } from '#core/geometry/box.ts';
import { boxIou, maskIou } from '#core/geometry/iou.ts';
import { labelOf, type Finding, type Label, type Rules } from './finding.ts';
import { labelRank } from './rank.ts';

/**
 * Pixels of the shorter side at the training size. Augmentation halves a picture (Ultralytics' `scale` of 0.5) and then drops boxes of 2 pixels and less
 * (`box_candidates`), and half a cell of the finest grid (8 pixels) rarely holds the centre of one.
 */
export const FEW_PIXELS = 4;
/** Share of the picture from which on a box says nothing about a place. */
export const WHOLE_IMAGE = 0.95;
/** Of two labels of one class that overlap more, non-maximum suppression (Ultralytics' `iou`) leaves one: both can never be found. */
export const DOUBLE_IOU = 0.7;

type Facts = Pick<Rules, 'width' | 'height' | 'imgsz'>;

/** Labels in any order. A label may be small and a double at once. */
export function unlearnable(labels: readonly Label[], facts: Facts): Finding[] {
  return [...labels.flatMap((label) => fewPixels(label, facts)), ...labels.flatMap((label) => wholeImage(label, facts)), ...doubles(labels)];
}

/** The shorter side in pixels after the picture is letterboxed to the training size. */
export function sideInTraining({ box }: Pick<Label, 'box'>, { width, height, imgsz }: Facts): number {
  return (Math.min(box[2], box[3]) * imgsz) / Math.max(width, height, 1);
}

function fewPixels(label: Label, facts: Facts): Finding[] {
  const side = sideInTraining(label, facts);
  if (side >= FEW_PIXELS) return [];
  return [{ kind: 'fewPixels', labels: [labelOf(label)], seen: null, iou: null, side, rank: labelRank(1 - side / FEW_PIXELS) }];
}

function wholeImage(label: Label, size: Facts): Finding[] {
  const inside = clip(label.box, size);
  const share = inside === null ? 0 : boxArea(inside) / Math.max(1, size.width * size.height);
  if (share < WHOLE_IMAGE) return [];
  return [{ kind: 'wholeImage', labels: [labelOf(label)], seen: null, iou: null, side: null, rank: labelRank(share) }];
}

/** Pairs, the most alike first; of n labels in one place n − 1 pairs, so that deleting one of each settles it. */
function doubles(labels: readonly Label[]): Finding[] {
  const sorted = labels.toSorted((a, b) => a.box[0] - b.box[0] || (a.id < b.id ? -1 : 1));
  const pairs: { a: Label; b: Label; iou: number }[] = [];
  for (const [i, a] of sorted.entries()) {
    for (let j = i + 1; j < sorted.length; j++) {
      const b = sorted[j];
      // Sorted by their left edge: further right none can overlap.
      if (!b || b.box[0] >= a.box[0] + a.box[2]) break;
      const iou = a.class === b.class ? alike(a, b) : 0;
      if (iou > DOUBLE_IOU) pairs.push({ a, b, iou });
    }
  }
  pairs.sort((x, y) => y.iou - x.iou || (`${x.a.id} ${x.b.id}` < `${y.a.id} ${y.b.id}` ? -1 : 1));
  const group = new Map<string, string>();
  const root = (id: string): string => { const up = group.get(id); return up === undefined ? id : root(up); };
  return pairs.flatMap(({ a, b, iou }) => {
    const [one, other] = [root(a.id), root(b.id)];
    if (one === other) return [];
    group.set(other, one);
    return [{ kind: 'double' as const, labels: [labelOf(a), labelOf(b)], seen: null, iou, side: null, rank: labelRank(iou) }];
  });
}

/** Of the outlines where both have one of the same size: two thin things that cross share a box, not pixels. */
function alike(a: Label, b: Label): number {
  const boxes = boxIou(a.box, b.box);
  if (boxes <= DOUBLE_IOU || !a.mask || !b.mask || a.mask.size[0] !== b.mask.size[0] || a.mask.size[1] !== b.mask.size[1]) return boxes;
  try {
    return maskIou(a.mask, b.mask);
  } catch (error) {
    // A damaged outline says nothing, and must not stop the look at all other images; the boxes do say something.
    if (error instanceof RangeError) return boxes;
    throw error;
  }
}
