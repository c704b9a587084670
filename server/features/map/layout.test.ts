import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearest } from '#core/map/neighbours.ts';
import { seededRandom } from '#core/map/random.ts';
import type { Vectors } from '#core/next/queue.ts';
import { layOut, SAMPLE } from './layout.ts';
import { Reducer } from './vectors.ts';

const quiet = (): void => undefined;

/** `count` rows in `clusters` heaps, in an order by chance, each row of unit length. */
function heaps(count: number, clusters: number, width: number, seed = 2): { rows: Vectors; heap: number[] } {
  const random = seededRandom(seed);
  const centres = Array.from({ length: clusters }, () => Array.from({ length: width }, () => random() - 0.5));
  const heap = Array.from({ length: count }, () => Math.floor(random() * clusters));
  const values = new Float32Array(count * width);
  for (const [i, of] of heap.entries()) {
    const row = (centres[of] ?? []).map((c) => c + 0.25 * (random() - 0.5));
    const norm = Math.hypot(...row);
    values.set(row.map((v) => v / norm), i * width);
  }
  return { rows: { width, values }, heap };
}

/**
 * 1 = everything that is near on the map is near in truth. Source: Venna and Kaski, Neighborhood preservation in nonlinear projection methods, 2001.
 * Worked out over all pairs: for tests only.
 */
function trustworthiness(rows: Vectors, xy: Float32Array, k: number): number {
  const count = xy.length / 2;
  const truly = nearest(rows, rows, count - 1, { self: true });
  const shown = nearest({ width: 2, values: xy }, { width: 2, values: xy }, k, { self: true });
  let penalty = 0;
  for (let i = 0; i < count; i++) {
    const rank = new Map(Array.from(truly.indices.subarray(i * (count - 1), (i + 1) * (count - 1)), (j, place) => [j, place + 1]));
    for (const j of shown.indices.subarray(i * k, (i + 1) * k)) penalty += Math.max(0, (rank.get(j) ?? 0) - k);
  }
  return 1 - (2 / (count * k * (2 * count - 3 * k - 1))) * penalty;
}

describe('the layout', () => {
  const { rows, heap } = heaps(300, 6, 24);
  const layout = layOut(rows, quiet);

  it('is the same for the same images', () => {
    expect(layOut(rows, quiet)).toEqual(layout);
  });

  it('keeps near what is near', () => {
    const trust = trustworthiness(rows, layout.xy, 10);
    expect(trust).toBeGreaterThan(0.93);
    const shuffled = layout.xy.slice();
    for (let i = 0; i < 300; i++) shuffled.set(layout.xy.subarray(2 * ((i * 7) % 300), 2 * ((i * 7) % 300) + 2), 2 * i);
    // The measure itself can fail: places by chance.
    expect(trustworthiness(rows, shuffled, 10)).toBeLessThan(0.6);
  });

  it('shows each heap as one cluster', () => {
    const named = new Map<number, Map<number, number>>();
    for (const [i, of] of heap.entries()) {
      const counts = named.get(of) ?? new Map<number, number>();
      counts.set(layout.cluster[i] ?? 0, (counts.get(layout.cluster[i] ?? 0) ?? 0) + 1);
      named.set(of, counts);
    }
    const main = [...named.values()].map((counts) => [...counts].sort((a, b) => b[1] - a[1])[0] ?? ([0, 0] as const));
    expect(new Set(main.map(([cluster]) => cluster)).size).toBe(6);
    expect(main.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThan(285);
  });

  it('names what is far from everything, first', () => {
    const values = rows.values.slice();
    const random = seededRandom(99);
    const stray = Array.from({ length: 24 }, () => random() - 0.5);
    values.set(stray.map((v) => v / Math.hypot(...stray)), 17 * 24);
    expect(layOut({ width: 24, values }, quiet).odd[0]).toBe(17);
  });

  it('gives every number of images finite places, equal ones too', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 40 }), fc.boolean(), (count, equal) => {
      const some = equal ? { width: 3, values: new Float32Array(count * 3).fill(0.5) } : heaps(count, 3, 3, count).rows;
      const { xy, cluster } = layOut(count === 0 ? { width: 0, values: new Float32Array() } : some, quiet);
      expect(xy).toHaveLength(count * 2);
      expect(cluster).toHaveLength(count);
      expect(xy.every(Number.isFinite)).toBe(true);
    }), { numRuns: 15 });
  });

  it('tells how far it is', () => {
    const words = new Set<string>();
    let last = { done: 0, total: 0 };
    layOut(rows, (done, total, what) => { words.add(what); last = { done, total }; });
    expect([...words]).toEqual(['Comparing the images', 'Placing the images']);
    expect(last.total).toBe(300);
    expect(last.done).toBeLessThanOrEqual(300);
  });
});

describe('what is beyond the sample', () => {
  it('lies in its own heap', () => {
    const { rows, heap } = heaps(SAMPLE + 400, 5, 8);
    const { xy, cluster } = layOut(rows, quiet);
    const middle = Array.from({ length: 5 }, (_, of) => {
      const own = heap.slice(0, SAMPLE).flatMap((h, i) => (h === of ? [i] : []));
      return [0, 1].map((d) => own.reduce((sum, i) => sum + (xy[2 * i + d] ?? 0), 0) / own.length);
    });
    let right = 0;
    for (let i = SAMPLE; i < SAMPLE + 400; i++) {
      const far = middle.map(([x = 0, y = 0]) => Math.hypot((xy[2 * i] ?? 0) - x, (xy[2 * i + 1] ?? 0) - y));
      if (far.indexOf(Math.min(...far)) === heap[i]) right += 1;
    }
    expect(right).toBeGreaterThan(390);
    expect(cluster.subarray(SAMPLE).filter((c) => c === 0).length).toBeLessThan(40);
  }, 120_000);
});

describe('the reducer', () => {
  it('leaves out what is no vector of this model, and brings the others to unit length', () => {
    const reducer = new Reducer(10);
    reducer.add('a', Float32Array.of(1, 0, 0));
    reducer.add('short', Float32Array.of(1, 0));
    reducer.add('broken', Float32Array.of(1, Number.NaN, 0));
    reducer.add('b', Float32Array.of(0, 5, 0));
    reducer.add('c', Float32Array.of(0, 0, 2));
    const { ids, rows } = reducer.take();
    expect(ids).toEqual(['a', 'b', 'c']);
    for (let i = 0; i < 3; i++) expect(Math.hypot(...rows.values.subarray(i * rows.width, (i + 1) * rows.width))).toBeCloseTo(1, 4);
    expect(new Reducer(0).take()).toEqual({ ids: [], rows: { width: 0, values: new Float32Array() } });
  });
});
