import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAP_STATUS, NO_CLASS, NOT_KNOWN, type MapFacets } from '#core/api/map.ts';
import type { Point } from '#core/geometry/polygon.ts';
import { pointInPolygon } from '#core/geometry/polygon.ts';
import { colour, COLOURINGS, rgbOf } from './colouring.ts';
import { chains, combine, groupsOf, nearestPoint, typicalOf, within } from './places.ts';
import { unpackFacets, unpackPoints, WORLD, type Facets } from './unpack.ts';

const coordinate = fc.double({ min: 0, max: WORLD, noNaN: true }).map(Math.fround);
const xys = fc.array(fc.tuple(coordinate, coordinate), { maxLength: 60 }).map((all) => Float32Array.from(all.flat()));
const ring: fc.Arbitrary<Point[]> = fc.array(fc.tuple(coordinate, coordinate), { minLength: 3, maxLength: 12 });
const base64 = (values: Uint8Array): string => btoa(String.fromCharCode(...values));
const uint16 = (...values: number[]): string => base64(Uint8Array.from(values.flatMap((v) => [v & 255, v >> 8])));
const uint32 = (...values: number[]): string => base64(Uint8Array.from(values.flatMap((v) => [v & 255, (v >> 8) & 255, (v >> 16) & 255, v >>> 24])));

describe('a lasso', () => {
  it('holds exactly the points within its ring, in their order', () => {
    fc.assert(fc.property(xys, ring, (xy, lasso) => {
      const found = within(xy, lasso);
      const all = Array.from({ length: xy.length / 2 }, (_, i) => i);
      expect(found).toEqual(all.filter((i) => pointInPolygon(lasso, [xy[2 * i] ?? 0, xy[2 * i + 1] ?? 0])));
    }));
  });

  it('around everything selects everything, and of no size nothing', () => {
    fc.assert(fc.property(xys, (xy) => {
      expect(within(xy, [[-1, -1], [WORLD + 1, -1], [WORLD + 1, WORLD + 1], [-1, WORLD + 1]])).toHaveLength(xy.length / 2);
      expect(within(xy, [[5, 5], [5, 5], [5, 5]])).toEqual([]);
      expect(within(xy, [])).toEqual([]);
    }));
  });

  it('adds and takes away as sets do', () => {
    const set = fc.uniqueArray(fc.nat(20)).map((all) => new Set(all));
    fc.assert(fc.property(set, set, (had, drawn) => {
      expect(combine(had, drawn, 'replace')).toEqual(drawn);
      expect(combine(had, drawn, 'add')).toEqual(new Set([...had, ...drawn]));
      expect(combine(had, drawn, 'remove')).toEqual(new Set([...had].filter((n) => !drawn.has(n))));
    }));
  });
});

describe('finding points', () => {
  it('under the pointer: none is nearer, and none beyond reach', () => {
    fc.assert(fc.property(xys, fc.tuple(coordinate, coordinate), fc.double({ min: 0, max: 300, noNaN: true }), (xy, at, reach) => {
      const found = nearestPoint(xy, at, reach);
      const far = (i: number): number => Math.hypot((xy[2 * i] ?? 0) - at[0], (xy[2 * i + 1] ?? 0) - at[1]);
      const least = Math.min(Infinity, ...Array.from({ length: xy.length / 2 }, (_, i) => far(i)));
      if (found === null) expect(least).toBeGreaterThan(reach - 1e-6);
      else expect(far(found)).toBeCloseTo(least, 6);
    }));
  });

  it('by groups: each once, the largest first; a chain joins each group whole', () => {
    expect(groupsOf(Uint16Array.of(2, 0, 1, 2, 1, 2))).toEqual([[0, 3, 5], [2, 4]]);
    fc.assert(fc.property(fc.array(fc.nat(4), { maxLength: 30 }), (numbers) => {
      const groups = groupsOf(Uint32Array.from(numbers));
      expect(groups.flat().toSorted((a, b) => a - b)).toEqual([...numbers.keys()].filter((i) => numbers[i] !== 0));
      const xy = Float32Array.from(numbers.flatMap((n, i) => [(i * 37) % 11, n]));
      expect(chains(xy, groups)).toHaveLength(groups.reduce((sum, group) => sum + group.length - 1, 0));
    }));
    expect(typicalOf(Float32Array.of(0, 0, 10, 0, 5, 1), [0, 1, 2], 1)).toEqual([2]);
  });
});

describe('colours', () => {
  const facets: Facets = {
    key: 'k', status: Uint8Array.of(1, 1, 2, 6), split: Uint8Array.of(0, 0, 1, 2), tasks: Uint8Array.of(1, 3, 0, 0), class: Uint16Array.of(0, 3, NO_CLASS, 77), unsure: Uint8Array.of(10, 200, NOT_KNOWN, 90), alike: Uint32Array.of(0, 0, 0, 0),
  };
  const classes = [{ index: 0, name: 'Chip', color: '#e69f00', key: null, retired: false, mergedInto: null }, { index: 3, name: 'Void', color: '#56b4e9', key: null, retired: false, mergedInto: null }];

  it.each(COLOURINGS)('by %s: every point has an entry, and the entries count every point', (by) => {
    const { inks, entries } = colour(by, facets, classes);
    expect([...inks].every((ink) => ink < entries.length)).toBe(true);
    expect(entries.reduce((sum, entry) => sum + entry.count, 0)).toBe(4);
  });

  it('name what they stand for; a class that is gone counts as none; more unsure is further up', () => {
    expect(colour('status', facets, []).entries.map((e) => [e.label, e.count]).filter(([, n]) => n !== 0)).toEqual([['to correct', 2], ['corrected', 1], ['excluded', 1]]);
    expect(colour('class', facets, classes).entries.map((e) => [e.label, e.count])).toEqual([['Chip', 1], ['Void', 1], ['no object', 2]]);
    const { inks } = colour('unsure', facets, classes);
    expect((inks[0] ?? 9) < (inks[3] ?? 0) && (inks[3] ?? 9) < (inks[1] ?? 0)).toBe(true);
    expect(inks[2]).toBe(5);
  });

  it('are read as the browser tells them', () => {
    expect(rgbOf('rgb(255, 0, 51)')).toEqual([1, 0, 0.2]);
    expect(rgbOf('rgba(255, 0, 51, 0.5)')).toEqual([1, 0, 0.2]);
    expect(rgbOf('#ff0033')).toEqual([1, 0, 0.2]);
  });
});

describe('what the server packs', () => {
  it('is unpacked in its order', () => {
    const points = unpackPoints({ format: 'emend-map-1', ids: 'a b', x: uint16(0, 65_535), y: uint16(65_535, 0), cluster: uint16(1, 300), odd: [1] });
    expect(points).toEqual({ ids: ['a', 'b'], xy: Float32Array.of(0, WORLD, WORLD, 0), cluster: Uint16Array.of(1, 300), odd: [1] });
    expect(unpackPoints({ format: 'emend-map-1', ids: '', x: '', y: '', cluster: '', odd: [] }).ids).toEqual([]);
    const packed: MapFacets = { key: 'k', status: base64(Uint8Array.of(1, 2)), split: base64(Uint8Array.of(0, 1)), tasks: base64(Uint8Array.of(3, 0)), class: uint16(65_535, 2), unsure: base64(Uint8Array.of(255, 0)), alike: uint32(70_000, 0) };
    const facets = unpackFacets(packed);
    expect([...facets.alike]).toEqual([70_000, 0]);
    expect([...facets.class]).toEqual([NO_CLASS, 2]);
    expect(MAP_STATUS[facets.status[0] ?? 0]).toBe('predicted');
  });
});
