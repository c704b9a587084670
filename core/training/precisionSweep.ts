import { IOU_THRESHOLDS } from './evaluation.ts';
import type { ClassDetections } from './metrics.ts';

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
