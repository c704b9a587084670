import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Box } from '#core/geometry/box.ts';
import { boxIou } from '#core/geometry/iou.ts';
import { IOU_THRESHOLDS, type Detection, type EvaluatedImage, type EvaluationFile } from '#core/training/evaluation.ts';
import { precisionOf } from '#core/training/metrics.ts';
import { BACKGROUND, confusionOf, confusionTable } from './confusion.ts';
import { curvesOf } from './curves.ts';
import { judgePicture, kindsOf, pictureScore } from './kinds.ts';
import { compareQuality } from './quality.ts';

const truth = (index: number, box: Box) => ({ class: index, box });
const found = (index: number, box: Box, score = 0.9, hits = 0): Detection => ({ class: index, box, score, hits, boxHits: hits });
const picture = (truths: EvaluatedImage['truths'], all: Detection[], image = 'p'): EvaluatedImage => ({ image, truths, found: all });
const at = (x: number, w = 10): Box => [x, 0, w, 10];

describe('confusion', () => {
  it('counts right, wrong, false and missed as Ultralytics does', () => {
    const cells = confusionOf([picture([truth(0, at(0)), truth(1, at(100)), truth(1, at(200))], [found(0, at(0)), found(0, at(100)), found(1, at(300)), found(1, at(200), 0.2)])]);
    expect(cells).toEqual([[BACKGROUND, 1, 1], [0, 0, 1], [0, 1, 1], [1, BACKGROUND, 1]]);
  });
  it('gives each object to one detection, the best score first, also past a better overlap', () => {
    // The second box fits better but scores less: it is left over. With a second object near enough it takes that one.
    expect(confusionOf([picture([truth(0, at(0))], [found(0, at(2), 0.9), found(0, at(0), 0.8)])])).toEqual([[0, BACKGROUND, 1], [0, 0, 1]]);
    expect(confusionOf([picture([truth(0, at(0)), truth(1, at(3))], [found(0, at(0), 0.9), found(0, at(1), 0.8)])])).toEqual([[0, 0, 1], [0, 1, 1]]);
  });
  it('asks for more than 0.25 and more than 0.45', () => {
    expect(confusionOf([picture([truth(0, at(0))], [found(0, at(0), 0.25)])])).toEqual([[BACKGROUND, 0, 1]]);
    // 9 × 10 of 20 × 10: an IoU of exactly 0.45 is too little.
    expect(confusionOf([picture([truth(0, [0, 0, 20, 10])], [found(0, [0, 0, 9, 10])])])).toEqual([[BACKGROUND, 0, 1], [0, BACKGROUND, 1]]);
  });
  it('is drawn as a square with shares of the columns', () => {
    const table = confusionTable([[0, 0, 3], [BACKGROUND, 0, 1], [0, BACKGROUND, 2]], [0, 1]);
    expect(table.classes).toEqual([0, 1, BACKGROUND]);
    expect(table.counts).toEqual([[3, 0, 2], [0, 0, 0], [1, 0, 0]]);
    expect(table.shares).toEqual([[0.75, 0, 1], [0, 0, 0], [0.25, 0, 0]]);
  });
});

describe('kinds of errors', () => {
  const only = (image: EvaluatedImage) => judgePicture(image).judged.map((j) => j.kind);
  it('are told apart', () => {
    expect(only(picture([truth(0, at(0))], [found(0, at(0)), found(0, at(1), 0.8)]))).toEqual(['right', 'duplicate']);
    expect(only(picture([truth(0, at(0))], [found(1, at(0))]))).toEqual(['wrongClass']);
    expect(only(picture([truth(0, at(0))], [found(0, at(5))])), 'IoU 1/3').toEqual(['badlyPlaced']);
    expect(only(picture([truth(0, at(0))], [found(0, at(50))]))).toEqual(['false']);
    expect(only(picture([truth(0, at(0))], [found(1, at(5))])), 'neither place nor class').toEqual(['false']);
  });
  it('count an object once: what is badly placed or of another class is not missed too', () => {
    expect(kindsOf([picture([truth(0, at(0)), truth(0, at(100)), truth(1, at(200))], [found(1, at(0)), found(0, at(105))])])).toEqual([
      { classIndex: 0, missed: 0, false: 0, wrongClass: 0, badlyPlaced: 1, duplicate: 0, total: 1 },
      { classIndex: 1, missed: 1, false: 0, wrongClass: 1, badlyPlaced: 0, duplicate: 0, total: 2 },
    ]);
  });
  it('score a picture by F1', () => {
    expect(pictureScore(picture([], []))).toBe(1);
    expect(pictureScore(picture([], [found(0, at(0))]))).toBe(0);
    expect(pictureScore(picture([truth(0, at(0)), truth(0, at(50))], [found(0, at(0))]))).toBeCloseTo(2 / 3);
  });
});

const box = fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 60 }), fc.integer({ min: 4, max: 30 }), fc.integer({ min: 4, max: 30 })).map((b): Box => b);
/** A picture whose hits are what a real matching by boxes gives. */
const pictures = fc.array(fc.record({
  truths: fc.array(fc.record({ class: fc.nat({ max: 2 }), box }), { maxLength: 6 }),
  found: fc.array(fc.record({ class: fc.nat({ max: 2 }), box, score: fc.double({ min: 0.001, max: 1, noNaN: true }) }), { maxLength: 8 }),
}).map(({ truths, found: all }): EvaluatedImage => ({ image: '', truths, found: match(truths, all) })), { maxLength: 5 }).map((list) => list.map((p, i) => ({ ...p, image: `p${i}` })));

function match(truths: EvaluatedImage['truths'], all: Omit<Detection, 'hits' | 'boxHits'>[]): Detection[] {
  const sorted = all.toSorted((a, b) => b.score - a.score);
  const hits = sorted.map(() => 0);
  for (const [bit, threshold] of IOU_THRESHOLDS.entries()) {
    const taken = new Set<number>();
    for (const [i, d] of sorted.entries()) {
      const j = truths.findIndex((t, k) => !taken.has(k) && t.class === d.class && boxIou(t.box, d.box) >= threshold);
      if (j === -1) continue;
      taken.add(j);
      hits[i] = (hits[i] ?? 0) | (1 << bit);
    }
  }
  return sorted.map((d, i) => ({ ...d, hits: hits[i] ?? 0, boxHits: hits[i] ?? 0 }));
}

describe('laws', () => {
  it('every object and every detection is counted once', () => {
    fc.assert(fc.property(pictures, (images) => {
      const shown = images.flatMap((p) => p.found.filter((d) => d.score > 0.25));
      const truths = images.flatMap((p) => p.truths);
      const cells = confusionOf(images);
      for (const c of [0, 1, 2]) {
        expect(cells.filter(([f]) => f === c).reduce((n, cell) => n + cell[2], 0)).toBe(shown.filter((d) => d.class === c).length);
        expect(cells.filter(([, t]) => t === c).reduce((n, cell) => n + cell[2], 0)).toBe(truths.filter((t) => t.class === c).length);
      }
      const judged = images.map(judgePicture);
      expect(judged.flatMap((j) => j.judged)).toHaveLength(shown.length);
      for (const [i, { judged: own, missed }] of judged.entries()) {
        const meant = own.filter((j) => ['right', 'wrongClass', 'badlyPlaced'].includes(j.kind)).map((j) => j.truth);
        expect(new Set(meant).size, 'no object is meant twice').toBe(meant.length);
        expect(meant.length + missed.length).toBe(images[i]?.truths.length);
      }
      expect(kindsOf(images).reduce((n, row) => n + row.total, 0)).toBe(shown.length + judged.flatMap((j) => j.missed).length);
    }));
  });
  it('perfect models have nothing but right answers', () => {
    fc.assert(fc.property(pictures, (images) => {
      const perfect = images.map((p) => ({ ...p, found: p.truths.map((t, i) => ({ ...t, score: 0.9 - i / 100, hits: 1023, boxHits: 1023 })) }));
      // Two labels on top of each other cannot be told apart; everything else is right.
      fc.pre(perfect.every((p) => p.truths.every((a, i) => p.truths.every((b, j) => i === j || boxIou(a.box, b.box) < 0.45))));
      expect(confusionOf(perfect).every(([f, t]) => f === t)).toBe(true);
      expect(kindsOf(perfect).every((row) => row.missed + row.false + row.wrongClass + row.badlyPlaced + row.duplicate === 0)).toBe(true);
      expect(perfect.every((p) => pictureScore(p) === 1)).toBe(true);
    }));
  });
  it('the area under each curve is the mAP50 that is told beside it', () => {
    fc.assert(fc.property(pictures, (images) => {
      const { perClass, map50 } = precisionOf(images);
      const curves = curvesOf(images);
      expect(curves.length).toBe(perClass.length ? perClass.length + 1 : 0);
      for (const c of perClass) expect(curves.find((k) => k.classIndex === c.classIndex)?.ap).toBeCloseTo(c.map50, 6);
      if (map50 !== null) expect(curves[0]?.ap).toBeCloseTo(map50, 6);
      for (const { precision } of curves) {
        expect(precision).toHaveLength(101);
        for (const [i, p] of precision.entries()) expect(p).toBeLessThanOrEqual((precision[i - 1] ?? 1) + 1e-9);
      }
    }));
  });
});

describe('two models beside each other', () => {
  const file = (images: EvaluatedImage[]): EvaluationFile => ({ format: 'emend-evaluation-1', task: 'detect', classes: ['a', 'b'], images });
  const known = new Map(['p', 'q', 'r'].map((id) => [id, { name: `${id}.png`, width: 300, height: 200 }]));
  it('name the worst picture, and those that became better and worse', () => {
    const old = file([picture([truth(0, at(0))], [], 'p'), picture([truth(0, at(0))], [found(0, at(0), 0.9, 1023)], 'q'), picture([truth(0, at(0))], [], 'r')]);
    const fresh = file([picture([truth(0, at(0))], [found(0, at(0), 0.9, 1023)], 'p'), picture([truth(0, at(0))], [], 'q'), picture([truth(0, at(0))], [], 'r')]);
    const quality = compareQuality(old, fresh, 3, known);
    expect(quality?.pictures.improved.map((p) => p.imageId)).toEqual(['p']);
    expect(quality?.pictures.fallen).toMatchObject([{ imageId: 'q', before: 1, after: 0, labels: [[0, 0, 0, 10, 10]], found: { before: [[0, 0, 0, 10, 10]], after: [] } }]);
    expect(quality?.pictures.worst.map((p) => p.imageId)).toEqual(['q', 'r']);
    expect(quality).toMatchObject({ images: 3, version: 3 });
  });
  it('say nothing where neither was measured, and show one alone', () => {
    expect(compareQuality(null, null, 1, known)).toBeNull();
    const alone = compareQuality(file([picture([truth(0, at(0))], [], 'p')]), null, 1, known);
    expect(alone).toMatchObject({ new: null, old: { map: 0 }, pictures: { improved: [], fallen: [], worst: [{ imageId: 'p', before: 0, after: null }] } });
  });
  it('leave pictures out that may not be seen', () => {
    expect(compareQuality(file([picture([truth(0, at(0))], [], 'z')]), null, 1, known)?.pictures.worst).toEqual([]);
  });
});
