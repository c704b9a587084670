import { expect, it } from 'vitest';
import { FACE_COLORS } from '#core/team/faces.ts';
import { FACE_PALETTE, faceColor } from './faceColor.ts';

const INK = '#14171b';

function linear(hex: string): [number, number, number] {
  const channel = (at: number): number => {
    const v = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}
/** Björn Ottosson, "A perceptual color space for image processing" (2020). */
function oklab(hex: string): [number, number, number] {
  const [r, g, b] = linear(hex);
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s, 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s];
}
const luminance = (hex: string): number => { const [r, g, b] = linear(hex); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const contrast = (a: string, b: string): number => { const [low = 0, high = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y); return (high + 0.05) / (low + 0.05); };

it('there are as many as the server gives out, told apart and legible under dark letters', () => {
  expect(FACE_PALETTE).toHaveLength(FACE_COLORS);
  for (const [i, color] of FACE_PALETTE.entries()) {
    expect([color, contrast(color, INK) >= 4.5]).toEqual([color, true]);
    for (const other of FACE_PALETTE.slice(0, i)) {
      const [a, b] = [oklab(color), oklab(other)];
      expect([color, other, Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]) > 0.11]).toEqual([color, other, true]);
    }
  }
});

it('somebody unknown is grey, not somebody else', () => {
  expect(FACE_PALETTE).not.toContain(faceColor(null));
  expect(faceColor({ color: 1, letters: 'AK' })).toBe(FACE_PALETTE[1]);
});
