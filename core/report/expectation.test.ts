import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectationOf, WORTH, type Experience } from './expectation.ts';

const law = (limit: number, scale: number, exponent: number) => (images: number) => ({ images, map: limit - scale * images ** -exponent, model: `model at ${images}` });
const base: Experience = { points: [], images: 50, corrections: 100, secondsPerCorrection: 6, ceiling: null };

describe('expectation', () => {
  it('needs three models, and says so', () => {
    const point = law(0.8, 2, 0.5);
    expect(expectationOf({ ...base, points: [point(50), point(100)] })).toMatchObject({ verdict: 'too-few', gain: null, until: null, nextImages: 50, nextSeconds: 600 });
    // Two runs on the same pictures are one point.
    expect(expectationOf({ ...base, points: [point(50), point(100), point(100)] }).verdict).toBe('too-few');
  });
  it('holds the true gain of a clean power law in its interval', () => {
    for (const [limit, scale, exponent] of [[0.8, 2, 0.5], [0.7, 1.5, 0.3], [0.95, 3, 0.6]] as const) {
      const point = law(limit, scale, exponent);
      const points = [40, 80, 120, 200, 300].map(point);
      const { gain } = expectationOf({ ...base, points });
      const truth = point(350).map - point(300).map;
      expect(gain?.low).toBeLessThanOrEqual(truth + 1e-3);
      expect(gain?.high).toBeGreaterThanOrEqual(truth - 1e-3);
    }
  });
  it('says go on while the curve is steep and stop when it is flat', () => {
    const steep = [20, 40, 60].map((n) => ({ images: n, map: 0.2 + n / 200, model: 'm' }));
    expect(expectationOf({ ...base, points: steep }).verdict).toBe('go-on');
    const flat = [200, 400, 600, 800, 1000, 1200].map((n) => ({ images: n, map: 0.71, model: 'm' }));
    const told = expectationOf({ ...base, points: flat });
    expect(told.verdict).toBe('stop');
    expect(told.gain?.high).toBeLessThan(WORTH);
    expect(told.until?.low).toBe(0);
  });
  it('stops where the model is as good as people are with each other', () => {
    const points = [20, 40, 60].map((n) => ({ images: n, map: 0.2 + n / 200, model: 'm' }));
    expect(expectationOf({ ...base, points, ceiling: 0.45 }).verdict).toBe('stop');
    expect(expectationOf({ ...base, points, ceiling: 0.9 }).verdict).toBe('go-on');
  });
  it('is less sure where measurements are', () => {
    const points = [40, 80, 160].map(law(0.8, 2, 0.5));
    const width = (noise: number): number => { const { gain } = expectationOf({ ...base, points, noise }); return (gain?.high ?? 0) - (gain?.low ?? 0); };
    expect(width(0.05)).toBeGreaterThan(width(0));
  });
  it('foretells nothing without corrections to go by', () => {
    const points = [40, 80, 160].map(law(0.8, 2, 0.5));
    expect(expectationOf({ ...base, points, images: 0, corrections: 0, secondsPerCorrection: null })).toMatchObject({ gain: null, nextImages: null, nextSeconds: null, verdict: 'unsure' });
  });
  it('never promises a loss, nor more than all, and keeps its intervals in order', () => {
    const points = fc.array(fc.record({ images: fc.integer({ min: 1, max: 5000 }), map: fc.double({ min: 0, max: 1, noNaN: true }), model: fc.constant('m') }), { minLength: 3, maxLength: 6 });
    fc.assert(fc.property(points, (list) => {
      const { gain, limit, until, band, verdict } = expectationOf({ ...base, points: list });
      if (verdict === 'too-few') return;
      for (const interval of [gain, limit, until]) if (interval) expect(interval.low <= interval.mid && interval.mid <= interval.high).toBe(true);
      expect(gain?.low).toBeGreaterThanOrEqual(0);
      expect(gain?.high).toBeLessThanOrEqual(1.2);
      expect(limit?.high).toBeLessThanOrEqual(1);
      for (const [, low = 0, mid = 0, high = 0] of band) expect(low <= mid && mid <= high).toBe(true);
    }), { numRuns: 40 });
  });
});
