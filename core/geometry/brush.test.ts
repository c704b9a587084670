import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { subtract, union } from './combine.ts';
import { polygonToRle } from './rasterise.ts';
import { decode, encode, rleArea, toBox, type Rle } from './rle.ts';
import { strokeToRle } from './stroke.ts';
import { warp } from './warp.ts';

const size = { width: 40, height: 30 };
const mask: fc.Arbitrary<Rle> = fc.uint8Array({ minLength: 1200, maxLength: 1200, max: 1 }).map((bitmap) => encode(bitmap, size));
const blob: fc.Arbitrary<Rle> = fc
  .array(fc.tuple(fc.double({ min: -5, max: 45, noNaN: true }), fc.double({ min: -5, max: 35, noNaN: true })), { minLength: 3, maxLength: 12 })
  .map((points) => polygonToRle([points], size));
const line = fc.array(fc.tuple(fc.double({ min: -10, max: 50, noNaN: true }), fc.double({ min: -10, max: 40, noNaN: true })), { minLength: 1, maxLength: 8 });
const diameter = fc.double({ min: 0.5, max: 20, noNaN: true });
const each = (a: Rle, b: Rle, of: (x: number, y: number) => boolean): Uint8Array => {
  const [pa, pb] = [decode(a), decode(b)];
  return pa.map((v, i) => (of(v, pb[i] ?? 0) ? 1 : 0));
};

describe('masks together', () => {
  it('are what their bitmaps are, pixel by pixel', () => {
    fc.assert(fc.property(fc.oneof(mask, blob), fc.oneof(mask, blob), (a, b) => {
      expect(decode(union(a, b))).toEqual(each(a, b, (x, y) => x + y > 0));
      expect(decode(subtract(a, b))).toEqual(each(a, b, (x, y) => x === 1 && y === 0));
    }), { numRuns: 60 });
  });

  it('of different sizes are refused', () => {
    expect(() => union(encode(new Uint8Array(4), { width: 2, height: 2 }), encode(new Uint8Array(4), { width: 4, height: 1 }))).toThrow(RangeError);
  });
});

describe('the brush', () => {
  it('paints and erases: erasing the same stroke gives the former mask without the stroke, painting it twice changes nothing', () => {
    fc.assert(fc.property(blob, line, diameter, (before, points, wide) => {
      const stroke = strokeToRle(points, wide, size);
      const painted = union(before, stroke);
      expect(subtract(painted, stroke)).toEqual(subtract(before, stroke));
      expect(union(painted, stroke)).toEqual(painted);
      expect(rleArea(painted)).toBeGreaterThanOrEqual(rleArea(before));
    }), { numRuns: 60 });
  });

  it('covers exactly the pixel centres within half its diameter of the line', () => {
    fc.assert(fc.property(line, fc.double({ min: 2, max: 20, noNaN: true }), (points, wide) => {
      const bitmap = decode(strokeToRle(points, wide, size));
      for (let i = 0; i < bitmap.length; i += 7) {
        const [x, y] = [(i % 40) + 0.5, Math.floor(i / 40) + 0.5];
        const distance = distanceTo(points, x, y);
        const holds = points.some(([px, py]) => Math.floor(px) === x - 0.5 && Math.floor(py) === y - 0.5);
        if (Math.abs(distance - wide / 2) > 1e-6) expect(bitmap[i]).toBe(distance < wide / 2 || holds ? 1 : 0);
      }
    }), { numRuns: 60 });
  });

  it('sets the pixel under it, however small it is, and nothing outside the picture', () => {
    expect(toBox(strokeToRle([[7.9, 8.1]], 0.5, size))).toEqual([7, 8, 1, 1]);
    expect(toBox(strokeToRle([[-50, -50], [-40, -45]], 6, size))).toBeNull();
  });
});

function distanceTo(points: readonly (readonly [number, number])[], x: number, y: number): number {
  const pieces = points.map((b, i) => [points[i - 1] ?? b, b] as const);
  return Math.min(...pieces.map(([a, b]) => {
    const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    const length = dx * dx + dy * dy;
    const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - a[0]) * dx + (y - a[1]) * dy) / length));
    return Math.hypot(x - a[0] - t * dx, y - a[1] - t * dy);
  }));
}

describe('a moved outline', () => {
  it('keeps its shape when its box is moved by whole pixels, and comes back', () => {
    fc.assert(fc.property(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -4, max: 4 }), (dx, dy) => {
      const rle = strokeToRle([[15, 12], [22, 17]], 5, size);
      const [x, y, w, h] = toBox(rle) ?? [0, 0, 1, 1];
      const moved = warp(rle, [x, y, w, h], [x + dx, y + dy, w, h]);
      expect(rleArea(moved)).toBe(rleArea(rle));
      expect(warp(moved, [x + dx, y + dy, w, h], [x, y, w, h])).toEqual(rle);
    }));
  });

  it('fills its new box when it is stretched', () => {
    const rle = encode(new Uint8Array(1200).map((_, i) => (i % 40 >= 10 && i % 40 < 14 && i >= 400 && i < 560 ? 1 : 0)), size);
    expect(toBox(warp(rle, [10, 10, 4, 4], [4, 6, 12, 8]))).toEqual([4, 6, 12, 8]);
  });
});
