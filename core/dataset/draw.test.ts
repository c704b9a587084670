import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BACKGROUND, drawGroups, type DrawGroup } from './draw.ts';

const group = fc.record({ key: fc.uuid(), images: fc.integer({ min: 1, max: 6 }), shows: fc.uniqueArray(fc.nat(6), { maxLength: 4 }) })
  .map(({ key, images, shows }): DrawGroup => ({ key, images, classes: new Map(shows.length === 0 ? [[BACKGROUND, images]] : shows.map((c) => [c, 1 + (c % images)])) }));
const groups = fc.uniqueArray(group, { selector: (g) => g.key, maxLength: 60 });
const share = fc.double({ min: 0.02, max: 0.5, noNaN: true });
const sum = (list: readonly DrawGroup[]): number => list.reduce((total, g) => total + g.images, 0);
const classesOf = (list: readonly DrawGroup[]): Map<number, DrawGroup[]> => {
  const all = new Map<number, DrawGroup[]>();
  for (const g of list) for (const c of g.classes.keys()) if (c !== BACKGROUND) all.set(c, [...(all.get(c) ?? []), g]);
  return all;
};

describe('a drawn validation split', () => {
  it('is the same for the same seed, in whatever order the groups come', () => {
    fc.assert(fc.property(groups, share, fc.string(), (all, s, seed) => {
      expect([...drawGroups(all, s, seed)].sort()).toEqual([...drawGroups([...all].reverse(), s, seed)].sort());
    }));
  });

  it('is never empty and never everything, from two groups on', () => {
    fc.assert(fc.property(groups, share, (all, s) => {
      const { size } = drawGroups(all, s, 'x');
      if (all.length < 2) expect(size).toBe(0);
      else expect(size > 0 && size < all.length).toBe(true);
    }));
  });

  it('shows every class that two groups show', () => {
    fc.assert(fc.property(groups, share, (all, s) => {
      const chosen = drawGroups(all, s, 'x');
      for (const [, showing] of classesOf(all)) if (showing.length > 1) expect(showing.some((g) => chosen.has(g.key))).toBe(true);
    }));
  });

  it('is within one group of the share, except where classes need more', () => {
    fc.assert(fc.property(groups, share, (all, s) => {
      if (all.length < 2) return;
      const chosen = drawGroups(all, s, 'x');
      const taken = all.filter((g) => chosen.has(g.key));
      const rest = all.filter((g) => !chosen.has(g.key));
      const target = Math.max(1, Math.round(s * sum(all)));
      const largest = Math.max(...all.map((g) => g.images));
      if (sum(taken) > target + largest) {
        // Then no group could be spared: each is the only one of a class, or sparing it would leave too few.
        for (const g of taken) {
          const needed = [...g.classes.keys()].some((c) => c !== BACKGROUND && (classesOf(all).get(c)?.length ?? 0) > 1 && taken.filter((o) => o.classes.has(c)).length === 1);
          expect(needed).toBe(true);
        }
      }
      if (sum(taken) < target && rest.length > 1) for (const g of rest) expect(sum(taken) + g.images - target).toBeGreaterThanOrEqual(target - sum(taken));
    }), { numRuns: 400 });
  });

  it('keeps the classes in proportion', () => {
    const all = Array.from({ length: 400 }, (_, i): DrawGroup => ({ key: `g${i}`, images: 1, classes: new Map([[i % 10 === 0 ? 2 : i % 3 === 0 ? 1 : 0, 1]]) }));
    const chosen = drawGroups(all, 0.2, 'project');
    expect(chosen.size).toBe(80);
    const of = (c: number): number => all.filter((g) => g.classes.has(c) && chosen.has(g.key)).length;
    expect([of(0), of(1), of(2)]).toEqual([48, 24, 8]);
  });
});
