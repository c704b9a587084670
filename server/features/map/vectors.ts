/** How a project's images look, as rows of components that distances can be taken of. Runs in a thread with a connection of its own. */
import type pg from 'pg';
import { fitPca, toComponents, type Pca } from '#core/map/pca.ts';
import { decodeVector } from '#core/next/look.ts';
import type { Vectors } from '#core/next/queue.ts';
import { eachRow } from '../../database/cursor.ts';
import { fileBlobs } from '../../plugins/blobs.ts';
import { DESCRIPTOR, describeThumb } from '../next/index.ts';
import type { Tell } from './layout.ts';

/** Components that are kept: the first fifty hold what images differ in, and a tenth of the work. */
const WIDTH = 50;
/** Rows that the components are fitted to. */
const FITTED = 3000;
const AT_ONCE = 4;

export interface Looks {
  ids: string[];
  rows: Vectors;
  /** Images of the project that nothing is known of. */
  unplaced: number;
}

/** By the stored vectors of a model. */
export async function looksByModel(client: pg.Client, projectId: string, modelId: string, tell: Tell): Promise<Looks> {
  const total = await countImages(client, projectId);
  const reducer = new Reducer(total);
  await eachRow<{ id: string; values: Buffer }>(client, `SELECT i.id, f.values FROM "Image" i JOIN "FeatureVector" f ON f."imageId" = i.id AND f."modelId" = $2
    WHERE i."projectId" = $1 AND NOT i.excluded ORDER BY i.sha256, i.id`, [projectId, modelId], (row) => {
    reducer.add(row.id, decodeVector(row.values));
    if (reducer.ids.length % 500 === 0) tell(reducer.ids.length, total, 'Reading how the images look');
  });
  return { ...reducer.take(), unplaced: total - reducer.ids.length };
}

/** By small grids of grey values and edges of the thumbnails. */
export async function looksByThumbnails(client: pg.Client, projectId: string, blobsDir: string, tell: Tell): Promise<Looks> {
  const { rows } = await client.query<{ id: string; thumbSha256: string }>('SELECT id, "thumbSha256" FROM "Image" WHERE "projectId" = $1 AND NOT excluded ORDER BY sha256, id', [projectId]);
  const blobs = fileBlobs(blobsDir);
  const seen: (Float32Array | null)[] = Array.from({ length: rows.length }, () => null);
  const left = rows.entries();
  let done = 0;
  const work = async (): Promise<void> => {
    for (const [i, row] of left) {
      seen[i] = await blobs.path(row.thumbSha256).then(describeThumb, () => null);
      done += 1;
      if (done % 20 === 0) tell(done, rows.length, 'Looking at the thumbnails');
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const reducer = new Reducer(rows.length);
  for (const [i, row] of rows.entries()) {
    const look = seen[i];
    if (look?.length === DESCRIPTOR) reducer.add(row.id, look);
  }
  return { ...reducer.take(), unplaced: rows.length - reducer.ids.length };
}

async function countImages(client: pg.Client, projectId: string): Promise<number> {
  const { rows } = await client.query<{ count: number }>('SELECT count(*)::int AS count FROM "Image" WHERE "projectId" = $1 AND NOT excluded', [projectId]);
  return rows[0]?.count ?? 0;
}

/** Turns long vectors into components as they come: the first ones are kept until there are enough to fit the components to. */
export class Reducer {
  readonly ids: string[] = [];
  readonly #most: number;
  #first: Float32Array[] = [];
  #pca: Pca | null = null;
  #rows = new Float32Array();
  #done = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Vectors of another length than the first, and what is no finite number, are left out. */
  add(id: string, vector: Float32Array): void {
    const length = this.#pca?.length ?? this.#first[0]?.length ?? vector.length;
    if (vector.length !== length || length === 0 || !vector.every(Number.isFinite) || this.ids.length >= this.#most) return;
    this.ids.push(id);
    if (this.#pca) this.#put(this.#pca, vector);
    else if (this.#first.push(vector) === FITTED) this.#fit();
  }

  take(): { ids: string[]; rows: Vectors } {
    if (!this.#pca) this.#fit();
    const width = this.#pca?.width ?? 0;
    return { ids: this.ids, rows: { width, values: this.#rows.subarray(0, this.#done * width) } };
  }

  #fit(): void {
    const length = this.#first[0]?.length ?? 0;
    const values = new Float32Array(this.#first.length * length);
    for (const [row, vector] of this.#first.entries()) values.set(vector, row * length);
    const pca = fitPca({ width: length, values }, Math.min(WIDTH, length));
    this.#pca = pca;
    this.#rows = new Float32Array(this.#most * pca.width);
    for (const vector of this.#first) this.#put(pca, vector);
    this.#first = [];
  }

  /** Of unit length, since directions tell images apart and how strongly a model reacts does not (as in the ranking). */
  #put(pca: Pca, vector: Float32Array): void {
    const at = this.#done * pca.width;
    toComponents(pca, vector, this.#rows, at);
    const own = this.#rows.subarray(at, at + pca.width);
    const norm = Math.hypot(...own);
    if (norm > 1e-12) for (let i = 0; i < own.length; i++) own[i] = (own[i] ?? 0) / norm;
    this.#done += 1;
  }
}
