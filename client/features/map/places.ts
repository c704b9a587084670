/** Finding points: in a lasso, under the pointer, in a cluster, among their like. Pure; a scan of a hundred thousand takes a millisecond. */
import { pointInPolygon, polygonBox, type Point, type Polygon } from '#core/geometry/polygon.ts';

/** Indices of the points within a ring, in their order. */
export function within(xy: Float32Array, ring: Polygon): number[] {
  const box = polygonBox([ring]);
  if (!box) return [];
  const [left, top, w, h] = box;
  const found: number[] = [];
  for (let i = 0; i < xy.length / 2; i++) {
    const [x, y] = [xy[2 * i] ?? 0, xy[2 * i + 1] ?? 0];
    if (x >= left && x <= left + w && y >= top && y <= top + h && pointInPolygon(ring, [x, y])) found.push(i);
  }
  return found;
}

/** The point nearest to a place, at most `reach` away; null = none. Of equally near ones the later, which is drawn on top. */
export function nearestPoint(xy: Float32Array, [x, y]: Point, reach: number): number | null {
  let best: number | null = null;
  let least = reach * reach;
  for (let i = 0; i < xy.length / 2; i++) {
    const square = ((xy[2 * i] ?? 0) - x) ** 2 + ((xy[2 * i + 1] ?? 0) - y) ** 2;
    if (square <= least) {
      least = square;
      best = i;
    }
  }
  return best;
}

/** Points by their number, without those of number 0; the largest group first. */
export function groupsOf(numbers: Uint16Array | Uint32Array): number[][] {
  const groups = new Map<number, number[]>();
  for (const [point, number] of numbers.entries()) {
    if (number === 0) continue;
    const group = groups.get(number);
    if (group) group.push(point);
    else groups.set(number, [point]);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length || (a[0] ?? 0) - (b[0] ?? 0));
}

/** Lines that join each group: from each point to the next one from left to right, so that a film of near-duplicates is a chain and no star. */
export function chains(xy: Float32Array, groups: readonly (readonly number[])[]): [number, number][] {
  return groups.flatMap((group) => {
    const order = [...group].sort((a, b) => (xy[2 * a] ?? 0) - (xy[2 * b] ?? 0) || a - b);
    return order.slice(1).map((point, i): [number, number] => [order[i] ?? point, point]);
  });
}

/** The points nearest to the middle of a group: what it looks like. */
export function typicalOf(xy: Float32Array, group: readonly number[], count: number): number[] {
  const middle = [0, 1].map((d) => group.reduce((sum, point) => sum + (xy[2 * point + d] ?? 0), 0) / Math.max(1, group.length));
  const far = (point: number): number => Math.hypot((xy[2 * point] ?? 0) - (middle[0] ?? 0), (xy[2 * point + 1] ?? 0) - (middle[1] ?? 0));
  return [...group].sort((a, b) => far(a) - far(b) || a - b).slice(0, count);
}

export type Combine = 'replace' | 'add' | 'remove';

export function combine(selected: ReadonlySet<number>, points: Iterable<number>, how: Combine): Set<number> {
  const next = new Set(how === 'replace' ? [] : selected);
  for (const point of points) {
    if (how === 'remove') next.delete(point);
    else next.add(point);
  }
  return next;
}
