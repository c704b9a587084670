import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { traceRegions, traceRings } from './contour.ts';
import { joinRings, ringsOf } from './joinRings.ts';
import { pointInPolygon, polygonArea, polygonBox, signedArea, type Point, type Polygon } from './polygon.ts';
import { polygonToRle, rasterise } from './rasterise.ts';
import { encode, rleArea } from './rle.ts';
import { simplify } from './simplify.ts';

const bitmaps = fc
  .record({ width: fc.integer({ min: 1, max: 24 }), height: fc.integer({ min: 1, max: 24 }) })
  .chain((size) => fc.tuple(fc.constant(size), fc.uint8Array({ minLength: size.width * size.height, maxLength: size.width * size.height, max: 1 })));
const square: Polygon = [[2, 2], [8, 2], [8, 8], [2, 8]];
const inner: Polygon = [[4, 4], [6, 4], [6, 6], [4, 6]];
const size = { width: 10, height: 10 };

function disc(radius: number, points: number): Polygon {
  return Array.from({ length: points }, (_, i): Point => [50 + radius * Math.cos((2 * Math.PI * i) / points), 50 + radius * Math.sin((2 * Math.PI * i) / points)]);
}

describe('polygon', () => {
  it('has the shoelace area and its box', () => {
    expect(signedArea(square)).toBe(36);
    expect(signedArea([...square].reverse())).toBe(-36);
    expect(polygonArea(disc(30, 200))).toBeCloseTo(Math.PI * 900, -1);
    expect(polygonBox([square, inner])).toEqual([2, 2, 6, 6]);
    expect(polygonBox([])).toBeNull();
  });

  it('fills pixels whose centre is inside; the fill rules differ on a hole of the same direction', () => {
    expect(rleArea(polygonToRle([square, inner], size, 'evenodd'))).toBe(32);
    expect(rleArea(polygonToRle([square, inner], size, 'nonzero'))).toBe(36);
    expect(rleArea(polygonToRle([square, [...inner].reverse()], size, 'nonzero'))).toBe(32);
    expect(rleArea(polygonToRle([[[-50, -50], [500, -50], [500, 500], [-50, 500]]], size))).toBe(100);
    expect(rleArea(polygonToRle([[[20, 20], [30, 20], [30, 30]]], size))).toBe(0);
    expect(rleArea(polygonToRle([], size))).toBe(0);
  });

  it('neighbours that share an edge neither overlap nor leave a gap', () => {
    const point = fc.double({ min: 0, max: 10, noNaN: true });
    fc.assert(fc.property(point, point, (x, y) => {
      const corners: readonly Point[] = [[0, 0], [10, 0], [10, 10], [0, 10]];
      const parts = corners.map((corner, i) => rasterise([[corner, corners[(i + 1) % 4] ?? [0, 0], [x, y]]], size));
      for (let p = 0; p < 100; p++) expect(parts.reduce((sum, part) => sum + (part[p] ?? 0), 0)).toBe(1);
    }));
  });
});

describe('contours', () => {
  it('filling the traced rings gives the same bitmap, also as one joined ring', () => {
    fc.assert(fc.property(bitmaps, ([dimensions, bitmap]) => {
      const rings = traceRings(bitmap, dimensions);
      expect(rasterise(rings, dimensions)).toEqual(bitmap);
      expect(rings.reduce((sum, ring) => sum + signedArea(ring), 0)).toBe(bitmap.reduce((sum, bit) => sum + bit, 0));
      const regions = traceRegions(bitmap, dimensions);
      expect(ringsOf(regions)).toHaveLength(rings.length);
      expect(rasterise([joinRings(ringsOf(regions))], dimensions)).toEqual(bitmap);
    }));
  });

  it('each region alone is its part with its own holes', () => {
    fc.assert(fc.property(bitmaps, ([dimensions, bitmap]) => {
      const total = new Uint8Array(bitmap.length);
      for (const { outline, holes } of traceRegions(bitmap, dimensions)) {
        for (const [p, bit] of rasterise([outline, ...holes], dimensions).entries()) total[p] = (total[p] ?? 0) + bit;
      }
      expect(total).toEqual(bitmap);
    }));
  });

  it('a ring with an island: two regions, the hole belongs to the outer one', () => {
    const bitmap = rasterise([[[0, 0], [9, 0], [9, 9], [0, 9]], [[2, 2], [7, 2], [7, 7], [2, 7]], [[4, 4], [5, 4], [5, 5], [4, 5]]], size);
    const regions = traceRegions(bitmap, size);
    expect(regions.map(({ holes }) => holes.length)).toEqual([1, 0]);
    expect(polygonToRle([regions[1]?.outline ?? []], size)).toEqual(encode(rasterise([[[4, 4], [5, 4], [5, 5], [4, 5]]], size), size));
  });
});

describe('simplify', () => {
  it('keeps the shape within the tolerance', () => {
    const fine = disc(40, 400);
    const coarse = simplify(fine, 0.5);
    expect(coarse.length).toBeLessThan(60);
    expect(polygonArea(coarse)).toBeGreaterThan(polygonArea(fine) * 0.97);
  });

  it('only drops points, never below three', () => {
    const point = fc.tuple(fc.double({ min: 0, max: 100, noNaN: true }), fc.double({ min: 0, max: 100, noNaN: true }));
    fc.assert(fc.property(fc.array(point, { minLength: 3, maxLength: 60 }), fc.double({ min: 0, max: 20, noNaN: true }), (ring, tolerance) => {
      const result = simplify(ring, tolerance);
      expect(result.length).toBeGreaterThanOrEqual(3);
      expect(result.every((p) => ring.some(([x, y]) => x === p[0] && y === p[1]))).toBe(true);
    }));
  });

  it('survives ten thousand points', () => {
    const ring = Array.from({ length: 10_000 }, (_, i): Point => [i, (i * 7919) % 101]);
    expect(simplify(ring, 1).length).toBeGreaterThan(3);
  });
});

describe('a speckled mask', () => {
  it('of some thousand rings becomes one ring that fills the same pixels', () => {
    const side = 300;
    const random = Array.from({ length: side * side }, (_, i) => ((Math.imul(i + 1, 2_654_435_761) >>> 0) % 100) < 3);
    const bitmap = Uint8Array.from(random, (speck, i) => (speck || ((i % side) > 40 && (i % side) < 200 && i > side * 60 && i < side * 200) ? 1 : 0));
    const rings = ringsOf(traceRegions(bitmap, { width: side, height: side }));
    expect(rings.length).toBeGreaterThan(1000);
    expect(rasterise([joinRings(rings)], { width: side, height: side })).toEqual(bitmap);
  });
});

describe('a point in a polygon', () => {
  const ring = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 })), { minLength: 3, maxLength: 9 });

  it('is inside exactly where filling the ring by the even-odd rule paints its pixel', () => {
    fc.assert(fc.property(ring, (points) => {
      // Off the lines that pixels' centres lie on, where both rules are free to choose.
      const shifted: Polygon = points.map(([x, y]) => [x + 0.013, y + 0.029]);
      const bitmap = rasterise([shifted], { width: 21, height: 21 });
      for (let y = 0; y < 21; y++) for (let x = 0; x < 21; x++) expect([x, y, pointInPolygon(shifted, [x + 0.5, y + 0.5])]).toEqual([x, y, bitmap[y * 21 + x] === 1]);
    }), { numRuns: 60 });
  });

  it('does not depend on where the ring begins, nor on its direction, and moves with it', () => {
    fc.assert(fc.property(ring, fc.nat(8), fc.integer({ min: -50, max: 50 }), fc.tuple(fc.integer({ min: -2, max: 22 }), fc.integer({ min: -2, max: 22 })), (points, turn, by, [px, py]) => {
      const at: Point = [px + 0.31, py + 0.37];
      const whole: Polygon = points;
      const inside = pointInPolygon(whole, at);
      const from = turn % points.length;
      expect(pointInPolygon([...whole.slice(from), ...whole.slice(0, from)], at)).toBe(inside);
      expect(pointInPolygon(whole.toReversed(), at)).toBe(inside);
      expect(pointInPolygon(whole.map(([x, y]): Point => [x + by, y - by]), [at[0] + by, at[1] - by])).toBe(inside);
    }), { numRuns: 200 });
    expect(pointInPolygon([], [0, 0])).toBe(false);
    expect(pointInPolygon([[0, 0], [9, 9]], [4, 4.5])).toBe(false);
  });
});
