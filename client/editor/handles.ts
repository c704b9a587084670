import { fromCorners, type Box, type Size } from '#core/geometry/box.ts';
import type { Point } from '#core/geometry/polygon.ts';

/** Which sides of the box a handle moves: −1 left or top, 1 right or bottom, 0 neither. */
export interface Handle {
  readonly x: -1 | 0 | 1;
  readonly y: -1 | 0 | 1;
}

export const HANDLES: readonly Handle[] = [
  { x: -1, y: -1 }, { x: 1, y: -1 }, { x: 1, y: 1 }, { x: -1, y: 1 },
  { x: 0, y: -1 }, { x: 1, y: 0 }, { x: 0, y: 1 }, { x: -1, y: 0 },
];

export function handlePoint([x, y, w, h]: Box, handle: Handle): Point {
  return [x + (w * (handle.x + 1)) / 2, y + (h * (handle.y + 1)) / 2];
}

/** Handles that are drawn and can be grasped: a box that is small on the screen keeps only its corners. `grain` = image px per CSS px. */
export function handlesOf(box: Box, grain: number): readonly Handle[] {
  const corners = HANDLES.slice(0, 4);
  const least = 40 * grain;
  const sides = HANDLES.slice(4).filter((h) => (h.x === 0 ? box[2] : box[3]) >= least);
  return [...corners, ...sides];
}

/** The box after its handle was moved by (dx, dy) image pixels; it may be turned inside out, never leaves the image, never vanishes. */
export function resize(box: Box, handle: Handle, dx: number, dy: number, image: Size): Box {
  const [left, right] = moveSides(box[0], box[0] + box[2], handle.x, dx, image.width);
  const [top, bottom] = moveSides(box[1], box[1] + box[3], handle.y, dy, image.height);
  return fromCorners(left, top, right, bottom);
}

function moveSides(low: number, high: number, side: -1 | 0 | 1, by: number, end: number): readonly [number, number] {
  if (side === 0) return [low, high];
  const moved = clamp((side < 0 ? low : high) + by, 0, end);
  const fixed = side < 0 ? high : low;
  if (Math.abs(moved - fixed) >= MIN_SIDE) return side < 0 ? [moved, fixed] : [fixed, moved];
  const kept = fixed + MIN_SIDE * (moved < fixed || (moved === fixed && side < 0) ? -1 : 1);
  return side < 0 ? [kept, fixed] : [fixed, kept];
}

/** Smaller than a pixel is nothing that anybody can mean. */
export const MIN_SIDE = 1;

/** The box moved by (dx, dy), kept whole within the image. */
export function move(box: Box, dx: number, dy: number, image: Size): Box {
  const [x, y, w, h] = box;
  return [clamp(x + dx, Math.min(0, x), Math.max(x, image.width - w)), clamp(y + dy, Math.min(0, y), Math.max(y, image.height - h)), w, h];
}

/** The box moved, or its right and bottom edge alone (`size`): that never passes the other side, as a dragged handle may. */
export function nudged(box: Box, { dx, dy, size }: { readonly dx: number; readonly dy: number; readonly size: boolean }, image: Size): Box {
  if (!size) return move(box, dx, dy, image);
  const within = (side: number, by: number): number => Math.max(by, Math.min(0, MIN_SIDE - side));
  return resize(box, { x: dx === 0 ? 0 : 1, y: dy === 0 ? 0 : 1 }, within(box[2], dx), within(box[3], dy), image);
}

/** The box between two points, cut at the image's border; null when nothing that counts is left. */
export function boxBetween(a: Point, b: Point, image: Size): Box | null {
  const box = fromCorners(clamp(a[0], 0, image.width), clamp(a[1], 0, image.height), clamp(b[0], 0, image.width), clamp(b[1], 0, image.height));
  return box[2] >= MIN_SIDE && box[3] >= MIN_SIDE ? box : null;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
