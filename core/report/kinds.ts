/** What is wrong with what a model finds on labelled pictures, by kind. Pure. */
import type { ErrorKinds } from '#core/api/project.ts';
import { boxIou } from '#core/geometry/iou.ts';
import type { Detection, EvaluatedImage } from '#core/training/evaluation.ts';
import { shownOf } from './confusion.ts';

/** From here on a box is in its place; below it and above NEAR it means an object but is badly placed. */
export const PLACED_IOU = 0.5;
const NEAR_IOU = 0.1;

export const KINDS = ['missed', 'false', 'wrongClass', 'badlyPlaced', 'duplicate'] as const;
export type Kind = (typeof KINDS)[number];
/** What became of one detection, and the object that it means (−1 = none). */
interface Judged {
  detection: Detection;
  kind: Exclude<Kind, 'missed'> | 'right';
  truth: number;
}

/**
 * Judges the detections of one picture (score > 0.25, best first, by boxes) as TIDE does (Bolya et al. 2020, thresholds 0.5 and 0.1): right; a duplicate of what
 * is found already; an object of another class; the right class badly placed; else false. What no detection of these kinds means is missed.
 * An object of which only a worse placed or wrongly named box tells is not missed as well: one act of a person puts it right.
 */
export function judgePicture(image: EvaluatedImage): { judged: Judged[]; missed: number[] } {
  const taken = new Set<number>();
  const meant = new Set<number>();
  const judged: Judged[] = [];
  const rest: Detection[] = [];
  for (const detection of shownOf(image)) {
    const truth = nearest(detection, image, PLACED_IOU, (i, same) => same && !taken.has(i));
    if (truth === -1) rest.push(detection);
    else {
      taken.add(truth);
      judged.push({ detection, kind: 'right', truth });
    }
  }
  // What is right is known only now: a duplicate may well score higher than a wrong class beside it.
  for (const detection of rest) {
    const found = judgeRest(detection, image, taken, meant);
    if (found.kind === 'wrongClass' || found.kind === 'badlyPlaced') meant.add(found.truth);
    judged.push(found);
  }
  return { judged, missed: image.truths.flatMap((_, i) => (taken.has(i) || meant.has(i) ? [] : [i])) };
}

function judgeRest(detection: Detection, image: EvaluatedImage, taken: ReadonlySet<number>, meant: ReadonlySet<number>): Judged {
  const free = (i: number): boolean => !taken.has(i) && !meant.has(i);
  const other = nearest(detection, image, PLACED_IOU, (i, same) => !same && free(i));
  if (other !== -1) return { detection, kind: 'wrongClass', truth: other };
  const near = nearest(detection, image, NEAR_IOU, (i, same) => same && free(i));
  if (near !== -1) return { detection, kind: 'badlyPlaced', truth: near };
  const twice = nearest(detection, image, PLACED_IOU, (_, same) => same);
  if (twice !== -1) return { detection, kind: 'duplicate', truth: twice };
  return { detection, kind: 'false', truth: -1 };
}

function nearest(detection: Detection, { truths }: EvaluatedImage, least: number, fits: (index: number, same: boolean) => boolean): number {
  let [best, at] = [0, -1];
  for (const [i, truth] of truths.entries()) {
    if (!fits(i, truth.class === detection.class)) continue;
    const iou = boxIou(truth.box, detection.box);
    if (iou >= least && iou > best) [best, at] = [iou, i];
  }
  return at;
}

/** Counts per class: false, duplicate and wrong class by the class that was found, the others by the class that is labelled. `total`: what was found and what was missed. */
export function kindsOf(images: readonly EvaluatedImage[]): ErrorKinds[] {
  const rows = new Map<number, ErrorKinds>();
  const row = (classIndex: number): ErrorKinds => {
    const found = rows.get(classIndex) ?? { classIndex, missed: 0, false: 0, wrongClass: 0, badlyPlaced: 0, duplicate: 0, total: 0 };
    rows.set(classIndex, found);
    return found;
  };
  for (const image of images) {
    const { judged, missed } = judgePicture(image);
    for (const { detection, kind } of judged) {
      const own = row(detection.class);
      own.total += 1;
      if (kind !== 'right') own[kind] += 1;
    }
    for (const i of missed) {
      const own = row(image.truths[i]?.class ?? 0);
      own.total += 1;
      own.missed += 1;
    }
  }
  return [...rows.values()].toSorted((a, b) => a.classIndex - b.classIndex);
}

/** F1 of one picture: 2 · right / (labelled + found); an empty picture in which nothing is found is right. */
export function pictureScore(image: EvaluatedImage): number {
  const { judged } = judgePicture(image);
  const all = image.truths.length + judged.length;
  return all === 0 ? 1 : (2 * judged.filter((j) => j.kind === 'right').length) / all;
}
