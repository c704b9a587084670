import { intersect, pixelBounds, type Box, type Size } from './box.ts';
import { polygonBox, type Point } from './polygon.ts';
import { emptyRle, encodeWindow, type Rle } from './rle.ts';

/**
 * What a round brush covers along a line of points: every pixel whose **centre** lies within half the diameter of the line. A brush smaller than a
 * pixel still sets the pixels that the points lie in. Parts outside the picture are cut off. Diameter in image pixels.
 */
export function strokeToRle(points: readonly Point[], diameter: number, size: Size): Rle {
  const around = polygonBox([points]);
  const radius = diameter / 2;
  const window = around && pixelBounds([around[0] - radius - 1, around[1] - radius - 1, around[2] + diameter + 2, around[3] + diameter + 2], size);
  if (!window) return emptyRle(size);
  const bitmap = new Uint8Array(window[2] * window[3]);
  let from = points[0];
  for (const to of points) {
    if (from) cover(bitmap, window, from, to, radius);
    const [x, y] = [Math.floor(to[0]) - window[0], Math.floor(to[1]) - window[1]];
    if (x >= 0 && y >= 0 && x < window[2] && y < window[3]) bitmap[y * window[2] + x] = 1;
    from = to;
  }
  return encodeWindow(bitmap, window, size);
}

/** Sets the pixels near one piece of the line. */
function cover(bitmap: Uint8Array, window: Box, a: Point, b: Point, radius: number): void {
  const [left, top] = [Math.min(a[0], b[0]) - radius, Math.min(a[1], b[1]) - radius];
  const reach = intersect([Math.floor(left), Math.floor(top), Math.ceil(Math.abs(a[0] - b[0]) + 2 * radius) + 2, Math.ceil(Math.abs(a[1] - b[1]) + 2 * radius) + 2], window);
  if (!reach) return;
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = dx * dx + dy * dy;
  for (let y = reach[1]; y < reach[1] + reach[3]; y++) {
    for (let x = reach[0]; x < reach[0] + reach[2]; x++) {
      const [px, py] = [x + 0.5 - a[0], y + 0.5 - a[1]];
      const t = length === 0 ? 0 : Math.max(0, Math.min(1, (px * dx + py * dy) / length));
      if ((px - t * dx) ** 2 + (py - t * dy) ** 2 <= radius * radius) bitmap[(y - window[1]) * window[2] + x - window[0]] = 1;
    }
  }
}
