import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LEAST_IMAGES, pairedDifferences } from './bootstrap.ts';
import type { EvaluatedImage } from './evaluation.ts';
import { precisionOf } from './metrics.ts';
import { generator } from './random.ts';

const box = [0, 0, 4, 4] as const;
/** Two objects of class 0 and, in every third picture, one of class 1; each found (or not) as the numbers say. */
const pictures = (n: number, found: (picture: number, object: number) => number): EvaluatedImage[] => Array.from({ length: n }, (_, i) => {
  const classes = i % 3 === 0 ? [0, 0, 1] : [0, 0];
  return {
    image: `p${i}`, truths: classes.map((index) => ({ class: index, box })),
    found: classes.map((index, k) => ({ class: index, score: 0.5 + ((i * 7 + k * 3) % 50) / 101, box, hits: found(i, k), boxHits: 0 })),
  };
});
const good = (): number => 1023;
const half = (i: number, k: number): number => ((i + k) % 2 === 0 ? 1023 : 0);

describe('the paired bootstrap', () => {
  it('gives the difference of the two, and an interval around it', () => {
    const [old, fresh] = [pictures(40, half), pictures(40, good)];
    const { map, perClass, images } = pairedDifferences(old, fresh);
    expect(images).toBe(40);
    expect(map.value).toBeCloseTo((precisionOf(fresh).map ?? 0) - (precisionOf(old).map ?? 0), 12);
    expect(map.low).toBeLessThan(map.value);
    expect(map.high).toBeGreaterThan(map.value);
    expect(map.low, 'far from zero').toBeGreaterThan(0.1);
    expect(perClass.map((c) => [c.classIndex, c.images, c.instances])).toEqual([[0, 40, 80], [1, 14, 14]]);
  });
  it('gives the same for the same, and the opposite for the opposite', () => {
    const [old, fresh] = [pictures(30, half), pictures(30, good)];
    const one = pairedDifferences(old, fresh);
    expect(pairedDifferences(old, [...fresh])).toEqual(one);
    const back = pairedDifferences(fresh, old);
    expect(back.map.value).toBeCloseTo(-one.map.value, 12);
    expect(back.map.low).toBeCloseTo(-(one.map.high ?? NaN), 9);
  });
  it('finds no difference between a model and itself, on however few pictures', () => {
    fc.assert(fc.property(fc.integer({ min: LEAST_IMAGES, max: 25 }), (n) => {
      expect(pairedDifferences(pictures(n, half), pictures(n, half), { resamples: 50 }).map).toEqual({ value: 0, low: 0, high: 0 });
    }), { numRuns: 10 });
  });
  it('gives no interval below the least number of pictures, for the whole and for each class', () => {
    expect(pairedDifferences(pictures(LEAST_IMAGES - 1, half), pictures(LEAST_IMAGES - 1, good)).map).toMatchObject({ low: null, high: null });
    const { map, perClass } = pairedDifferences(pictures(10, half), pictures(10, good));
    expect(map.low).not.toBeNull();
    expect(perClass[1], 'four pictures have it').toMatchObject({ images: 4, map: { low: null, high: null } });
  });
  it('narrows with more pictures', () => {
    const width = (n: number): number => { const { map } = pairedDifferences(pictures(n, half), pictures(n, (i, k) => (i % 4 === 0 ? half(i, k) : 1023))); return (map.high ?? 0) - (map.low ?? 0); };
    expect(width(160)).toBeLessThan(width(40) * 0.7);
  });
  it('pairs by picture, not by position, and leaves out what only one has', () => {
    const [old, fresh] = [pictures(20, half), pictures(20, good)];
    expect(pairedDifferences([...old].reverse(), fresh)).toEqual(pairedDifferences(old, fresh));
    expect(pairedDifferences(old.slice(0, 12), fresh)).toEqual(pairedDifferences(old.slice(0, 12), fresh.slice(0, 12)));
  });
  it('covers the truth about as often as it says, also on twenty pictures', () => {
    // Coins: the new model finds a picture's object with chance 0.8, the old one with 0.6; precision is 1, so that the difference of AP follows the recalls.
    const random = generator(11);
    const model = (n: number, chance: number): EvaluatedImage[] => Array.from({ length: n }, (_, i) => ({ image: `p${i}`, truths: [{ class: 0, box }], found: random() < chance ? [{ class: 0, score: 0.9 - i / 1000, box, hits: 1023, boxHits: 0 }] : [] }));
    let covered = 0;
    for (let trial = 0; trial < 250; trial++) {
      const { map } = pairedDifferences(model(20, 0.6), model(20, 0.8), { resamples: 200, seed: trial });
      if ((map.low ?? 0) <= 0.2 && 0.2 <= (map.high ?? 0)) covered += 1;
    }
    expect(covered / 250).toBeGreaterThan(0.9);
  });
});
