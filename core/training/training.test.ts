import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelMetrics } from '#core/api/model.ts';
import { decideGate, decideRun } from './gate.ts';
import { fillConfig, presetConfig } from './presets.ts';
import { secondsLeft } from './timeLeft.ts';

const metrics = (map: number | null, chip = map, hole = map): ModelMetrics => ({
  map, map50: map, boxMap: map, boxMap50: map, precision: null, recall: null, images: map === null ? 0 : 20,
  perClass: [{ classIndex: 0, name: 'Chip', map: chip, map50: chip, instances: 30 }, { classIndex: 1, name: 'Void', map: hole, map50: hole, instances: 90 }],
});

describe('the gate', () => {
  it('holds what was not compared with the present model, however good it is', () => {
    const run = { old: metrics(0.2), fresh: metrics(0.9), margin: 0.01, comparedWith: 'm1', current: 'm1' };
    expect(decideRun(run).decision).toBe('promote');
    expect(decideRun({ ...run, current: 'm2' })).toMatchObject({ decision: 'hold', reason: expect.stringContaining('Another model became current') });
    expect(decideRun({ ...run, old: null })).toMatchObject({ decision: 'hold', reason: expect.stringContaining('ONNX only') });
    expect(decideRun({ ...run, old: null, comparedWith: null, current: null }).decision).toBe('first');
    expect(decideRun({ ...run, old: null, comparedWith: null }), 'promoted meanwhile').toMatchObject({ decision: 'hold' });
  });
  it('promotes what is better, holds what is worse, and takes the first', () => {
    expect(decideGate(metrics(0.5), metrics(0.6), 0.01).decision).toBe('promote');
    expect(decideGate(metrics(0.6), metrics(0.5), 0.01).decision).toBe('hold');
    expect(decideGate(null, metrics(0.1), 0.01).decision).toBe('first');
    expect(decideGate(metrics(0.5), metrics(null), 0.01).decision).toBe('hold');
  });
  it('names the class that fell although the mean rose', () => {
    const result = decideGate(metrics(0.5, 0.5, 0.5), metrics(0.6, 0.9, 0.3), 0.02);
    expect(result).toMatchObject({ decision: 'hold', reason: 'Worse than the present model: Void −20.0.' });
  });
  it('never promotes a model of which a class fell by more than the margin', () => {
    const m = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(fc.property(m, m, m, m, fc.double({ min: 0, max: 0.5, noNaN: true }), (a, b, c, d, margin) => {
      const result = decideGate(metrics((a + b) / 2, a, b), metrics((c + d) / 2, c, d), margin);
      if (result.decision === 'promote') expect(Math.max(a - c, b - d)).toBeLessThanOrEqual(margin + 1e-6);
    }));
  });
});

describe('presets', () => {
  const about = { hasBase: true, gpu: false, images: 60, inputSize: 320, freshWeight: 2 };
  it('keep the base model’s input size and what a person set', () => {
    expect(fillConfig({ preset: 'quick', epochs: 3 }, about)).toMatchObject({ epochs: 3, imgsz: 320, lr0: 0.003, freshWeight: 2 });
  });
  it('shorten a run on a large set without a GPU, and only there', () => {
    expect(presetConfig('quick', { ...about, images: 5000 }).epochs).toBe(10);
    expect(presetConfig('quick', { ...about, images: 5000, gpu: true }).epochs).toBe(33);
  });
});

describe('time left', () => {
  it('is unknown before the first epoch and falls to nothing at the end', () => {
    expect(secondsLeft([], 10, 0)).toBeNull();
    expect(secondsLeft([30, 10, 10], 10, 0)).toBe(70);
    expect(secondsLeft([30, 10, 10], 10, 0.5)).toBe(65);
    expect(secondsLeft([10, 10], 2, 0)).toBe(0);
  });
});
