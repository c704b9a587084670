import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Box } from '#core/geometry/box.ts';
import { boxIou } from '#core/geometry/iou.ts';
import { encode } from '#core/geometry/rle.ts';
import { addUp, agreementOf, ceilingOf, compareImage, kappaOf, likeness, NOTHING, perClass, swapped } from './agreement.ts';
import { matchInstances, SAME_IOU, type Compared } from './match.ts';
import { isOverlapped, lotOf } from './overlap.ts';

const at = (x: number, classIndex = 0, side = 10): Compared => ({ class: classIndex, box: [x, 0, side, side] });
const box = fc.tuple(fc.nat({ max: 12 }), fc.nat({ max: 12 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 })).map((b): Box => b);
const labels = fc.array(fc.record({ class: fc.nat({ max: 2 }), box }), { maxLength: 8 });

describe('matching', () => {
  it('pairs the best overlap first and leaves the rest alone', () => {
    const { pairs, onlyA, onlyB } = matchInstances([at(0), at(100)], [at(2), at(1), at(50)]);
    expect(pairs.map(({ a, b }) => [a.box[0], b.box[0]])).toEqual([[0, 1]]);
    expect(onlyA.map((i) => i.box[0])).toEqual([100]);
    expect(onlyB.map((i) => i.box[0])).toEqual([2, 50]);
  });
  it('prefers the same class where the boxes are equally good', () => {
    expect(matchInstances([at(0, 1)], [at(0, 0), at(0, 1)]).pairs[0]?.b.class).toBe(1);
  });
  it('measures by masks where both have one', () => {
    const mask = (columns: number) => encode(Uint8Array.from({ length: 100 }, (_, i) => (i % 10 < columns ? 1 : 0)), { width: 10, height: 10 });
    const [a, b] = [{ ...at(0), mask: mask(10) }, { ...at(0), mask: mask(5) }];
    expect(matchInstances([a], [b]).pairs[0]?.iou).toBe(0.5);
    expect(matchInstances([a], [at(0)]).pairs[0]?.iou).toBe(1);
  });
  it('is one to one, at least half overlapping, as good as any remaining pair, and complete', () => {
    fc.assert(fc.property(labels, labels, (a, b) => {
      const { pairs, onlyA, onlyB } = matchInstances(a, b);
      expect(new Set(pairs.map((p) => p.a)).size).toBe(pairs.length);
      expect(new Set(pairs.map((p) => p.b)).size).toBe(pairs.length);
      expect([pairs.length + onlyA.length, pairs.length + onlyB.length]).toEqual([a.length, b.length]);
      for (const p of pairs) expect(p.iou).toBeGreaterThanOrEqual(SAME_IOU);
      for (const one of onlyA) for (const other of onlyB) expect(boxIou(one.box, other.box)).toBeLessThan(SAME_IOU);
    }));
  });
  it('does not depend on the order of the lists, nor on who is first', () => {
    const shuffled = labels.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })));
    const seen = (a: readonly Compared[], b: readonly Compared[]): unknown => { const t = compareImage(a, b); return { ...agreementOf(t), like: likeness(t), classes: perClass(t) }; };
    const rounded = (value: unknown): unknown => JSON.parse(JSON.stringify(value), (_, v: unknown) => (typeof v === 'number' ? Math.round(v * 1e9) / 1e9 : v));
    fc.assert(fc.property(shuffled, shuffled, ([a, a2], [b, b2]) => {
      expect(rounded(seen(a2, b2))).toEqual(rounded(seen(a, b)));
      const [there, back] = [agreementOf(compareImage(a, b)), agreementOf(swapped(compareImage(b, a)))];
      expect(rounded(back)).toEqual(rounded(there));
    }));
  });
});

describe('the ceiling', () => {
  it('is one where both always agree, and precision times recall where they do not', () => {
    expect(ceilingOf(compareImage([at(0), at(50, 1)], [at(0), at(50, 1)]))).toBe(1);
    // Two of three objects found by the other, who has two: 2/3 · 2/2.
    expect(ceilingOf(compareImage([at(0), at(50), at(100)], [at(0), at(50)]))).toBeCloseTo(2 / 3);
    // An IoU of 2/3 counts at 0.50, 0.55, 0.60 and 0.65 of the ten thresholds.
    expect(ceilingOf(compareImage([at(0)], [at(2)]))).toBeCloseTo(0.4);
    expect(ceilingOf(compareImage([], []))).toBeNull();
    expect(ceilingOf(compareImage([at(0)], [at(0, 1)]))).toBe(0);
  });
  it('is the same from both sides, and a share', () => {
    fc.assert(fc.property(labels, labels, (a, b) => {
      const [there, back] = [ceilingOf(compareImage(a, b)), ceilingOf(compareImage(b, a))];
      expect(there === null ? null : there.toFixed(9)).toBe(back === null ? null : back.toFixed(9));
      if (there !== null) expect(there >= 0 && there <= 1).toBe(true);
    }));
  });
});

describe('agreement', () => {
  it('of the same labels is complete', () => {
    fc.assert(fc.property(labels, (a) => {
      const t = compareImage(a, a);
      const { found, iou, classes, kappa } = agreementOf(t);
      if (a.length > 0) expect([found, iou, classes]).toEqual([1, 1, 1]);
      else expect([found, iou, classes]).toEqual([null, null, null]);
      if (kappa !== null) expect(kappa).toBeCloseTo(1);
      expect(kappa === null).toBe(new Set(a.map((i) => i.class)).size < 2);
      expect(likeness(t)).toBe(1);
    }));
  });
  it('counts every object once, and adds up over images', () => {
    fc.assert(fc.property(fc.array(fc.tuple(labels, labels), { maxLength: 4 }), (images) => {
      const t = addUp(images.map(([a, b]) => compareImage(a, b)));
      const cells = [...t.confusion.values()].reduce((sum, n) => sum + n, 0);
      expect(cells).toBe(t.a + t.b - t.matched);
      expect(t.images).toBe(images.length);
      const { kappa, found, iou, classes } = agreementOf(t);
      if (kappa !== null) expect(Math.abs(kappa)).toBeLessThanOrEqual(1 + 1e-9);
      for (const share of [found, iou, classes]) if (share !== null) expect(share >= 0 && share <= 1 + 1e-9).toBe(true);
      for (const row of perClass(t)) expect(row.both + row.missed + row.other).toBe(row.objects);
      expect(perClass(t).reduce((sum, row) => sum + row.both, 0)).toBe(t.sameClass);
    }));
  });
  it('is Cohen\'s kappa: the textbook table, chance, and its opposite', () => {
    const table = (cells: Record<string, number>) => new Map(Object.entries(cells));
    // Two readers of 50 applications: both yes 20, both no 15, only the first yes 5, only the second 10: observed 0.7, expected 0.5.
    expect(kappaOf(table({ '1 1': 20, '1 0': 5, '0 1': 10, '0 0': 15 }))).toBeCloseTo(0.4);
    expect(kappaOf(table({ '1 1': 25, '1 0': 25, '0 1': 25, '0 0': 25 }))).toBeCloseTo(0);
    expect(kappaOf(table({ '1 0': 5, '0 1': 5 }))).toBeCloseTo(-1);
    expect(kappaOf(table({}))).toBeNull();
    expect(kappaOf(table({ '1 1': 9 }))).toBeNull();
  });
  it('agrees with kappa computed object by object', () => {
    const answers = fc.array(fc.tuple(fc.integer({ min: NOTHING, max: 2 }), fc.integer({ min: NOTHING, max: 2 })), { minLength: 1, maxLength: 30 });
    fc.assert(fc.property(answers, (objects) => {
      const cells = new Map<string, number>();
      for (const [x, y] of objects) cells.set(`${x} ${y}`, (cells.get(`${x} ${y}`) ?? 0) + 1);
      const observed = objects.filter(([x, y]) => x === y).length / objects.length;
      let chance = 0;
      for (const [x] of objects) for (const [, y] of objects) chance += Number(x === y) / objects.length ** 2;
      const kappa = kappaOf(cells);
      if (Math.abs(chance - 1) < 1e-12) expect(kappa).toBeNull();
      else expect(kappa).toBeCloseTo((observed - chance) / (1 - chance));
    }));
  });
  it('tells per class what the other said', () => {
    const t = compareImage([at(0, 0), at(30, 0), at(60, 1), at(90, 1)], [at(0, 0), at(30, 1), at(60, 1)]);
    expect(perClass(t)).toEqual([
      { classIndex: 0, objects: 2, both: 1, missed: 0, other: 1, confusedWith: 1, iou: 1 },
      { classIndex: 1, objects: 3, both: 1, missed: 1, other: 1, confusedWith: 0, iou: 1 },
    ]);
    expect(agreementOf(t)).toMatchObject({ matched: 3, found: 6 / 7, classes: 2 / 3 });
    expect(likeness(t)).toBeCloseTo(4 / 7);
  });
});

describe('the share that two people correct', () => {
  it('is as large as asked for, and grows without changing its mind', () => {
    const ids = Array.from({ length: 4000 }, (_, i) => `image${i}`);
    for (const share of [0, 0.05, 0.3, 1]) expect(Math.abs(ids.filter((id) => isOverlapped(id, share)).length / ids.length - share)).toBeLessThan(0.02);
    fc.assert(fc.property(fc.string(), fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (id, x, y) => {
      expect(lotOf(id) >= 0 && lotOf(id) < 1).toBe(true);
      if (isOverlapped(id, Math.min(x, y))) expect(isOverlapped(id, Math.max(x, y))).toBe(true);
    }));
  });
});
