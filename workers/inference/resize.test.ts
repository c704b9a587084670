import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { resizeBilinear, roundHalfEven } from './resize.ts';
import { resizePillow } from './resizePillow.ts';

const Fixture = Type.Array(Type.Object({ from: Type.Tuple([Type.Integer(), Type.Integer()]), to: Type.Tuple([Type.Integer(), Type.Integer()]), cv2: Type.String(), pillow: Type.Array(Type.Integer()) }));
const cases = Value.Parse(Fixture, JSON.parse(readFileSync(new URL('./fixtures/resize.json', import.meta.url), 'utf8')));

/** The same pattern as in make_resize_fixtures.py. */
function pattern(width: number, height: number) {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (Math.imul(i + 1, 2_654_435_761) >>> 24) & 255);
  return { data, width, height };
}
const sha = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

describe('resize', () => {
  it.each(cases)('$from → $to: level by level what OpenCV and Pillow give', ({ from, to, cv2, pillow }) => {
    const image = pattern(...from);
    const resized = resizePillow(image, ...to).data;
    expect(sha(resizeBilinear(image, ...to).data)).toBe(cv2);
    // Single roundings may fall the other way: one level of difference is allowed, for few values.
    const differences = pillow.map((level, i) => Math.abs(level - (resized[i] ?? NaN)));
    expect(Math.max(...differences)).toBeLessThanOrEqual(1);
    expect(differences.filter((d) => d > 0).length).toBeLessThanOrEqual(pillow.length / 10);
  });

  it('rounds halves to even, as Python does', () => {
    expect([0.5, 1.5, 2.5, -1.5, 2.4999, 7].map(roundHalfEven)).toEqual([0, 2, 2, -2, 2, 7]);
  });
});
