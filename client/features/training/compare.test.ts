import { expect, it } from 'vitest';
import type { GateResult } from '#core/api/run.ts';
import { compareRows } from './compare.ts';

const metrics = (map: number, perClass: [number, number | null][]) => ({
  map, map50: null, boxMap: null, boxMap50: null, precision: null, recall: null, images: 120,
  perClass: perClass.map(([classIndex, m]) => ({ classIndex, name: `c${classIndex}`, map: m, map50: null, instances: 5 })),
});

it('lays old beside new by class, and calls a fall beyond the margin bad', () => {
  const gate: GateResult = { decision: 'hold', reason: '', margin: 0.01, old: metrics(0.6, [[0, 0.7], [2, 0.5]]), new: metrics(0.62, [[0, 0.66], [1, 0.3], [2, 0.495]]) };
  const rows = compareRows(gate);
  expect(rows.map((r) => [r.key, r.tone])).toEqual([['0', 'bad'], ['1', 'dim'], ['2', 'dim'], ['all', 'ok']]);
  expect(rows[0]?.difference).toBeCloseTo(-0.04);
  expect(rows[1]?.old).toBeNull();
  expect(compareRows({ ...gate, old: null }).every((r) => r.difference === null)).toBe(true);
});
