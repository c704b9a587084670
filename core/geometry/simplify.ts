import type { Point, Polygon } from './polygon.ts';

/**
 * Douglas–Peucker on a closed ring: leaves out points that lie within `tolerance` pixels of the line that remains. The ring is cut at
 * its first point and at the point farthest from it. Rings that would fall below three points come back unchanged.
 */
export function simplify(polygon: Polygon, tolerance: number): Polygon {
  const [first] = polygon;
  if (!first || polygon.length <= 3 || tolerance <= 0) return polygon;
  const far = farthest(polygon, (p) => (p[0] - first[0]) ** 2 + (p[1] - first[1]) ** 2, 1, polygon.length).index;
  const closed = [...polygon, first];
  const keep = new Set([0, far]);
  for (const span of [[0, far], [far, polygon.length]] as const) markKept(closed, span, tolerance, keep);
  const kept = polygon.filter((_, i) => keep.has(i));
  return kept.length >= 3 ? kept : polygon;
}

function markKept(points: readonly Point[], span: readonly [number, number], tolerance: number, keep: Set<number>): void {
  const open: (readonly [number, number])[] = [span]; // a stack of our own: rings of 10 000 points would overflow recursion
  for (let next = open.pop(); next; next = open.pop()) {
    const [from, to] = next;
    const [a, b] = [points[from], points[to]];
    if (!a || !b || to - from < 2) continue;
    const { index, value } = farthest(points, (p) => squaredDistance(p, a, b), from + 1, to);
    if (value <= tolerance * tolerance) continue;
    keep.add(index);
    open.push([from, index], [index, to]);
  }
}

function farthest(points: readonly Point[], measure: (p: Point) => number, from: number, to: number): { index: number; value: number } {
  let best = { index: from, value: -1 };
  for (let i = from; i < to; i++) {
    const point = points[i];
    const value = point ? measure(point) : -1;
    if (value > best.value) best = { index: i, value };
  }
  return best;
}

/** Squared distance of a point from the segment a–b. */
function squaredDistance(p: Point, a: Point, b: Point): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length));
  return (p[0] - a[0] - t * dx) ** 2 + (p[1] - a[1] - t * dy) ** 2;
}
