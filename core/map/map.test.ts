import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Vectors } from '#core/next/queue.ts';
import { clustersOf } from './clusters.ts';
import { SIDE, toFrame } from './frame.ts';
import { nearest } from './neighbours.ts';
import { oddOnes } from './oddness.ts';
import { fitPca, toComponents } from './pca.ts';
import { seededRandom } from './random.ts';

const vectors = (rows: readonly (readonly number[])[]): Vectors => ({ width: rows[0]?.length ?? 0, values: Float32Array.from(rows.flat()) });
const number = fc.double({ min: -100, max: 100, noNaN: true }).map(Math.fround);
const table = (width: number, least = 1) => fc.array(fc.array(number, { minLength: width, maxLength: width }), { minLength: least, maxLength: 40 });
/** Around a centre each, `count` rows. */
function blob(random: () => number, centre: readonly number[], count: number, spread: number): number[][] {
  return Array.from({ length: count }, () => centre.map((c) => c + spread * (random() - 0.5)));
}

describe('principal components', () => {
  it('are of unit length and at right angles, or nothing', () => {
    fc.assert(fc.property(table(6, 2), (rows) => {
      const { axes, width, length } = fitPca(vectors(rows), 4);
      for (let a = 0; a < width; a++) {
        for (let b = 0; b <= a; b++) {
          let dot = 0;
          for (let i = 0; i < length; i++) dot += (axes[a * length + i] ?? 0) * (axes[b * length + i] ?? 0);
          if (a === b) expect(Math.abs(dot) < 1e-9 || Math.abs(dot - 1) < 1e-6).toBe(true);
          else expect(Math.abs(dot)).toBeLessThan(1e-6);
        }
      }
    }), { numRuns: 60 });
  });

  it('find the direction in which rows differ, the same each time', () => {
    const random = seededRandom(3);
    const rows = vectors(Array.from({ length: 300 }, () => { const t = random() * 10; return [3 * t + random() * 0.1, 4 * t + random() * 0.1, random() * 0.1]; }));
    const pca = fitPca(rows, 2);
    for (const [i, part] of [0.6, 0.8, 0].entries()) expect(pca.axes[i]).toBeCloseTo(part, 2);
    expect(fitPca(rows, 2)).toEqual(pca);
  });

  it('keep all distances where nothing is left out', () => {
    fc.assert(fc.property(table(3, 2), (rows) => {
      const pca = fitPca(vectors(rows), 3);
      const out = new Float32Array(rows.length * 3);
      for (const [i, row] of rows.entries()) toComponents(pca, Float32Array.from(row), out, i * 3);
      const far = (a: readonly number[], b: readonly number[]) => Math.hypot(...a.map((v, i) => v - (b[i] ?? 0)));
      expect(far([...out.subarray(0, 3)], [...out.subarray(3, 6)])).toBeCloseTo(far(rows[0] ?? [], rows[1] ?? []), 2);
    }), { numRuns: 60 });
  });
});

describe('nearest neighbours', () => {
  it('are those of a plain sort', () => {
    fc.assert(fc.property(table(9, 4), fc.integer({ min: 1, max: 3 }), (rows, k) => {
      const found = nearest(vectors(rows), vectors(rows), k, { self: true });
      for (const [i, row] of rows.entries()) {
        const sorted = rows.map((other, j) => ({ j, far: Math.hypot(...row.map((v, d) => v - (other[d] ?? 0))) })).filter(({ j }) => j !== i).sort((a, b) => a.far - b.far || a.j - b.j);
        for (let place = 0; place < k; place++) expect(found.distances[i * k + place]).toBeCloseTo(sorted[place]?.far ?? -1, 3);
        expect(new Set(found.indices.subarray(i * k, (i + 1) * k)).size).toBe(k);
        expect([...found.indices.subarray(i * k, (i + 1) * k)]).not.toContain(i);
      }
    }), { numRuns: 80 });
  });

  it('refuse more neighbours than there are', () => {
    expect(() => nearest(vectors([[1], [2]]), vectors([[1], [2]]), 2, { self: true })).toThrow(RangeError);
  });
});

describe('clusters', () => {
  it('of three separate heaps are three, the largest first, with the strays in none', () => {
    const random = seededRandom(5);
    const points = [...blob(random, [0, 0], 60, 2), ...blob(random, [20, 0], 90, 2), ...blob(random, [0, 20], 30, 2), [60, 60]];
    const found = clustersOf(Float32Array.from(points.flat()));
    expect(new Set(found.slice(0, 60))).toEqual(new Set([2]));
    expect(new Set(found.slice(60, 150))).toEqual(new Set([1]));
    expect(new Set(found.slice(150, 180))).toEqual(new Set([3]));
    expect(found[180]).toBe(0);
  });

  it('take equal places, and few of them', () => {
    expect([...clustersOf(new Float32Array(200))]).toEqual(Array.from({ length: 100 }, () => 1));
    expect([...clustersOf(new Float32Array(6))]).toEqual([0, 0, 0]);
    expect(clustersOf(new Float32Array())).toHaveLength(0);
  });
});

describe('odd ones', () => {
  it('are far beyond the others, the farthest first, and never what is not known', () => {
    const usual = Array.from({ length: 50 }, (_, i) => 1 + (i % 7) / 50);
    expect(oddOnes(Float32Array.from([...usual, 9, 3, Number.NaN]))).toEqual([50, 51]);
    expect(oddOnes(Float32Array.from(usual))).toEqual([]);
    expect(oddOnes(Float32Array.from([1, 1, 1, 9]))).toEqual([]);
  });

  it('are never most of the images', () => {
    fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 5, noNaN: true }), { maxLength: 80 }), (distances) => {
      expect(oddOnes(Float32Array.from(distances)).length).toBeLessThanOrEqual(distances.length / 2);
    }));
  });
});

describe('the frame', () => {
  it('holds every place, by one scale', () => {
    fc.assert(fc.property(fc.array(fc.tuple(number, number), { maxLength: 40 }), (places) => {
      const { x, y } = toFrame(Float32Array.from(places.flat()));
      expect(x).toHaveLength(places.length);
      // Unsigned: what was below 0 or above SIDE would have come round to the other end.
      const order = (values: Uint16Array, of: 0 | 1) => [...places.keys()].every((i) => [...places.keys()].every((j) => (places[i]?.[of] ?? 0) > (places[j]?.[of] ?? 0) ? (values[i] ?? 0) >= (values[j] ?? 0) : true));
      expect(order(x, 0) && order(y, 1)).toBe(true);
    }), { numRuns: 60 });
    expect(toFrame(Float32Array.of(5, 5))).toEqual({ x: Uint16Array.of(Math.round(SIDE / 2)), y: Uint16Array.of(Math.round(SIDE / 2)) });
  });
});
