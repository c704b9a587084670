import type { PictureResult } from '#core/api/evaluation.ts';
import type { Box } from '#core/geometry/box.ts';
import { boxIou } from '#core/geometry/iou.ts';
import { IOU_THRESHOLDS, type Detection, type EvaluatedImage } from './evaluation.ts';

export interface PictureDifference {
  readonly image: string;
  readonly labels: number;
  readonly old: PictureResult;
  readonly new: PictureResult;
}

/** All pictures that both models were measured on, the one that lost most first. Where they are alike, the more labels the earlier. */
export function differingPictures(old: readonly EvaluatedImage[], fresh: readonly EvaluatedImage[], threshold: number): PictureDifference[] {
  const before = new Map(old.map((image) => [image.image, image]));
  return fresh
    .flatMap((image) => {
      const former = before.get(image.image);
      if (!former) return [];
      return [{ image: image.image, labels: image.truths.length, old: resultOf(former.found, image, threshold), new: resultOf(image.found, image, threshold) }];
    })
    .sort((a, b) => gain(a) - gain(b) || b.labels - a.labels);
}

export const gain = ({ old, new: fresh }: Pick<PictureDifference, 'old' | 'new'>): number => fresh.f1 - old.f1;

/** The matches are the evaluation's own: there the surer finds choose first, so that leaving the unsure ones out changes nothing for the others. */
function resultOf(all: readonly Detection[], { truths }: EvaluatedImage, threshold: number): PictureResult {
  const found = all.filter((one) => one.score >= threshold);
  const f1 = IOU_THRESHOLDS.map((_, j) => {
    const right = found.reduce((sum, one) => sum + ((one.hits >> j) & 1), 0);
    return found.length + truths.length === 0 ? 1 : (2 * right) / (found.length + truths.length);
  });
  const right = found.filter((one) => (one.hits & 1) === 1);
  return {
    f1: f1.reduce((a, b) => a + b, 0) / f1.length, matched: right.length, missed: truths.length - right.length, false: found.length - right.length,
    found: found.map((one) => ({ class: one.class, score: one.score, box: one.box, right: (one.hits & 1) === 1 })),
    overlooked: without(truths, right),
  };
}

/** The evaluation does not say which label a find matched, only that it did: the one of its class that it covers best. */
function without(truths: EvaluatedImage['truths'], right: readonly Detection[]): { class: number; box: Box }[] {
  const left = [...truths];
  for (const one of right) {
    const [best] = left.map((truth, at) => ({ at, iou: truth.class === one.class ? boxIou(truth.box, one.box) : -1 })).sort((a, b) => b.iou - a.iou);
    if (best && best.iou >= 0) left.splice(best.at, 1);
  }
  return left;
}
