import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelMetrics } from '#core/api/model.ts';
import type { Difference, Differences } from '#core/api/run.ts';
import { decideGate, decideRun } from './gate.ts';

const metrics = (map: number | null, chip = map, hole = map): ModelMetrics => ({
  map, map50: map, boxMap: map, boxMap50: map, precision: null, recall: null, images: map === null ? 0 : 20,
  perClass: [{ classIndex: 0, name: 'Chip', map: chip, map50: chip, instances: 30 }, { classIndex: 1, name: 'Void', map: hole, map50: hole, instances: 90 }],
});
const about = (value: number, half: number | null): Difference => ({ value, low: half === null ? null : value - half, high: half === null ? null : value + half });
const differences = (all: Difference, chip = all, hole = all): Differences => ({
  images: 20, resamples: 1000, map: all, map50: all, perClass: [{ classIndex: 0, images: 12, instances: 30, map: chip, map50: chip }, { classIndex: 1, images: 18, instances: 90, map: hole, map50: hole }],
});
const decide = (all: Difference, chip = all, hole = all, margin = 0.01) => decideGate({ old: metrics(0.5), fresh: metrics(0.6), differences: differences(all, chip, hole), margin });

describe('the gate', () => {
  it('promotes what is better beyond chance, holds what is worse beyond chance and margin, and leaves the rest to a person', () => {
    expect(decide(about(0.1, 0.05))).toMatchObject({ decision: 'promote', reason: expect.stringContaining('changed by +10.0 points (+5.0 … +15.0, 20 pictures)') });
    expect(decide(about(-0.1, 0.05))).toMatchObject({ decision: 'hold', reason: expect.stringContaining('overall −10.0 (−15.0 … −5.0)') });
    expect(decide(about(0.02, 0.06))).toMatchObject({ decision: 'undecided', reason: expect.stringContaining('may be chance') });
    expect(decide(about(-0.02, 0.06)).decision).toBe('undecided');
  });
  it('takes a model that is surely no worse than the margin', () => {
    expect(decide(about(0, 0.009)).decision).toBe('promote');
    expect(decide(about(0, 0.011)).decision).toBe('undecided');
    expect(decide(about(0, 0.011), about(0, 0.02), about(0, 0.02), 0.03).decision, 'a wider margin').toBe('promote');
  });
  it('names the class that fell although the whole rose: held when sure, undecided when not', () => {
    expect(decide(about(0.05, 0.02), about(0.3, 0.05), about(-0.2, 0.05))).toMatchObject({ decision: 'hold', reason: 'Worse than the present model: Void −20.0 (−25.0 … −15.0).' });
    expect(decide(about(0.05, 0.02), about(0.1, 0.05), about(-0.05, 0.06))).toMatchObject({ decision: 'undecided', reason: expect.stringContaining('a class may have become worse: Void −5.0') });
    expect(decide(about(0.05, 0.02), about(0.1, 0.05), about(-0.5, null)), 'on too few pictures to be sure').toMatchObject({ decision: 'undecided' });
    expect(decide(about(0.05, 0.02), about(0.1, 0.05), about(-0.01, 0.06)).decision, 'by no more than the margin').toBe('promote');
  });
  it('proves nothing on a handful of pictures', () => {
    expect(decide(about(0.5, null))).toMatchObject({ decision: 'undecided', reason: expect.stringContaining('20 pictures only') });
  });
  it('takes the first model, and holds what could not be measured', () => {
    expect(decideGate({ old: null, fresh: metrics(0.1), differences: null, margin: 0.01 }).decision).toBe('first');
    expect(decideGate({ old: metrics(0.5), fresh: metrics(null), differences: null, margin: 0.01 }).decision).toBe('hold');
    expect(decideGate({ old: metrics(0.5), fresh: metrics(0.9), differences: null, margin: 0.01 }).decision, 'numbers alone').toBe('undecided');
  });
  it('holds what was not compared with the present model, however good it is', () => {
    const run = { old: metrics(0.2), fresh: metrics(0.9), differences: differences(about(0.7, 0.1)), margin: 0.01, comparedWith: 'm1', current: 'm1' };
    expect(decideRun(run)).toMatchObject({ decision: 'promote', comparedWith: 'm1' });
    expect(decideRun({ ...run, current: 'm2' })).toMatchObject({ decision: 'hold', reason: expect.stringContaining('Another model became current') });
    expect(decideRun({ ...run, old: null, differences: null })).toMatchObject({ decision: 'hold', reason: expect.stringContaining('ONNX only') });
    expect(decideRun({ ...run, old: null, differences: null, comparedWith: null, current: null }).decision).toBe('first');
    expect(decideRun({ ...run, old: null, differences: null, comparedWith: null }), 'promoted meanwhile').toMatchObject({ decision: 'hold' });
  });
  it('never promotes where anything was measured worse than the margin, nor holds where everything may be better', () => {
    const m = fc.double({ min: -0.5, max: 0.5, noNaN: true });
    const half = fc.option(fc.double({ min: 0, max: 0.3, noNaN: true }), { nil: null });
    fc.assert(fc.property(m, half, m, half, m, half, fc.double({ min: 0, max: 0.2, noNaN: true }), (a, ah, b, bh, c, ch, margin) => {
      const all = [about(a, ah), about(b, bh), about(c, ch)] as const;
      const { decision } = decide(all[0], all[1], all[2], margin);
      if (decision === 'promote') expect(Math.min(a, b, c)).toBeGreaterThanOrEqual(-margin - 1e-6);
      if (decision === 'hold') expect(Math.min(...all.map((d) => d.high ?? 1))).toBeLessThan(0);
    }));
  });
});
