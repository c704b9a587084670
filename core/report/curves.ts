/** Precision-recall curves. Pure. */
import type { PrCurve } from '#core/api/report.ts';
import type { EvaluatedImage } from '#core/training/evaluation.ts';
import { detectionsByClass, mean, type ClassDetections, type MatchedBy } from '#core/training/metrics.ts';

/** Recall 0, 0.01 … 1. */
const STEPS = 101;

/**
 * One curve per labelled class at IoU 0.5, sampled as Ultralytics' average precision is (envelope, 101 points; behind the last true positive 0), and their mean
 * first. `ap` is the area under the curve by trapezoids: mAP50 of the class.
 */
export function curvesOf(images: readonly EvaluatedImage[], by: MatchedBy = 'hits'): PrCurve[] {
  const perClass = detectionsByClass(images, by).map((of) => curve(of.classIndex, sample(of)));
  if (perClass.length === 0) return [];
  const means = Array.from({ length: STEPS }, (_, i) => mean(perClass.map((c) => c.precision[i] ?? 0)));
  return [{ ...curve(null, means), ap: mean(perClass.map((c) => c.ap ?? 0)) }, ...perClass];
}

function curve(classIndex: number | null, precision: readonly number[]): PrCurve {
  const inner = precision.reduce((sum, p) => sum + p, 0) - ((precision[0] ?? 0) + (precision[STEPS - 1] ?? 0)) / 2;
  return { classIndex, ap: inner / (STEPS - 1), precision: precision.map((p) => Math.round(p * 1e4) / 1e4) };
}

function sample({ hits, truths }: ClassDetections): number[] {
  const total = truths.reduce((a, b) => a + b, 0);
  const [recall, precision] = [[0], [1]];
  let right = 0;
  for (const [i, bits] of hits.entries()) {
    if (bits & 1) right += 1;
    recall.push(right / total);
    precision.push(right / (i + 1));
  }
  // Precision that a higher recall still has is had here too.
  for (let i = precision.length - 2; i >= 0; i--) precision[i] = Math.max(precision[i] ?? 0, precision[i + 1] ?? 0);
  return Array.from({ length: STEPS }, (_, i) => interpolate(i / (STEPS - 1), recall, precision));
}

/** Linear between the points; of several at the same recall the last one before x counts. */
function interpolate(x: number, recall: readonly number[], precision: readonly number[]): number {
  if (x >= (recall.at(-1) ?? 0)) return 0;
  const next = recall.findIndex((r) => r > x);
  const [r0, r1] = [recall[next - 1] ?? 0, recall[next] ?? 1];
  const [p0, p1] = [precision[next - 1] ?? 0, precision[next] ?? 0];
  return p0 + ((p1 - p0) * (x - r0)) / (r1 - r0);
}
