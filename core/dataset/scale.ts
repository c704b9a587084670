import type { Size } from '#core/geometry/box.ts';
import type { Point } from '#core/geometry/polygon.ts';

/** From shares of width and height (0…1) to pixels. */
export function fromNormalised(x: number, y: number, size: Size): Point {
  return [x * size.width, y * size.height];
}

/** From pixels to shares of width and height (0…1). */
export function toNormalised(x: number, y: number, size: Size): Point {
  return [x / size.width, y / size.height];
}
