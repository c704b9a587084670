import type { Region } from './contour.ts';
import type { Point, Polygon } from './polygon.ts';

/**
 * One ring out of several, for formats that allow a single polygon per object (a row of YOLO segmentation): parts and holes are
 * joined by bridges of zero width, walked once in each direction, at the pair of nearest points. Filled with the even-odd rule the
 * result equals the rings filled together.
 */
export function joinRings(rings: readonly Polygon[]): Polygon {
  const [first, ...rest] = rings.filter((ring) => ring.length >= 3);
  if (!first) return [];
  return rest.reduce<Polygon>((joined, ring) => bridge(joined, ring), first);
}

/** All rings of regions, outlines before their holes, ready for {@link joinRings} or for filling. */
export function ringsOf(regions: readonly Region[]): Polygon[] {
  return regions.flatMap(({ outline, holes }) => [outline, ...holes]);
}

function bridge(a: Polygon, b: Polygon): Polygon {
  const [i, j] = nearestPair(a, b);
  const [from, to] = [a[i], b[j]];
  if (!from || !to) return a;
  return [...a.slice(0, i + 1), ...b.slice(j), ...b.slice(0, j + 1), from, ...a.slice(i + 1)];
}

function nearestPair(a: Polygon, b: Polygon): [number, number] {
  let best: [number, number] = [0, 0];
  let shortest = Infinity;
  for (const [i, p] of a.entries()) {
    for (const [j, q] of b.entries()) {
      const distance = squared(p, q);
      if (distance < shortest) [shortest, best] = [distance, [i, j]];
    }
  }
  return best;
}

function squared(p: Point, q: Point): number {
  return (p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2;
}
