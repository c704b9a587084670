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

/** One vertex list of a precision-recall curve, reused: allocating one per class and threshold is most of the time otherwise. */
interface Curve { recall: Float64Array; precision: Float64Array; length: number }

/** Computes average precisions, again and again, of the same class under different weights of the pictures. */
export class PrecisionSweep {
  readonly #of: ClassDetections;
  readonly #curves: readonly Curve[];
  readonly #positives: Float64Array;
  /** Weight of everything up to and including the last true positive of each threshold. */
  readonly #seen: Float64Array;

  constructor(of: ClassDetections) {
    this.#of = of;
    const most = 2 * of.hits.reduce((sum, bits) => sum + (bits === 0 ? 0 : 1), 0) + 3;
    this.#curves = IOU_THRESHOLDS.map(() => ({ recall: new Float64Array(most), precision: new Float64Array(most), length: 0 }));
    this.#positives = new Float64Array(IOU_THRESHOLDS.length);
    this.#seen = new Float64Array(IOU_THRESHOLDS.length);
  }

  /**
   * Average precision at each of IOU_THRESHOLDS into `out`, fractions 0..1: the area under the precision envelope by 101-point interpolation, as Ultralytics 8.4
   * computes it (`ap_per_class`, `compute_ap`: after the last true positive the curve falls to 0, so that a perfect model has 0.995).
   * `weights`: how often each picture counts. Returns false, with nothing in `out`, where the weighted pictures have no label of the class.
   */
  into(out: Float64Array, weights: Float64Array): boolean {
    const { truths, picture, hits } = this.#of;
    let total = 0;
    for (let i = 0; i < truths.length; i++) total += (truths[i] ?? 0) * (weights[i] ?? 0);
    if (total === 0) return false;
    this.#begin();
    let seen = 0;
    for (let k = 0; k < picture.length; k++) {
      const weight = weights[picture[k] ?? 0] ?? 0;
      const bits = hits[k] ?? 0;
      if (bits !== 0 && weight !== 0) this.#hit(bits, weight, seen, total);
      seen += weight;
    }
    for (const [j, curve] of this.#curves.entries()) out[j] = areaUnder(curve);
    return true;
  }

  #begin(): void {
    this.#positives.fill(0);
    this.#seen.fill(0);
    for (const curve of this.#curves) {
      curve.recall[0] = 0;
      curve.precision[0] = 1;
      curve.length = 1;
    }
  }

  #hit(bits: number, weight: number, before: number, total: number): void {
    for (let j = 0, bit = 1; j < this.#curves.length; j++, bit <<= 1) {
      const curve = this.#curves[j];
      if ((bits & bit) === 0 || curve === undefined) continue;
      const positives = this.#positives[j] ?? 0;
      // False positives in between: of all their points on the curve only the last one can matter.
      if (before > (this.#seen[j] ?? 0)) push(curve, positives / total, positives / before);
      push(curve, (positives + weight) / total, (positives + weight) / (before + weight));
      this.#positives[j] = positives + weight;
      this.#seen[j] = before + weight;
    }
  }
}

function push(curve: Curve, recall: number, precision: number): void {
  curve.recall[curve.length] = recall;
  curve.precision[curve.length] = precision;
  curve.length += 1;
}

/** From the end of the curve to its beginning: the envelope, numpy's `interp` at 0, 0.01 … 1, and the trapezoids, in one pass. */
function areaUnder({ recall, precision, length }: Curve): number {
  let sum = 0;
  let at = 100;
  // Behind the last true positive: precision 0 up to recall 1.
  const last = recall[length - 1] ?? 0;
  while (at >= 0 && at * 0.01 >= last) at -= 1;
  let [nextRecall, next] = [last, precision[length - 1] ?? 0];
  for (let v = length - 2; v >= 0 && at >= 0; v--) {
    const r = recall[v] ?? 0;
    const envelope = Math.max(next, precision[v] ?? 0);
    for (let x = at * 0.01; at >= 0 && x >= r; x = --at * 0.01) {
      sum += (at === 0 ? 0.5 : 1) * (envelope + ((next - envelope) / (nextRecall - r)) * (x - r));
    }
    [nextRecall, next] = [r, envelope];
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
