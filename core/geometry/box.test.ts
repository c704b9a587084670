import fc from 'fast-check';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { BoxSchema, boxArea, clip, contains, containsPoint, fromCorners, intersect, normalise, pixelBounds, toCorners, type Box } from './box.ts';
import { boxIou } from './iou.ts';

const coordinate = fc.double({ min: -500, max: 500, noNaN: true });
const extent = fc.double({ min: 0.01, max: 500, noNaN: true });
const boxes: fc.Arbitrary<Box> = fc.tuple(coordinate, coordinate, extent, extent);
const size = { width: 320, height: 240 };

describe('box', () => {
  it('survives the way to corners and back', () => {
    fc.assert(fc.property(boxes, (box) => {
      const back = fromCorners(...toCorners(box));
      for (const [i, value] of back.entries()) expect(value).toBeCloseTo(box[i] ?? NaN, 9);
    }));
  });

  it('normalises a box dragged in any direction to the same area', () => {
    fc.assert(fc.property(boxes, ([x, y, w, h]) => {
      expect(normalise([x + w, y + h, -w, -h])[0]).toBeCloseTo(x, 9);
      expect(boxArea(normalise([x + w, y, -w, h]))).toBeCloseTo(w * h, 5);
    }));
  });

  it('clips to the image: the result is inside both, and null only when nothing is shared', () => {
    fc.assert(fc.property(boxes, (box) => {
      const image: Box = [0, 0, size.width, size.height];
      const clipped = clip(box, size);
      if (clipped === null) expect(boxIou(box, image)).toBe(0);
      else expect(boxArea(clipped)).toBeLessThanOrEqual(boxArea(box) + 1e-6);
    }));
  });

  it('intersects symmetrically', () => {
    fc.assert(fc.property(boxes, boxes, (a, b) => {
      expect(intersect(a, b)).toEqual(intersect(b, a));
    }));
  });

  it('touching boxes share nothing', () => {
    expect(intersect([0, 0, 10, 10], [10, 0, 5, 5])).toBeNull();
    expect(contains([0, 0, 10, 10], [5, 5, 5, 5])).toBe(true);
    expect(contains([0, 0, 10, 10], [5, 5, 5.1, 5])).toBe(false);
    expect(containsPoint([0, 0, 10, 10], 0, 0)).toBe(true);
    expect(containsPoint([0, 0, 10, 10], 10, 5)).toBe(false);
  });

  it('finds the whole pixels that a box touches', () => {
    expect(pixelBounds([1.5, 2.5, 2, 2], size)).toEqual([1, 2, 3, 3]);
    expect(pixelBounds([-5, 230.2, 20, 50], size)).toEqual([0, 230, 15, 10]);
    expect(pixelBounds([400, 0, 5, 5], size)).toBeNull();
  });

  it('refuses what is not a box', () => {
    for (const wrong of [[1, 2, 3], [1, 2, 3, NaN], [0, 0, -1, 5], [0, 0, Infinity, 1], ['0', 0, 1, 1], [0, 0, 1, 1, 1]]) {
      expect(Value.Check(BoxSchema, wrong)).toBe(false);
    }
    expect(Value.Check(BoxSchema, [0.5, 1, 2, 3])).toBe(true);
  });
});

describe('boxIou', () => {
  it('is symmetric, within 0…1, and 1 for a box with itself', () => {
    fc.assert(fc.property(boxes, boxes, (a, b) => {
      const iou = boxIou(a, b);
      expect(iou).toBeCloseTo(boxIou(b, a), 12);
      expect(iou).toBeGreaterThanOrEqual(0);
      expect(iou).toBeLessThanOrEqual(1 + 1e-9);
      expect(boxIou(a, a)).toBeCloseTo(1, 9);
    }));
  });

  it('of an empty box is 0', () => {
    expect(boxIou([1, 1, 0, 0], [1, 1, 0, 0])).toBe(0);
    expect(boxIou([0, 0, 10, 10], [5, 0, 10, 10])).toBeCloseTo(1 / 3, 12);
  });
});
