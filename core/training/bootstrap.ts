import type { Difference, Differences } from '#core/api/run.ts';
import { IOU_THRESHOLDS, type EvaluatedImage } from './evaluation.ts';
import { detectionsByClass, mean, precisionOf, PrecisionSweep, type Precision } from './metrics.ts';
import { generator } from './random.ts';

export interface Resampling { readonly resamples?: number; readonly seed?: number }

/** Of all differences of the classes together, so many per cent of the repetitions lie within their intervals; likewise for the overall one. */
export const LEVEL = 0.95;
/** Fewer pictures than this give no interval: that all of five agree happens by chance once in sixteen times. */
export const LEAST_IMAGES = 6;
export const RESAMPLES = 1000;

/**
 * Differences between two models on the same pictures, with confidence intervals by paired bootstrap over the pictures (Efron & Tibshirani 1993, ch. 13): the same
 * resample for both models, so that what both find hard cancels out. Percentiles are widened for small samples (Hesterberg 2015, "expanded percentile
 * interval"): by the quantile of Student's t with one less degree of freedom than there are pictures, times √(n/(n−1)). Classes share the error (Bonferroni).
 * Deterministic. `old` is put into the order of `fresh`; pictures that only one of them has are left out.
 */
export function pairedDifferences(old: readonly EvaluatedImage[], fresh: readonly EvaluatedImage[], { resamples = RESAMPLES, seed = 1 }: Resampling = {}): Differences {
  const [before, after] = pair(old, fresh);
  const n = after.length;
  const point = { old: precisionOf(before), fresh: precisionOf(after) };
  const classes = point.fresh.perClass;
  const samples = resample(before, after, resamples, seed);
  const level = 1 - (1 - LEVEL) / Math.max(1, classes.length);
  return {
    images: n, resamples,
    map: interval(gap(point, (p) => p.map), samples.map, n, LEVEL),
    map50: interval(gap(point, (p) => p.map50), samples.map50, n, LEVEL),
    perClass: classes.map((c, i) => {
      const [was, rows] = [point.old.perClass[i], samples.perClass[i]];
      return {
        classIndex: c.classIndex, images: c.images, instances: c.instances,
        map: interval(c.map - (was?.map ?? 0), rows?.map ?? new Float64Array(0), c.images, level),
        map50: interval(c.map50 - (was?.map50 ?? 0), rows?.map50 ?? new Float64Array(0), c.images, level),
      };
    }),
  };
}

/** Both in the same order and with the same labels: an older evaluation may lack nothing of them, but nothing depends on that. */
function pair(old: readonly EvaluatedImage[], fresh: readonly EvaluatedImage[]): readonly [EvaluatedImage[], EvaluatedImage[]] {
  const byId = new Map(old.map((image) => [image.image, image]));
  const common = fresh.filter((image) => byId.has(image.image));
  return [common.map((image) => ({ ...image, found: byId.get(image.image)?.found ?? [] })), common];
}

function gap(point: { old: Precision; fresh: Precision }, of: (p: Precision) => number | null): number {
  return (of(point.fresh) ?? 0) - (of(point.old) ?? 0);
}

interface Sampled { map: Float64Array; map50: Float64Array }
interface Samples extends Sampled { perClass: Sampled[] }

/** Differences in every resample; NaN where a resample has no label of the class. */
function resample(before: readonly EvaluatedImage[], after: readonly EvaluatedImage[], resamples: number, seed: number): Samples {
  const room = (): Sampled => ({ map: new Float64Array(resamples).fill(NaN), map50: new Float64Array(resamples).fill(NaN) });
  const sweeps = [before, after].map((images) => detectionsByClass(images).map((of) => new PrecisionSweep(of)));
  const result = { ...room(), perClass: (sweeps[1] ?? []).map(room) };
  const weights = new Float64Array(after.length);
  const [was, now] = [new Float64Array(IOU_THRESHOLDS.length), new Float64Array(IOU_THRESHOLDS.length)];
  const random = generator(seed);
  for (let r = 0; r < resamples; r++) {
    weights.fill(0);
    for (let i = 0; i < weights.length; i++) count(weights, Math.floor(random() * weights.length));
    let [sum, sum50, classes] = [0, 0, 0];
    for (const [c, rows] of result.perClass.entries()) {
      if (!sweeps[0]?.[c]?.into(was, weights) || !sweeps[1]?.[c]?.into(now, weights)) continue;
      sum += rows.map[r] = mean(now) - mean(was);
      sum50 += rows.map50[r] = (now[0] ?? 0) - (was[0] ?? 0);
      classes += 1;
    }
    if (classes > 0) [result.map[r], result.map50[r]] = [sum / classes, sum50 / classes];
  }
  return result;
}

function count(weights: Float64Array, at: number): void {
  weights[at] = (weights[at] ?? 0) + 1;
}

function interval(value: number, samples: Float64Array, images: number, level: number): Difference {
  const sorted = samples.filter((v) => !Number.isNaN(v)).sort();
  if (images < LEAST_IMAGES || sorted.length < 2) return { value, low: null, high: null };
  const z = normalQuantile((1 + level) / 2);
  const tail = normalTail(Math.sqrt(images / (images - 1)) * studentQuantile(z, images - 1));
  return { value, low: percentile(sorted, tail), high: percentile(sorted, 1 - tail) };
}

function percentile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const [floor, rest] = [Math.floor(at), at % 1];
  return (sorted[floor] ?? 0) * (1 - rest) + (sorted[Math.min(floor + 1, sorted.length - 1)] ?? 0) * rest;
}

/** Student's t from the normal quantile, for 5 degrees of freedom and more (Cornish–Fisher, Abramowitz & Stegun 26.7.5). */
function studentQuantile(z: number, df: number): number {
  const [z3, z5, z7] = [z ** 3, z ** 5, z ** 7];
  return z + (z3 + z) / (4 * df) + (5 * z5 + 16 * z3 + 3 * z) / (96 * df ** 2) + (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * df ** 3);
}

/** The upper tail of the normal distribution (Abramowitz & Stegun 7.1.26: error below 1.5e-7). */
function normalTail(z: number): number {
  const x = z / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  return 0.5 * t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * Math.exp(-x * x);
}

/** Upper quantiles of the normal distribution (Abramowitz & Stegun 26.2.23: error below 4.5e-4). */
function normalQuantile(p: number): number {
  const t = Math.sqrt(-2 * Math.log(1 - p));
  return t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t ** 3);
}
