import type { Box, Size } from '#core/geometry/box.ts';
import type { Point } from '#core/geometry/polygon.ts';
import { MAX_ZOOM } from '#core/protocol.ts';

/** What part of the image the canvas shows: image point at the canvas' centre, CSS pixels per image pixel, canvas size in CSS pixels. */
export interface Viewport extends Size {
  readonly cx: number;
  readonly cy: number;
  readonly zoom: number;
}

export { MAX_ZOOM };
/** From here on pixels are shown as squares, not smoothed. */
export const SHARP_ZOOM = 4;

export function toImage(view: Viewport, [sx, sy]: Point): Point {
  return [view.cx + (sx - view.width / 2) / view.zoom, view.cy + (sy - view.height / 2) / view.zoom];
}

export function toScreen(view: Viewport, [x, y]: Point): Point {
  return [(x - view.cx) * view.zoom + view.width / 2, (y - view.cy) * view.zoom + view.height / 2];
}

/** The zoom at which the whole image is seen with a margin of CSS pixels around it. */
export function fitZoom(size: Size, image: Size, margin = 28): number {
  const across = Math.max(40, size.width - 2 * margin) / image.width;
  const down = Math.max(40, size.height - 2 * margin) / image.height;
  return Math.min(across, down, MAX_ZOOM);
}

export function fit(size: Size, image: Size): Viewport {
  return { width: size.width, height: size.height, cx: image.width / 2, cy: image.height / 2, zoom: fitZoom(size, image) };
}

/** Half of "fit" is as far out as anybody needs to go. */
export function clampZoom(view: Size, image: Size, zoom: number): number {
  const least = Math.min(1, fitZoom(view, image) / 2);
  return Math.min(MAX_ZOOM, Math.max(least, zoom));
}

/** Zooms by a factor; the image point under the screen point stays where it is. */
export function zoomAt(view: Viewport, image: Size, screen: Point, factor: number): Viewport {
  const zoom = clampZoom(view, image, view.zoom * factor);
  const [x, y] = toImage(view, screen);
  return { ...view, zoom, cx: x - (screen[0] - view.width / 2) / zoom, cy: y - (screen[1] - view.height / 2) / zoom };
}

/** Moves the picture by CSS pixels; its centre never moves further away than the image's border. */
export function panBy(view: Viewport, image: Size, dx: number, dy: number): Viewport {
  return {
    ...view,
    cx: between(Math.min(0, view.cx), view.cx - dx / view.zoom, Math.max(image.width, view.cx)),
    cy: between(Math.min(0, view.cy), view.cy - dy / view.zoom, Math.max(image.height, view.cy)),
  };
}

/** The same place of the image in a canvas of another size; a fitted picture stays fitted. */
export function resized(view: Viewport, image: Size, size: Size): Viewport {
  const wasFit = Math.abs(view.zoom - fitZoom(view, image)) < 1e-6;
  return wasFit ? fit(size, image) : { ...view, width: size.width, height: size.height };
}

/** Whether the whole box could be seen at this zoom. */
export function fitsIn(view: Viewport, [, , w, h]: Box): boolean {
  return w * view.zoom < view.width - 48 && h * view.zoom < view.height - 48;
}

/** A box of whole pixels in the middle of what is seen of the image, a sixth of that in size. */
export function middleBox(view: Viewport, image: Size): Box {
  const across = middlePart(view.cx, view.width / view.zoom, image.width);
  const down = middlePart(view.cy, view.height / view.zoom, image.height);
  return [across.from, down.from, across.size, down.size];
}

function middlePart(centre: number, seen: number, end: number): { from: number; size: number } {
  const [low, high] = [Math.max(0, centre - seen / 2), Math.min(end, centre + seen / 2)];
  const size = Math.max(1, Math.round((high - low) / 6));
  return { from: between(0, Math.round((low + high - size) / 2), Math.max(0, end - size)), size };
}

/** Moves (and zooms, when the box would be too small to judge) just enough for the box to be seen. */
export function reveal(view: Viewport, image: Size, box: Box): Viewport {
  const [x, y, w, h] = box;
  const least = 8;
  const tooSmall = Math.max(w, h) * view.zoom < least;
  const zoomed = tooSmall ? { ...view, zoom: clampZoom(view, image, (3 * least) / Math.max(w, h, 1)) } : view;
  const margin = 24 / zoomed.zoom;
  const halfW = zoomed.width / 2 / zoomed.zoom - margin;
  const halfH = zoomed.height / 2 / zoomed.zoom - margin;
  return { ...zoomed, cx: towards(zoomed.cx, x, x + w, halfW), cy: towards(zoomed.cy, y, y + h, halfH) };
}

/** The box in the middle, with its own size of surroundings on each side; never closer than its pixels can be judged in. */
export function closeUp(view: Viewport, image: Size, box: Box): Viewport {
  const [x, y, w, h] = box;
  const across = view.width / (3 * Math.max(w, 1));
  const down = view.height / (3 * Math.max(h, 1));
  const zoom = Math.max(fitZoom(view, image), Math.min(across, down, 2 * SHARP_ZOOM));
  return { ...view, cx: x + w / 2, cy: y + h / 2, zoom: clampZoom(view, image, zoom) };
}

/** The nearest centre from which `from…to` is within `half` of it; the middle when it does not fit. */
function towards(centre: number, from: number, to: number, half: number): number {
  if (to - from > 2 * half) return (from + to) / 2;
  return between(to - half, centre, from + half);
}

function between(least: number, value: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
