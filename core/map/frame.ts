/** The map's own coordinates: whole numbers, so that a hundred thousand places are four bytes each. */

/** Places are 0…SIDE in both directions. */
export const SIDE = 65_535;
/** Free at each border, so that no point is cut. */
const MARGIN = 0.02;

/** Fits places (pairwise) into the frame, both directions by the same scale; a single place lies in the middle. */
export function toFrame(xy: Float32Array): { x: Uint16Array; y: Uint16Array } {
  const count = xy.length / 2;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < count; i++) {
    left = Math.min(left, xy[2 * i] ?? 0);
    right = Math.max(right, xy[2 * i] ?? 0);
    top = Math.min(top, xy[2 * i + 1] ?? 0);
    bottom = Math.max(bottom, xy[2 * i + 1] ?? 0);
  }
  const scale = (SIDE * (1 - 2 * MARGIN)) / (Math.max(right - left, bottom - top) || 1);
  const place = (value: number, low: number, high: number): number => Math.round(SIDE / 2 + (value - (low + high) / 2) * scale);
  return {
    x: Uint16Array.from({ length: count }, (_, i) => place(xy[2 * i] ?? 0, left, right)),
    y: Uint16Array.from({ length: count }, (_, i) => place(xy[2 * i + 1] ?? 0, top, bottom)),
  };
}
