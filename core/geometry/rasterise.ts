import { pixelBounds, type Box, type Size } from './box.ts';
import { polygonBox, type Polygon } from './polygon.ts';
import { encodeWindow, type Rle } from './rle.ts';

/** `evenodd`: inside = crossed an odd number of times. `nonzero`: inside = wound around at all. */
export type FillRule = 'evenodd' | 'nonzero';

interface Crossing {
  readonly x: number;
  readonly direction: 1 | -1;
}

/** A row-major bitmap of 0 and 1 of the whole image; see {@link rasteriseWindow}. */
export function rasterise(rings: readonly Polygon[], size: Size, rule: FillRule = 'evenodd'): Uint8Array {
  return fill(rings, [0, 0, size.width, size.height], rule);
}

/**
 * Fills rings by scanlines through the pixel centres: a pixel is set when its centre is inside; a centre exactly on an edge belongs
 * to the shape on its right or below, so that neighbours that share an edge neither overlap nor leave a gap.
 * Only the window around the rings is made: `window` is `[x, y, width, height]` in whole pixels (1 × 1 at the origin when empty).
 */
export function rasteriseWindow(rings: readonly Polygon[], size: Size, rule: FillRule): { bitmap: Uint8Array; window: Box } {
  const bounds = polygonBox(rings);
  const window = (bounds && pixelBounds(bounds, size)) ?? [0, 0, 1, 1];
  return { bitmap: fill(rings, window, rule), window };
}

/**
 * The mask of one or several rings, parts outside the image cut off. A pixel is set when its **centre** lies inside.
 * Even-odd by default, so that holes need no orientation; give `nonzero` for overlapping parts that mean their union.
 */
export function polygonToRle(rings: readonly Polygon[], size: Size, rule: FillRule = 'evenodd'): Rle {
  const { bitmap, window } = rasteriseWindow(rings, size, rule);
  return encodeWindow(bitmap, window, size);
}

function fill(rings: readonly Polygon[], [x0, y0, w, h]: Box, rule: FillRule): Uint8Array {
  const bitmap = new Uint8Array(w * h);
  const rows = crossingsByRow(rings, y0, h);
  for (const [row, crossings] of rows.entries()) {
    crossings.sort((a, b) => a.x - b.x);
    let winding = 0;
    for (const [i, { x, direction }] of crossings.entries()) {
      winding += rule === 'evenodd' ? 1 : direction;
      const inside = rule === 'evenodd' ? winding % 2 === 1 : winding !== 0;
      const next = crossings[i + 1];
      if (!inside || next === undefined) continue;
      const from = Math.max(0, Math.ceil(x - 0.5) - x0);
      const to = Math.min(w, Math.ceil(next.x - 0.5) - x0);
      if (to > from) bitmap.fill(1, row * w + from, row * w + to);
    }
  }
  return bitmap;
}

/** For each of `height` rows from `y0`, where the rings cross the line through its pixel centres. */
function crossingsByRow(rings: readonly Polygon[], y0: number, height: number): Crossing[][] {
  const rows: Crossing[][] = Array.from({ length: height }, () => []);
  for (const ring of rings) {
    let from = ring[ring.length - 1];
    for (const to of ring) {
      if (from && from[1] !== to[1]) {
        const direction = to[1] > from[1] ? 1 : -1;
        const [top, bottom] = direction === 1 ? [from, to] : [to, from];
        const first = Math.max(0, Math.ceil(top[1] - 0.5) - y0);
        const last = Math.min(height, Math.ceil(bottom[1] - 0.5) - y0);
        const slope = (bottom[0] - top[0]) / (bottom[1] - top[1]);
        for (let row = first; row < last; row++) rows[row]?.push({ x: top[0] + (y0 + row + 0.5 - top[1]) * slope, direction });
      }
      from = to;
    }
  }
  return rows;
}
