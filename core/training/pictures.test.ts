import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Detection, EvaluatedImage } from './evaluation.ts';
import { differingPictures, gain } from './pictures.ts';

const box = fc.tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 50 }), fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }));
const index = fc.integer({ min: 0, max: 2 });
const truths = fc.array(fc.record({ class: index, box }), { maxLength: 5 });
/** As an evaluator would: never more right ones of a class than there are labels of it. */
const finds = (labels: EvaluatedImage['truths']) => fc.array(fc.record({ class: index, box, score: fc.double({ min: 0, max: 1, noNaN: true }), bits: fc.integer({ min: 0, max: 1023 }) }), { maxLength: 8 }).map((list) => {
  const left = new Map([0, 1, 2].map((c) => [c, labels.filter((t) => t.class === c).length]));
  return list.map(({ bits, ...one }): Detection => {
    const free = left.get(one.class) ?? 0;
    if (free > 0 && bits > 0) left.set(one.class, free - 1);
    const hits = free > 0 ? bits : 0;
    return { ...one, hits, boxHits: hits };
  });
});
const pair = fc.uuid().chain((image) => truths.chain((labels) => fc.tuple(finds(labels), finds(labels)).map(([a, b]) => [{ image, truths: labels, found: a }, { image, truths: labels, found: b }] as const)));

it('counts every label and every find once, and turns round with old and new', () => {
  fc.assert(fc.property(fc.uniqueArray(pair, { maxLength: 6, selector: ([a]) => a.image }), fc.double({ min: 0, max: 1, noNaN: true }), (pairs, threshold) => {
    const [old, fresh] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
    const there = differingPictures(old, fresh, threshold);
    expect(there.map((p) => p.image).toSorted()).toEqual(old.map((p) => p.image).toSorted());
    for (const picture of there) {
      for (const side of [picture.old, picture.new]) {
        expect(side.matched + side.missed).toBe(picture.labels);
        expect(side.matched + side.false).toBe(side.found.length);
        expect(side.overlooked).toHaveLength(side.missed);
        expect(side.f1).toBeGreaterThanOrEqual(0);
        expect(side.f1).toBeLessThanOrEqual(1);
      }
    }
    expect(there.map(gain)).toEqual(there.map(gain).toSorted((a, b) => a - b));
    expect(differingPictures(fresh, old, threshold).map((p) => gain(p)).toSorted((a, b) => a - b)).toEqual(there.map((p) => 0 - gain(p)).toSorted((a, b) => a - b));
    expect(differingPictures(old, old, threshold).every((p) => gain(p) === 0)).toBe(true);
  }));
});

it('leaves out the label that a find covers best, not another of its class', () => {
  const labels = [{ class: 0, box: [0, 0, 10, 10] as const }, { class: 0, box: [40, 40, 10, 10] as const }, { class: 1, box: [40, 40, 10, 10] as const }];
  const [picture] = differingPictures([{ image: 'a', truths: labels, found: [] }], [{ image: 'a', truths: labels, found: [{ class: 0, score: 0.9, box: [41, 41, 9, 9], hits: 7, boxHits: 7 }] }], 0.25);
  expect(picture?.new.overlooked).toEqual([labels[0], labels[2]]);
});
