import type { Box } from '#core/geometry/box.ts';
import type { Point } from '#core/geometry/polygon.ts';
import { handlePoint, handlesOf, type Handle } from './handles.ts';
import type { Shape } from './shapes.ts';

/** CSS pixels around an edge or a handle that still count as it. */
export const EDGE_REACH = 5;
export const HANDLE_REACH = 8;

export type Part = { readonly kind: 'handle'; readonly handle: Handle } | { readonly kind: 'edge' } | { readonly kind: 'inside' };

/** Which part of a box lies under a point. `grain` = image pixels per CSS pixel. */
export function partAt(box: Box, point: Point, grain: number, withHandles: boolean): Part | null {
  if (withHandles) {
    const handle = nearestHandle(box, point, grain);
    if (handle) return { kind: 'handle', handle };
  }
  const reach = EDGE_REACH * grain;
  const [x, y, w, h] = box;
  const outside = Math.max(x - point[0], point[0] - x - w, y - point[1], point[1] - y - h);
  if (outside > reach) return null;
  // On a small box the inner half of the edge must leave room for an inside.
  const inner = Math.min(reach, Math.min(w, h) / 4);
  return outside >= -inner ? { kind: 'edge' } : { kind: 'inside' };
}

function nearestHandle(box: Box, point: Point, grain: number): Handle | null {
  let best: Handle | null = null;
  let least = HANDLE_REACH * grain;
  for (const handle of handlesOf(box, grain)) {
    const [hx, hy] = handlePoint(box, handle);
    const distance = Math.max(Math.abs(point[0] - hx), Math.abs(point[1] - hy));
    if (distance <= least) [best, least] = [handle, distance];
  }
  return best;
}

/**
 * The shape that a click at a point means: of those whose edge or inside it touches the smallest one, so that a `Void` in a `Chip` can
 * be reached. Ghosts are not there to be clicked; a rejected one gives way to a live one of any size.
 */
export function shapeAt(shapes: readonly Shape[], point: Point, grain: number): Shape | null {
  let best: Shape | null = null;
  let rank = Infinity;
  for (const shape of shapes) {
    if (shape.state === 'ghost') continue;
    const part = partAt(shape.box, point, grain, false);
    if (!part) continue;
    const size = (shape.box[2] * shape.box[3] + 1) * (shape.state === 'rejected' ? 1e9 : 1);
    if (size <= rank) [best, rank] = [shape, size];
  }
  return best;
}
