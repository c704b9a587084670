import type { Region } from './contour.ts';
import type { Point, Polygon } from './polygon.ts';

/** All rings of regions, outlines before their holes, ready for {@link joinRings} or for filling. */
export function ringsOf(regions: readonly Region[]): Polygon[] {
  return regions.flatMap(({ outline, holes }) => [outline, ...holes]);
}

/**
 * One ring out of several, for formats that allow a single polygon per object (a row of YOLO segmentation): parts and holes are
 * joined by bridges of zero width, walked once in each direction, between points that are near. Filled with the even-odd rule the
 * result equals the rings filled together. Thousands of rings (a speckled mask) take milliseconds: near points are found in a grid.
 */
export function joinRings(rings: readonly Polygon[]): Polygon {
  const [first, ...rest] = rings.filter((ring) => ring.length >= 3);
  if (!first) return [];
  if (rest.length === 0) return first;
  const joined = new Joined(first, [first, ...rest]);
  for (const ring of rest) joined.bridge(ring);
  return joined.ring();
}

interface Knot {
  readonly at: Point;
  next: Knot | null;
}

interface Near {
  knot: Knot;
  /** Squared. */
  distance: number;
}

/** Cells along the longer side of the grid. */
const CELLS = 64;
/** Points of a ring that look for their nearest neighbour; more of a long one would find hardly anything nearer. */
const SEEKERS = 48;

/** The growing ring as a linked list, and its points in a grid. */
class Joined {
  readonly #head: Knot;
  readonly #cells = new Map<number, Knot[]>();
  readonly #left: number;
  readonly #top: number;
  readonly #cell: number;

  constructor(first: Polygon, all: readonly Polygon[]) {
    const [xs, ys] = [0, 1].map((axis) => extent(all, axis === 0 ? 0 : 1));
    this.#left = xs?.[0] ?? 0;
    this.#top = ys?.[0] ?? 0;
    this.#cell = Math.max((xs?.[1] ?? 0) - this.#left, (ys?.[1] ?? 0) - this.#top, 1) / CELLS;
    this.#head = this.#chain(first, null);
  }

  bridge(ring: Polygon): void {
    let best: Near & { from: number } | null = null;
    let limit = Infinity;
    const step = Math.max(1, Math.floor(ring.length / SEEKERS));
    for (let i = 0; i < ring.length; i += step) {
      const point = ring[i];
      const found: Near | null = point ? this.#nearest(point, limit) : null;
      if (!found) continue;
      best = { ...found, from: i };
      limit = found.distance;
    }
    if (!best) return;
    const { knot, from } = best;
    // … → knot → the ring, from its near point round to it again → knot's place once more → …
    const back: Knot = { at: knot.at, next: knot.next };
    knot.next = this.#chain([...ring.slice(from), ...ring.slice(0, from + 1)], back);
  }

  ring(): Polygon {
    const points: Point[] = [];
    for (let knot: Knot | null = this.#head; knot; knot = knot.next) points.push(knot.at);
    return points;
  }

  #chain(points: Polygon, end: Knot | null): Knot {
    let next = end;
    for (const at of points.toReversed()) {
      next = { at, next };
      const key = this.#keyOf(this.#column(at), this.#row(at));
      const there = this.#cells.get(key);
      if (there) there.push(next);
      else this.#cells.set(key, [next]);
    }
    // A ring has at least three points.
    return next ?? { at: [0, 0], next: null };
  }

  /** The nearest knot that is nearer than the square root of `limit`. Cells are looked through in growing squares around the point. */
  #nearest(point: Point, limit: number): Near | null {
    let best: Near | null = null;
    let distance = limit;
    const [column, row] = [this.#column(point), this.#row(point)];
    for (let r = 0; r <= CELLS && ((r - 1) * this.#cell) ** 2 < distance; r++) {
      for (let dx = -r; dx <= r; dx++) {
        const step = Math.abs(dx) === r || r === 0 ? 1 : 2 * r;
        for (let dy = -r; dy <= r; dy += step) {
          for (const knot of this.#cells.get(this.#keyOf(column + dx, row + dy)) ?? []) {
            const found = (knot.at[0] - point[0]) ** 2 + (knot.at[1] - point[1]) ** 2;
            if (found < distance) [distance, best] = [found, { knot, distance: found }];
          }
        }
      }
    }
    return best;
  }

  #column([x]: Point): number {
    return Math.floor((x - this.#left) / this.#cell);
  }
  #row([, y]: Point): number {
    return Math.floor((y - this.#top) / this.#cell);
  }
  #keyOf(column: number, row: number): number {
    return row * (4 * CELLS) + column;
  }
}

function extent(rings: readonly Polygon[], axis: 0 | 1): [number, number] {
  let [least, most] = [Infinity, -Infinity];
  for (const ring of rings) {
    for (const point of ring) {
      least = Math.min(least, point[axis]);
      most = Math.max(most, point[axis]);
    }
  }
  return [least, most];
}
