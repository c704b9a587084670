/** From vectors to places: UMAP over exact neighbours for a sample, and everything else among its neighbours there. Runs in a thread. */
import { UMAP } from 'umap-js';
import { clustersOf } from '#core/map/clusters.ts';
import { nearest, type Neighbours } from '#core/map/neighbours.ts';
import { oddOnes } from '#core/map/oddness.ts';
import { fitPca, toComponents } from '#core/map/pca.ts';
import { seededRandom } from '#core/map/random.ts';
import type { Vectors } from '#core/next/queue.ts';

/** Images that UMAP itself places; the time for a map grows with its square. */
export const SAMPLE = 6000;
const NEIGHBOURS = 15;
/** Fewer images than this have no neighbourhoods worth the name: their two main components are their places. */
const LEAST = 8;
/** Neighbours that a place and its oddness are taken from. */
const NEAR = 8;
/** Rows per step, between two words of progress. */
const STEP = 200;

export type Tell = (done: number, total: number, words: string) => void;

export interface Layout {
  /** Pairwise. */
  xy: Float32Array;
  cluster: Uint16Array;
  odd: number[];
}

/** Places for all rows; the first SAMPLE of them, which are to be in an order by chance, decide. The same rows give the same places. */
export function layOut(rows: Vectors, tell: Tell): Layout {
  const count = rows.width === 0 ? 0 : rows.values.length / rows.width;
  const sampled = Math.min(count, SAMPLE);
  const sample: Vectors = { width: rows.width, values: rows.values.subarray(0, sampled * rows.width) };
  const xy = new Float32Array(count * 2);
  const start = mainPlane(sample);
  if (count < LEAST) {
    xy.set(start);
    return { xy, cluster: new Uint16Array(count), odd: [] };
  }
  const k = Math.min(NEIGHBOURS, count - 1);
  const near = neighboursOf(sample, k, tell);
  xy.set(project(near, start, sampled, tell));
  const away = new Float32Array(count);
  for (let i = 0; i < sampled; i++) away[i] = meanOf(near, i);
  const cluster = new Uint16Array(count);
  cluster.set(clustersOf(xy.subarray(0, 2 * sampled)));
  placeOthers(rows, sample, { xy, cluster, away }, tell);
  return { xy, cluster, odd: oddOnes(away) };
}

function neighboursOf(sample: Vectors, k: number, tell: Tell): Neighbours {
  const count = sample.values.length / sample.width;
  const near: Neighbours = { k, indices: new Int32Array(count * k), distances: new Float32Array(count * k) };
  for (let from = 0; from < count; from += STEP) {
    const part = nearest(sample, sample, k, { from, to: Math.min(count, from + STEP), self: true });
    near.indices.set(part.indices, from * k);
    near.distances.set(part.distances, from * k);
    tell(Math.min(count, from + STEP), count, 'Comparing the images');
  }
  return near;
}

/** The two main components, as wide as UMAP's own beginning (±10). A beginning by chance would tear apart what belongs together. */
function mainPlane(sample: Vectors): Float32Array {
  const count = sample.width === 0 ? 0 : sample.values.length / sample.width;
  const pca = fitPca(sample, 2);
  const plane = new Float32Array(count * 2);
  for (let row = 0; row < count; row++) toComponents(pca, sample.values.subarray(row * sample.width, (row + 1) * sample.width), plane, row * 2);
  const largest = plane.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  return plane.map((value) => (value / largest) * 10);
}

function project(near: Neighbours, start: Float32Array, count: number, tell: Tell): Float32Array {
  const random = seededRandom(7);
  const epochs = count > 2000 ? 200 : 400;
  const umap = new UMAP({ nNeighbors: near.k, minDist: 0.15, nEpochs: epochs, random });
  // Its own row first, as UMAP counts neighbours.
  const rows = Array.from({ length: count }, (_, i) => i);
  umap.setPrecomputedKNN(
    rows.map((i) => [i, ...near.indices.subarray(i * near.k, (i + 1) * near.k - 1)]),
    rows.map((i) => [0, ...near.distances.subarray(i * near.k, (i + 1) * near.k - 1)]),
  );
  umap.initializeFit(rows.map((i) => [i]));
  const places = umap.getEmbedding();
  // A hair's breadth apart: equal images would otherwise never part, since nothing pushes them in a direction.
  for (const [i, place] of places.entries()) { place[0] = (start[2 * i] ?? 0) + 1e-3 * random(); place[1] = (start[2 * i + 1] ?? 0) + 1e-3 * random(); }
  for (let epoch = 0; epoch < epochs; epoch++) {
    umap.step();
    if (epoch % 10 === 0) tell(Math.round((count * epoch) / epochs), count, 'Placing the images');
  }
  return Float32Array.from(places.flat());
}

interface Placed { xy: Float32Array; cluster: Uint16Array; away: Float32Array }

/** What is beyond the sample lies among its nearest there, the nearer the closer. */
function placeOthers(rows: Vectors, sample: Vectors, placed: Placed, tell: Tell): void {
  const [count, sampled] = [rows.values.length / rows.width, sample.values.length / sample.width];
  for (let from = sampled; from < count; from += STEP) {
    const to = Math.min(count, from + STEP);
    const near = nearest(rows, sample, NEAR, { from, to });
    for (let row = from; row < to; row++) placeOne(row, near, row - from, placed);
    tell(to, count, 'Placing the images');
  }
}

function placeOne(row: number, near: Neighbours, at: number, { xy, cluster, away }: Placed): void {
  let [x, y, sum] = [0, 0, 0];
  for (let i = at * near.k; i < (at + 1) * near.k; i++) {
    const other = near.indices[i] ?? 0;
    const weight = 1 / ((near.distances[i] ?? 0) ** 2 + 1e-6);
    x += weight * (xy[2 * other] ?? 0);
    y += weight * (xy[2 * other + 1] ?? 0);
    sum += weight;
  }
  xy[2 * row] = x / sum;
  xy[2 * row + 1] = y / sum;
  cluster[row] = cluster[near.indices[at * near.k] ?? 0] ?? 0;
  away[row] = meanOf(near, at);
}

function meanOf(near: Neighbours, at: number): number {
  const k = Math.min(NEAR, near.k);
  let sum = 0;
  for (let i = 0; i < k; i++) sum += near.distances[at * near.k + i] ?? 0;
  return sum / k;
}
