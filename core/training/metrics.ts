import { IOU_THRESHOLDS, type EvaluatedImage } from './evaluation.ts';

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

/** Computes average precisions, again and again, of the same class under different weights of the pictures. */
export class PrecisionSweep {
  readonly #of: ClassDetections;
  /** Positions of the detections that match at some threshold, in order; what comes after the last one changes nothing. */
  readonly #matches: Int32Array;
  /** Per threshold, which of `#matches` match there. */
  readonly #at: readonly Int32Array[];
  /** The picture of each match. */
  readonly #pictures: Int32Array;
  /** Weight of all detections before each match. */
  readonly #before: Float64Array;
  /** Vertices of one precision-recall curve, reused: allocating would be most of the time. */
  readonly #recall: Float64Array;
  readonly #precision: Float64Array;

  constructor(of: ClassDetections) {
    this.#of = of;
    this.#matches = Int32Array.from([...of.hits.keys()].filter((k) => of.hits[k] !== 0));
    this.#at = IOU_THRESHOLDS.map((_, j) => Int32Array.from([...this.#matches.keys()].filter((m) => ((of.hits[this.#matches[m] ?? 0] ?? 0) >> j) & 1)));
    this.#pictures = this.#matches.map((k) => of.picture[k] ?? 0);
    this.#before = new Float64Array(this.#matches.length);
    this.#recall = new Float64Array(2 * this.#matches.length + 1);
    this.#precision = new Float64Array(2 * this.#matches.length + 1);
  }

  /**
   * Average precision at each of IOU_THRESHOLDS into `out`, fractions 0..1: the area under the precision envelope by 101-point interpolation, as Ultralytics 8.4
   * computes it (`ap_per_class`, `compute_ap`: after the last true positive the curve falls to 0, so that a perfect model has 0.995).
   * `weights`: how often each picture counts. Returns false, with nothing in `out`, where the weighted pictures have no label of the class.
   */
  into(out: Float64Array, weights: Float64Array): boolean {
    const { truths } = this.#of;
    let total = 0;
    for (let i = 0; i < truths.length; i++) total += (truths[i] ?? 0) * (weights[i] ?? 0);
    if (total === 0) return false;
    this.#accumulate(weights);
    for (let j = 0; j < this.#at.length; j++) out[j] = areaUnder(this.#recall, this.#precision, this.#curve(j, weights, total));
    return true;
  }

  #accumulate(weights: Float64Array): void {
    const { picture } = this.#of;
    let seen = 0;
    let k = 0;
    for (let m = 0; m < this.#matches.length; m++) {
      for (const match = this.#matches[m] ?? 0; k < match; k++) seen += weights[picture[k] ?? 0] ?? 0;
      this.#before[m] = seen;
    }
  }

  /** Writes the vertices of one threshold's curve, false positives in between included, and returns how many there are. */
  #curve(j: number, weights: Float64Array, total: number): number {
    const at = this.#at[j] ?? new Int32Array(0);
    const before = this.#before;
    const recall = this.#recall;
    const precision = this.#precision;
    const pictures = this.#pictures;
    recall[0] = 0;
    precision[0] = 1;
    let length = 1;
    let positives = 0;
    let seen = 0;
    for (let i = 0; i < at.length; i++) {
      const m = at[i] ?? 0;
      const weight = weights[pictures[m] ?? 0] ?? 0;
      if (weight === 0) continue;
      const earlier = before[m] ?? 0;
      // Of all false positives since the last match only the last one can matter.
      if (earlier > seen) {
        recall[length] = positives / total;
        precision[length++] = positives / earlier;
      }
      positives += weight;
      seen = earlier + weight;
      recall[length] = positives / total;
      precision[length++] = positives / seen;
    }
    return length;
  }
}

/** From the end of the curve to its beginning: the envelope, numpy's `interp` at 0, 0.01 … 1, and the trapezoids, in one pass. */
function areaUnder(recall: Float64Array, precision: Float64Array, length: number): number {
  // Behind the last true positive: precision 0 up to recall 1.
  let nextRecall = recall[length - 1] ?? 0;
  let next = precision[length - 1] ?? 0;
  let at = Math.min(100, Math.ceil(nextRecall * 100) + 1);
  while (at >= 0 && at * 0.01 >= nextRecall) at -= 1;
  let sum = 0;
  for (let v = length - 2; v >= 0 && at >= 0; v--) {
    const r = recall[v] ?? 0;
    const envelope = Math.max(next, precision[v] ?? 0);
    while (at >= 0 && at * 0.01 >= r) {
      sum += (at === 0 ? 0.5 : 1) * (envelope + ((next - envelope) / (nextRecall - r)) * (at * 0.01 - r));
      at -= 1;
    }
    nextRecall = r;
    next = envelope;
  }
  return sum * 0.01;
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
