import { Type, type Static } from 'typebox';
import { fromCorners, type Box } from './box.ts';

const coordinate = Type.Number({ minimum: -1_000_000, maximum: 1_000_000 });
export const PointSchema = Type.Immutable(Type.Tuple([coordinate, coordinate]));
export const PolygonSchema = Type.Immutable(Type.Array(PointSchema, { maxItems: 20_000 }));

/** `[x, y]` in image pixels; pixel (0, 0) covers 0…1 in both directions, its centre is (0.5, 0.5). */
export type Point = Static<typeof PointSchema>;

/** A closed ring of points; the last is joined to the first and not repeated. */
export type Polygon = Static<typeof PolygonSchema>;

/** Signed area in square pixels (shoelace): positive when the ring runs clockwise on the screen (y down). */
export function signedArea(polygon: Polygon): number {
  let twice = 0;
  let previous = polygon[polygon.length - 1];
  for (const point of polygon) {
    if (previous) twice += previous[0] * point[1] - point[0] * previous[1];
    previous = point;
  }
  return twice / 2;
}

/** Area in square pixels, always ≥ 0; parts that a self-crossing ring winds around twice count twice. */
export function polygonArea(polygon: Polygon): number {
  return Math.abs(signedArea(polygon));
}

/** The bounding box of all rings, or null without points. */
export function polygonBox(rings: readonly Polygon[]): Box | null {
  let [x1, y1, x2, y2] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of rings.flat()) {
    x1 = Math.min(x1, x);
    y1 = Math.min(y1, y);
    x2 = Math.max(x2, x);
    y2 = Math.max(y2, y);
  }
  return x1 === Infinity ? null : fromCorners(x1, y1, x2, y2);
}

/** Whether a point lies within the ring, by the even-odd rule; a point exactly on an edge may count either way. Source: Franklin, PNPOLY, 1970. */
export function pointInPolygon(polygon: Polygon, [x, y]: Point): boolean {
  let inside = false;
  let previous = polygon[polygon.length - 1];
  for (const point of polygon) {
    if (previous && point[1] > y !== previous[1] > y && x < ((previous[0] - point[0]) * (y - point[1])) / (previous[1] - point[1]) + point[0]) inside = !inside;
    previous = point;
  }
  return inside;
}
