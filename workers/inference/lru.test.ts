import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteCache } from './lru.ts';

describe('ByteCache', () => {
  it('never holds more than its budget, and its sum is that of what it holds', () => {
    const step = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 1, max: 15 }));
    fc.assert(fc.property(fc.array(step), (steps) => {
      const cache = new ByteCache<number>(20, (bytes) => bytes);
      for (const [key, bytes] of steps) {
        cache.set(key, bytes);
        expect(cache.get(key)).toBe(bytes);
        expect(cache.status.bytes).toBeLessThanOrEqual(20);
      }
      const held = ['a', 'b', 'c', 'd'].filter((key) => cache.has(key)).map((key) => cache.get(key) ?? 0);
      expect(cache.status).toMatchObject({ entries: held.length, bytes: held.reduce((sum, bytes) => sum + bytes, 0) });
    }));
  });

  it('lets go of what was unused for longest; a giant is not kept at all', () => {
    const cache = new ByteCache<number>(20, (bytes) => bytes);
    cache.set('a', 8);
    cache.set('b', 8);
    cache.get('a');
    cache.set('c', 8);
    expect([cache.has('a'), cache.has('b'), cache.has('c')]).toEqual([true, false, true]);
    cache.set('giant', 21);
    expect(cache.has('giant')).toBe(false);
    expect(cache.status).toEqual({ entries: 2, bytes: 16, hits: 1, misses: 0 });
  });
});
