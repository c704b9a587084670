import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Box } from '#core/geometry/box.ts';
import { placeTags } from './tagPlaces.ts';

const view = { cx: 500, cy: 400, zoom: 1, width: 1000, height: 800 };
const box = (x: number, y: number, w = 40, h = 30): Box => [x, y, w, h];

it('writes above a box, and below where words stand already or the edge is near', () => {
  const [alone] = placeTags([{ text: 'Void .40 !', box: box(100, 100), must: false }], view);
  expect(alone).toEqual([100, 79]);
  const [first, second] = placeTags([{ text: 'Void .40 !', box: box(100, 100), must: false }, { text: 'Void .36 !', box: box(104, 102), must: false }], view);
  expect(first).toEqual([100, 79]);
  expect(second?.[1], 'below its box').toBe(135);
  expect(placeTags([{ text: 'Chip', box: box(100, 2), must: false }], view)[0]?.[1]).toBe(35);
});

it('never covers words with words, except for the selected and the hovered', () => {
  const tag = fc.record({ x: fc.double({ min: -100, max: 1000, noNaN: true }), y: fc.double({ min: -100, max: 800, noNaN: true }), w: fc.double({ min: 14, max: 300, noNaN: true }), must: fc.boolean() });
  fc.assert(fc.property(fc.array(tag, { maxLength: 60 }), (all) => {
    const tags = all.map(({ x, y, w, must }) => ({ text: 'Void .40 !', box: box(x, y, w, w), must }));
    const places = placeTags(tags, view);
    tags.forEach((t, i) => { if (t.must) expect(places[i]).not.toBeNull(); });
    const weak = places.filter((_, i) => !tags[i]?.must).flatMap((p) => (p ? [p] : []));
    for (const [i, a] of weak.entries()) for (const b of weak.slice(i + 1)) expect(Math.abs(a[0] - b[0]) >= 14 + 66 || Math.abs(a[1] - b[1]) >= 19).toBe(true);
  }));
});
