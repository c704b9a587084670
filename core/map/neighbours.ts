/** Nearest neighbours by comparing with everything: exact, and fast enough for the few thousand rows that a map is worked out from. */
import type { Vectors } from '#core/next/queue.ts';

/** `indices` and `distances` row by row, `k` of each, the nearest first; distances are Euclidean. */
export interface Neighbours {
  readonly k: number;
  readonly indices: Int32Array;
  readonly distances: Float32Array;
}

/**
 * For rows `from…to` of `of`, the `k` nearest rows of `among` (fewer rows than that: an error). Where both are the same vectors, a row is not its own
 * neighbour with `self`. Equally near ones come in the order of their rows.
 */
export function nearest(of: Vectors, among: Vectors, k: number, options: { from?: number; to?: number; self?: boolean } = {}): Neighbours {
  const { width } = of;
  const count = among.values.length / width;
  const { from = 0, to = of.values.length / width, self = false } = options;
  if (k < 1 || k > count - (self ? 1 : 0)) throw new RangeError(`${k} neighbours were asked for among ${count} rows.`);
  const indices = new Int32Array((to - from) * k);
  const distances = new Float32Array((to - from) * k);
  const best = new Float64Array(k);
  const who = new Int32Array(k);
  for (let row = from; row < to; row++) {
    best.fill(Infinity);
    for (let other = 0; other < count; other++) {
      if (self && other === row) continue;
      const square = squareBetween(of.values, row * width, among.values, other * width, width, best[k - 1] ?? Infinity);
      if (square < (best[k - 1] ?? Infinity)) insert(best, who, square, other);
    }
    indices.set(who, (row - from) * k);
    for (let i = 0; i < k; i++) distances[(row - from) * k + i] = Math.sqrt(best[i] ?? 0);
  }
  return { k, indices, distances };
}

/** Stops as soon as it is more than `limit`: most rows are far away. */
function squareBetween(a: Float32Array, at: number, b: Float32Array, to: number, width: number, limit: number): number {
  let sum = 0;
  for (let i = 0; i < width; i++) {
    const d = (a[at + i] ?? 0) - (b[to + i] ?? 0);
    sum += d * d;
    if ((i & 7) === 7 && sum > limit) return sum;
  }
  return sum;
}

function insert(best: Float64Array, who: Int32Array, square: number, other: number): void {
  let at = best.length - 1;
  while (at > 0 && (best[at - 1] ?? 0) > square) {
    best[at] = best[at - 1] ?? 0;
    who[at] = who[at - 1] ?? 0;
    at -= 1;
  }
  best[at] = square;
  who[at] = other;
}
