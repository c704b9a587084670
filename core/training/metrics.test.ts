import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EvaluatedImage, IOU_THRESHOLDS } from './evaluation.ts';
import { detectionsByClass, precisionOf, PrecisionSweep } from './metrics.ts';

const Fixture = Type.Object({ images: Type.Array(EvaluatedImage), expected: Type.Array(Type.Object({ class: Type.Integer(), ap: Type.Array(Type.Number()) })) });
const { images, expected } = Value.Parse(Fixture, JSON.parse(await readFile(join(import.meta.dirname, 'fixtures', 'ap.json'), 'utf8')));
const picture = (image: string, truths: number, ...found: [score: number, hits: number][]): EvaluatedImage => ({
  image, truths: Array.from({ length: truths }, () => ({ class: 0, box: [0, 0, 4, 4] as const })), found: found.map(([score, hits]) => ({ class: 0, score, box: [0, 0, 4, 4], hits, boxHits: 0 })),
});

describe('average precision', () => {
  it('is Ultralytics’ own, class by class and threshold by threshold', () => {
    const ones = new Float64Array(images.length).fill(1);
    const out = new Float64Array(IOU_THRESHOLDS.length);
    const ours = detectionsByClass(images).map((of) => {
      expect(new PrecisionSweep(of).into(out, ones)).toBe(true);
      return { class: of.classIndex, ap: [...out] };
    });
    expect(ours.map((c) => c.class)).toEqual(expected.map((c) => c.class));
    for (const [i, { ap }] of expected.entries()) for (const [j, value] of ap.entries()) expect(ours[i]?.ap[j]).toBeCloseTo(value, 5);
  });

  it('is 0.995 for a perfect model, 0 for one that finds nothing, and none without labels', () => {
    expect(precisionOf([picture('a', 2, [0.9, 1023], [0.8, 1023])]).map).toBeCloseTo(0.995, 6);
    expect(precisionOf([picture('a', 2)])).toMatchObject({ map: 0, map50: 0, perClass: [{ classIndex: 0, instances: 2, images: 1 }] });
    expect(precisionOf([picture('a', 0, [0.9, 0])])).toEqual({ map: null, map50: null, perClass: [] });
    expect(precisionOf([picture('a', 1, [0.9, 1023])], 'boxHits').map, 'by boxes nothing matched').toBe(0);
  });

  it('counts a picture twice as two copies of it would', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: images.length, maxLength: images.length });
    fc.assert(fc.property(weights, (times) => {
      const copies = images.flatMap((image, i) => Array.from({ length: times[i] ?? 0 }, (_, n) => ({ ...image, image: `${image.image}-${n}` })));
      const [out, ones] = [new Float64Array(IOU_THRESHOLDS.length), new Float64Array(copies.length).fill(1)];
      const weighted = new Map(detectionsByClass(images).flatMap((of) => (new PrecisionSweep(of).into(out, Float64Array.from(times)) ? [[of.classIndex, [...out]]] : [])));
      for (const of of detectionsByClass(copies)) {
        new PrecisionSweep(of).into(out, ones);
        // Copies are told one by one and a weight at once: between their points the curve is a straight line here and nearly one there.
        for (const [j, value] of out.entries()) expect(Math.abs(value - (weighted.get(of.classIndex)?.[j] ?? NaN))).toBeLessThan(0.03);
      }
    }), { numRuns: 50 });
  });
});
