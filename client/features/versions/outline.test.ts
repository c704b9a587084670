import { describe, expect, it } from 'vitest';
import { encode } from '#core/geometry/rle.ts';
import { cropAround, outlinePath } from './outline.ts';

describe('an outline', () => {
  it('follows the edges of the pixels that are set, in image pixels', () => {
    const bitmap = new Uint8Array(6 * 5);
    for (const at of [1 * 6 + 2, 1 * 6 + 3, 2 * 6 + 2, 2 * 6 + 3]) bitmap[at] = 1;
    expect(outlinePath(encode(bitmap, { width: 6, height: 5 }))).toBe('M4 1L4 3L2 3L2 1Z');
    expect(outlinePath(encode(new Uint8Array(30), { width: 6, height: 5 }))).toBe('');
  });
});

describe('the crop around a change', () => {
  const at = (box: [number, number, number, number]) => ({ id: 'a', source: 'baseline' as const, class: 0, box });
  it('holds both places, square, never closer than the picture allows', () => {
    expect(cropAround({ before: at([0, 0, 100, 50]), after: at([100, 0, 100, 50]) })).toEqual([-60, -135, 320, 320]);
    expect(cropAround({ before: null, after: at([10, 10, 4, 4]) })).toEqual([-12, -12, 48, 48]);
  });
});
