/** What the next corrections can be expected to bring, and when to stop. Pure. */
import type { Expectation, LearningPoint } from '#core/api/report.ts';

/** A curve with three unknowns needs at least as many points; with fewer, anything fits. */
const LEAST_POINTS = 3;
export const NEXT_CORRECTIONS = 100;
/** mAP50-95 that a hundred corrections should bring to be worth their while: half a point. */
export const WORTH = 0.005;
/** Two runs on the same data differ by about so much; more where the points lie further from any curve. */
const LEAST_NOISE = 0.01;
/** Of the intervals: 80 %. */
const [LOW, HIGH] = [0.1, 0.9];
/** Exponents of power laws of learning curves lie around 0.1 to 1 (Hestness et al. 2017; Mahmood et al. 2022). */
const EXPONENTS = Array.from({ length: 30 }, (_, i) => 0.05 * 1.13 ** i);
const LIMITS = Array.from({ length: 100 }, (_, i) => (i + 1) / 100);
/** Beyond so many times the present pictures nothing is foretold. */
const FAR = 10;

/** One possible curve: map(n) = limit − scale · n^−exponent, with its probability. */
interface Curve { limit: number; scale: number; exponent: number; weight: number }

export interface Experience {
  points: readonly LearningPoint[];
  /** Pictures and corrections of the iteration, and seconds per correction: what a hundred corrections are. */
  images: number;
  corrections: number;
  secondsPerCorrection: number | null;
  ceiling: number | null;
  /** Standard error of a measured mAP, where it is known. */
  noise?: number | null;
}

export function expectationOf(experience: Experience): Expectation {
  const points = bestOfEach(experience.points);
  const { corrections, images, ceiling, secondsPerCorrection } = experience;
  const perCorrection = corrections > 0 ? images / corrections : null;
  const plain: Expectation = {
    verdict: 'too-few', points, nextImages: perCorrection === null ? null : perCorrection * NEXT_CORRECTIONS, nextSeconds: secondsPerCorrection === null ? null : secondsPerCorrection * NEXT_CORRECTIONS,
    gain: null, limit: null, until: null, worth: WORTH, ceiling, band: [],
  };
  const last = points.at(-1);
  if (points.length < LEAST_POINTS || !last) return plain;
  const curves = fit(points, experience.noise ?? 0);
  const band = bandOf(curves, points);
  const limit = interval(curves.map((c) => ({ value: c.limit, weight: c.weight })));
  if (perCorrection === null) return { ...plain, verdict: 'unsure', limit, band };
  const step = perCorrection * NEXT_CORRECTIONS;
  const gain = interval(curves.map((c) => ({ value: at(c, last.images + step) - at(c, last.images), weight: c.weight })));
  const until = untilStop(curves, last.images, step);
  return { ...plain, verdict: verdictOf(gain, last.map, ceiling), gain, limit, until, band };
}

function verdictOf(gain: { low: number; mid: number; high: number }, map: number, ceiling: number | null): Expectation['verdict'] {
  if (ceiling !== null && map >= ceiling) return 'stop';
  if (gain.high < WORTH) return 'stop';
  return gain.mid >= WORTH ? 'go-on' : 'unsure';
}

/** Several models of the same number of pictures tell of training, not of labels: the best one counts. */
function bestOfEach(points: readonly LearningPoint[]): LearningPoint[] {
  const best = new Map<number, LearningPoint>();
  for (const point of points) if (point.images > 0 && point.map > (best.get(point.images)?.map ?? -1)) best.set(point.images, point);
  return [...best.values()].toSorted((a, b) => a.images - b.images);
}

/**
 * All curves of a grid of limits and exponents, each with the scale that fits it best, weighted by how well it fits: exp(−error / 2σ²). σ is what the points'
 * own distance from the best curve says, never less than what a measurement is worth: three points always lie on some curve, and prove nothing by that.
 */
function fit(points: readonly LearningPoint[], noise: number): Curve[] {
  const all = EXPONENTS.flatMap((exponent) => LIMITS.map((limit) => {
    const scale = scaleOf(points, limit, exponent);
    return { limit, exponent, scale, error: points.reduce((sum, p) => sum + (p.map - (limit - scale * p.images ** -exponent)) ** 2, 0) };
  }));
  const least = Math.min(...all.map((c) => c.error));
  const sigma = Math.max(LEAST_NOISE, noise, Math.sqrt(least / Math.max(1, points.length - 2)));
  const weighted = all.map(({ error, ...c }) => ({ ...c, weight: Math.exp((least - error) / (2 * sigma * sigma)) }));
  const total = weighted.reduce((sum, c) => sum + c.weight, 0);
  return weighted.map((c) => ({ ...c, weight: c.weight / total }));
}

/** Least squares for the one unknown left; more labels never make it worse. */
function scaleOf(points: readonly LearningPoint[], limit: number, exponent: number): number {
  let [above, below] = [0, 0];
  for (const { images, map } of points) {
    const x = images ** -exponent;
    above += (limit - map) * x;
    below += x * x;
  }
  return Math.max(0, above / below);
}

function at({ limit, scale, exponent }: Curve, images: number): number {
  return limit - scale * images ** -exponent;
}

function interval(values: { value: number; weight: number }[]): { low: number; mid: number; high: number } {
  const sorted = values.toSorted((a, b) => a.value - b.value);
  const quantile = (share: number): number => {
    let sum = 0;
    for (const { value, weight } of sorted) if ((sum += weight) >= share) return value;
    return sorted.at(-1)?.value ?? 0;
  };
  return { low: quantile(LOW), mid: quantile(0.5), high: quantile(HIGH) };
}

/** Corrections from now until the next hundred bring less than WORTH; null = not even the near end is close enough to be told. */
function untilStop(curves: readonly Curve[], images: number, step: number): Expectation['until'] {
  const far = Math.max(1, Math.ceil((images * (FAR - 1)) / step));
  const counts = curves.map((c) => ({ value: NEXT_CORRECTIONS * stepsUntil(c, images, step, far), weight: c.weight }));
  const found = interval(counts);
  return found.mid >= far * NEXT_CORRECTIONS ? null : found;
}

/** The gain of one step falls with every step, so the first one below WORTH is found by halving. */
function stepsUntil(curve: Curve, images: number, step: number, far: number): number {
  const gain = (k: number): number => at(curve, images + (k + 1) * step) - at(curve, images + k * step);
  let [low, high] = [0, far];
  while (low < high) {
    const k = Math.floor((low + high) / 2);
    if (gain(k) < WORTH) high = k;
    else low = k + 1;
  }
  return low;
}

/** From the first point to half as many pictures again. */
function bandOf(curves: readonly Curve[], points: readonly LearningPoint[]): number[][] {
  const [first, last] = [points[0]?.images ?? 1, points.at(-1)?.images ?? 1];
  return Array.from({ length: 25 }, (_, i) => {
    const images = first + ((1.5 * last - first) * i) / 24;
    const { low, mid, high } = interval(curves.map((c) => ({ value: at(c, images), weight: c.weight })));
    return [images, low, mid, high].map((v) => Math.round(v * 1e5) / 1e5);
  });
}
