import { IOU_THRESHOLDS, type EvaluatedImage } from './evaluation.ts';
import { PrecisionSweep } from './precisionSweep.ts';

/** Which matches count: those by masks where the task has them (`hits`), or those by boxes. */
export type MatchedBy = 'hits' | 'boxHits';

/** Everything that was found of one class, over all pictures, best first, as columns. */
export interface ClassDetections {
  readonly classIndex: number;
  /** Position of the picture of each detection. */
  readonly picture: Int32Array;
  /** Bit i: true positive at IOU_THRESHOLDS[i]. */
  readonly hits: Uint16Array;
  readonly scores: Float64Array;
  /** Labels of the class, per picture. */
  readonly truths: Float64Array;
}

/** Classes with at least one label, by index: only they have an average precision. */
export function detectionsByClass(images: readonly EvaluatedImage[], by: MatchedBy = 'hits'): ClassDetections[] {
  const truths = new Map<number, Float64Array>();
  for (const [at, image] of images.entries()) {
    for (const truth of image.truths) {
      const counts = truths.get(truth.class) ?? new Float64Array(images.length);
      counts[at] = (counts[at] ?? 0) + 1;
      truths.set(truth.class, counts);
    }
  }
  const found = new Map<number, { score: number; picture: number; hits: number }[]>([...truths.keys()].map((index) => [index, []]));
  for (const [picture, image] of images.entries()) for (const one of image.found) found.get(one.class)?.push({ score: one.score, picture, hits: one[by] });
  return [...truths].sort(([a], [b]) => a - b).map(([classIndex, counts]) => {
    const rows = (found.get(classIndex) ?? []).sort((a, b) => b.score - a.score);
    return { classIndex, truths: counts, picture: Int32Array.from(rows, (r) => r.picture), hits: Uint16Array.from(rows, (r) => r.hits), scores: Float64Array.from(rows, (r) => r.score) };
  });
}

export interface ClassPrecision {
  readonly classIndex: number;
  readonly instances: number;
  /** Pictures with a label of the class. */
  readonly images: number;
  /** mAP50-95 and mAP50 of this class, fractions. */
  readonly map: number;
  readonly map50: number;
}
export interface Precision {
  /** Means over the classes with labels; null where nothing is labelled. */
  readonly map: number | null;
  readonly map50: number | null;
  readonly perClass: readonly ClassPrecision[];
}

/** mAP of what one model found: the same figures as the trainer's own evaluation (to about 1e-4: it rounds its curves elsewhere). */
export function precisionOf(images: readonly EvaluatedImage[], by: MatchedBy = 'hits'): Precision {
  const ones = new Float64Array(images.length).fill(1);
  const out = new Float64Array(IOU_THRESHOLDS.length);
  const perClass = detectionsByClass(images, by).map((of) => {
    new PrecisionSweep(of).into(out, ones);
    return { classIndex: of.classIndex, instances: of.truths.reduce((a, b) => a + b, 0), images: of.truths.reduce((n, t) => n + (t > 0 ? 1 : 0), 0), map: mean(out), map50: out[0] ?? 0 };
  });
  return { map: perClass.length ? mean(perClass.map((c) => c.map)) : null, map50: perClass.length ? mean(perClass.map((c) => c.map50)) : null, perClass };
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return sum / values.length;
}
