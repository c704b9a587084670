import { expect, it } from 'vitest';
import type { Difference, EpochPoint, GateResult } from '#core/api/run.ts';
import { compareRows, presentRows, scaleOf } from './compare.ts';

const metrics = (map: number, perClass: [number, number | null][]) => ({
  map, map50: null, boxMap: null, boxMap50: null, precision: null, recall: null, images: 120,
  perClass: perClass.map(([classIndex, m]) => ({ classIndex, name: `c${classIndex}`, map: m, map50: null, instances: 5 })),
});
const gate: GateResult = { decision: 'hold', reason: '', margin: 0.01, old: metrics(0.6, [[0, 0.7], [2, 0.5]]), new: metrics(0.62, [[0, 0.66], [1, 0.3], [2, 0.495]]) };
const between = (value: number, low: number | null, high: number | null): Difference => ({ value, low, high });

it('lays old beside new by class, and calls a fall beyond the margin bad', () => {
  const rows = compareRows(gate);
  expect(rows.map((r) => [r.key, r.tone])).toEqual([['0', 'bad'], ['1', 'dim'], ['2', 'dim'], ['all', 'ok']]);
  expect(rows[0]?.difference).toBeCloseTo(-0.04);
  expect(rows[1]?.old).toBeNull();
  expect(compareRows({ ...gate, old: null }).every((r) => r.difference === null)).toBe(true);
});

it('says good and bad only where the interval says so', () => {
  const of = (classIndex: number, map: Difference) => ({ classIndex, images: 9, instances: 9, map, map50: map });
  const with_ = (first: Difference, all: Difference) => compareRows({ ...gate, differences: { images: 20, resamples: 1000, map: all, map50: all, perClass: [of(0, first), of(2, between(-0.005, -0.02, 0.01))] } });
  expect(with_(between(-0.04, -0.06, -0.02), between(0.02, 0.01, 0.03)).map((r) => r.tone)).toEqual(['bad', 'dim', 'dim', 'ok']);
  const unsure = with_(between(-0.04, -0.1, 0.02), between(0.02, -0.01, 0.05));
  expect(unsure.map((r) => r.tone)).toEqual(['warn', 'dim', 'dim', 'dim']);
  expect(unsure[0]?.range).toEqual([-0.1, 0.02]);
  expect(scaleOf(unsure)).toBe(0.1);
  expect(with_(between(-0.04, null, null), between(0.02, null, null)).map((r) => [r.tone, r.range])).toEqual([['warn', null], ['dim', null], ['dim', [-0.02, 0.01]], ['dim', null]]);
});

it('shows what the run has come to so far beside the present model, and alone where there is none', () => {
  const point: EpochPoint = { epoch: 3, losses: {}, map50: null, map: 0.4, seconds: 1, imagesPerSecond: null, best: true, perClass: [{ index: 0, map: 0.5, map50: 0.7 }] };
  expect(presentRows(metrics(0.6, [[0, 0.7], [1, 0.5]]), point, String).map((r) => [r.name, r.old, r.now])).toEqual([['c0', 0.7, 0.5], ['c1', 0.5, null], ['all', 0.6, 0.4]]);
  expect(presentRows(null, point, (index) => `class ${index}`).map((r) => [r.name, r.old, r.now])).toEqual([['class 0', null, 0.5], ['all', null, 0.4]]);
  expect(presentRows(null, null, String)).toEqual([]);
});
