/** Clusters of points in the plane: DBSCAN (Ester et al., 1996) over a grid of cells, so that it takes about as many steps as there are points. */

/** So many points within reach make a point part of a cluster's inside. */
const LEAST = 5;
/** Of each point's distance to its LEAST-th neighbour the median, times this, is how far a cluster reaches. */
const REACH = 2;
/** Points whose neighbours are looked at to find that distance. */
const PROBES = 1000;

/** Number of its cluster per point, from 1 on, the largest first; 0 = in none. `xy` pairwise. */
export function clustersOf(xy: Float32Array): Uint16Array {
  const count = xy.length / 2;
  const found = new Uint16Array(count);
  if (count < 2 * LEAST) return found;
  const reach = reachOf(xy, count);
  const grid = new Grid(xy, reach);
  const member = new Int32Array(count);
  let clusters = 0;
  for (let point = 0; point < count; point++) {
    if (member[point] !== 0) continue;
    const around = grid.within(point, reach);
    if (around.length < LEAST) continue;
    clusters += 1;
    spread(grid, reach, member, clusters, point, around);
  }
  return bySize(member, clusters, found);
}

/** Everything that hangs together with `point`. */
function spread(grid: Grid, reach: number, member: Int32Array, cluster: number, point: number, around: readonly number[]): void {
  member[point] = cluster;
  const waiting = [...around];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (member[next] !== 0) continue;
    member[next] = cluster;
    const more = grid.within(next, reach);
    if (more.length >= LEAST) for (const one of more) if (member[one] === 0) waiting.push(one);
  }
}

function bySize(member: Int32Array, clusters: number, found: Uint16Array): Uint16Array {
  const sizes = new Int32Array(clusters + 1);
  for (const cluster of member) sizes[cluster] = (sizes[cluster] ?? 0) + 1;
  const order = Array.from({ length: clusters }, (_, i) => i + 1).sort((a, b) => (sizes[b] ?? 0) - (sizes[a] ?? 0) || a - b);
  const number = new Uint16Array(clusters + 1);
  for (const [place, cluster] of order.entries()) number[cluster] = Math.min(place + 1, 65_535);
  for (const [point, cluster] of member.entries()) found[point] = number[cluster] ?? 0;
  return found;
}

function reachOf(xy: Float32Array, count: number): number {
  const step = Math.max(1, Math.floor(count / PROBES));
  const distances: number[] = [];
  for (let point = 0; point < count; point += step) distances.push(distanceToLeast(xy, count, point));
  distances.sort((a, b) => a - b);
  return Math.max(1e-6, REACH * Math.sqrt(distances[Math.floor(distances.length / 2)] ?? 0));
}

/** Square of the distance to the LEAST-th nearest. */
function distanceToLeast(xy: Float32Array, count: number, point: number): number {
  const best = new Float64Array(LEAST).fill(Infinity);
  for (let other = 0; other < count; other++) {
    if (other === point) continue;
    const square = squareBetween(xy, point, other);
    if (square >= (best[LEAST - 1] ?? Infinity)) continue;
    best[LEAST - 1] = square;
    best.sort();
  }
  return best[LEAST - 1] ?? 0;
}

function squareBetween(xy: Float32Array, a: number, b: number): number {
  return ((xy[2 * a] ?? 0) - (xy[2 * b] ?? 0)) ** 2 + ((xy[2 * a + 1] ?? 0) - (xy[2 * b + 1] ?? 0)) ** 2;
}

/** Points by the square cell that they lie in. */
class Grid {
  readonly #cells = new Map<string, number[]>();
  readonly #xy: Float32Array;
  readonly #side: number;

  constructor(xy: Float32Array, side: number) {
    this.#xy = xy;
    this.#side = side;
    for (let point = 0; point < xy.length / 2; point++) {
      const key = this.#key(this.#cell(2 * point), this.#cell(2 * point + 1));
      const cell = this.#cells.get(key);
      if (cell) cell.push(point);
      else this.#cells.set(key, [point]);
    }
  }

  /** The others within `reach`, at most as far as a cell is wide. */
  within(point: number, reach: number): number[] {
    const [column, row] = [this.#cell(2 * point), this.#cell(2 * point + 1)];
    const near: number[] = [];
    for (let x = column - 1; x <= column + 1; x++) {
      for (let y = row - 1; y <= row + 1; y++) {
        for (const other of this.#cells.get(this.#key(x, y)) ?? []) if (other !== point && squareBetween(this.#xy, point, other) <= reach * reach) near.push(other);
      }
    }
    return near;
  }

  #cell(at: number): number {
    return Math.floor((this.#xy[at] ?? 0) / this.#side);
  }
  #key(column: number, row: number): string {
    return `${column} ${row}`;
  }
}
