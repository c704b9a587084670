/** Curves of one set, seed and strategy: what the model is worth that people have, over what they have done. */
import { ROUNDS, STRATEGIES, type SetName, type StrategyName } from './plan.ts';
import type { Result } from './results.ts';

export type Point = readonly [x: number, y: number];
export type Over = 'images' | 'clicks';

/** From the first model on, as many rounds as were played without a gap. null = not one was. */
export function curve(results: readonly Result[], set: SetName, seed: number, strategy: StrategyName, over: Over): Point[] | null {
  const own = results.filter((r) => r.set === set && r.seed === seed);
  const start = own.find((r) => r.mode === 'start');
  if (!start) return null;
  const points: Point[] = [[0, start.standing50]];
  let clicks = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    const result = own.find((r) => r.mode === 'incremental' && r.strategy === strategy && r.round === round);
    if (!result) break;
    clicks += result.clicks;
    points.push([over === 'images' ? result.corrected : clicks, result.standing50]);
  }
  return points.length > 1 ? points : null;
}

/** Seed → its curve, of those that have one. */
export function curves(results: readonly Result[], set: SetName, strategy: StrategyName, over: Over): Map<number, Point[]> {
  const seeds = [...new Set(results.map((r) => r.seed))].toSorted((a, b) => a - b);
  return new Map(seeds.flatMap((seed): [number, Point[]][] => { const found = curve(results, set, seed, strategy, over); return found ? [[seed, found]] : []; }));
}

/** Between its points a curve is straight. x within the curve. */
export function at(points: readonly Point[], x: number): number {
  const right = points.findIndex(([px]) => px >= x);
  const [a, b] = [points[Math.max(0, right - 1)], points[right] ?? points.at(-1)];
  if (!a || !b) return Number.NaN;
  return a[0] === b[0] ? b[1] : a[1] + ((b[1] - a[1]) * (Math.min(x, b[0]) - a[0])) / (b[0] - a[0]);
}

export const reach = (points: readonly Point[]): number => points.at(-1)?.[0] ?? 0;

/** The area under a curve from 0 to `end`, divided by `end`: its mean height. */
export function meanHeight(points: readonly Point[], end: number): number {
  const inside = [...points.filter(([x]) => x < end), [end, at(points, end)] as const];
  let area = 0;
  for (const [i, [x, y]] of inside.entries()) {
    const former = inside[i - 1];
    if (former) area += ((y + former[1]) / 2) * (x - former[0]);
  }
  return end === 0 ? Number.NaN : area / end;
}

/** Areas of all strategies of one set and seed up to where the shortest of them ends: over other lengths they could not be compared. */
export function areas(results: readonly Result[], set: SetName, seed: number, over: Over, among: readonly StrategyName[] = STRATEGIES): Map<StrategyName, number> {
  const found = among.flatMap((strategy): [StrategyName, Point[]][] => { const one = curve(results, set, seed, strategy, over); return one ? [[strategy, one]] : []; });
  const end = Math.min(...found.map(([, points]) => reach(points)));
  return new Map(found.map(([strategy, points]) => [strategy, meanHeight(points, end)]));
}

export const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Standard deviation of a sample; NaN of fewer than two. */
export function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return values.length < 2 ? Number.NaN : Math.sqrt(values.reduce((sum, v) => sum + (v - middle) ** 2, 0) / (values.length - 1));
}
