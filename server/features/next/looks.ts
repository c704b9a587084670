import type pg from 'pg';
import { uncertainty } from '#core/next/uncertainty.ts';
import { decodeVector, Projection, standardise } from '#core/next/look.ts';
import type { Queue, Vectors, Waiting } from '#core/next/queue.ts';
import { fileBlobs } from '../../plugins/blobs.ts';
import { DESCRIPTOR, describeThumb } from './descriptor.ts';
import { readLabelledThumbs, readLabelledVectors, readVectors, type WaitingRow } from './repository.ts';

/** Labelled images whose looks are compared with. More of them cost time and change little: they are a sample by hash, the same every time. */
export const LABELLED_SAMPLE = 1000;
/** Where no model says how images look, so many thumbnails of the most telling ones are looked at: a millisecond or two each. */
const THUMBS = 1500;
const LABELLED_THUMBS = 300;
const AT_ONCE = 4;

export type Looks = Pick<Queue, 'looks' | 'labelled'>;
export const NO_LOOKS: Looks = { looks: { width: 0, values: new Float32Array() }, labelled: { width: 0, values: new Float32Array() } };

/** From the stored vectors of a model; null when it gives none. */
export async function looksOfModel(client: pg.Client, projectId: string, modelId: string, rows: readonly WaitingRow[]): Promise<Looks | null> {
  const place = new Map(rows.map((row, i) => [row.imageId, i]));
  let into: { projection: Projection; looks: Vectors } | null = null;
  await readVectors(client, projectId, modelId, (imageId, bytes) => {
    const at = place.get(imageId);
    into ??= begin(bytes.length / 4, rows.length);
    if (at !== undefined) put(into.projection, bytes, into.looks, at);
  });
  // TypeScript does not see the assignment in the callback.
  const filled: { projection: Projection; looks: Vectors } | null = into;
  return filled === null ? null : withLabelled(filled, await readLabelledVectors(client, projectId, modelId, LABELLED_SAMPLE));
}

function begin(length: number, count: number): { projection: Projection; looks: Vectors } {
  const projection = new Projection(length);
  return { projection, looks: { width: projection.width, values: new Float32Array(count * projection.width) } };
}

function withLabelled({ projection, looks }: { projection: Projection; looks: Vectors }, bytes: readonly Buffer[]): Looks {
  const labelled: Vectors = { width: projection.width, values: new Float32Array(bytes.length * projection.width) };
  for (const [i, one] of bytes.entries()) put(projection, one, labelled, i);
  standardise(looks, labelled);
  return { looks, labelled };
}

/** A vector of another length is not of this model: unknown. */
function put(projection: Projection, bytes: Buffer, into: Vectors, row: number): void {
  if (bytes.length === projection.length * 4) projection.project(decodeVector(bytes), into.values, row * into.width);
}

/** From thumbnails: of the images that have most to tell, and of some labelled ones. The others stay unknown. */
export async function looksOfThumbs(client: pg.Client, projectId: string, blobsDir: string, rows: readonly WaitingRow[], images: readonly Waiting[], rules: Pick<Queue, 'threshold' | 'weights'>): Promise<Looks> {
  const telling = images.map(({ found }, i) => ({ i, score: found === null ? 0 : (uncertainty(found, rules) ?? 0.5) })).sort((a, b) => b.score - a.score || a.i - b.i).slice(0, THUMBS);
  const labelledThumbs = await readLabelledThumbs(client, projectId, LABELLED_THUMBS);
  const { projection, looks } = begin(DESCRIPTOR, rows.length);
  const labelled: Vectors = { width: projection.width, values: new Float32Array(labelledThumbs.length * projection.width) };
  const wanted = [
    ...telling.map(({ i }) => ({ sha256: rows[i]?.thumbSha256 ?? '', into: looks, row: i })),
    ...labelledThumbs.map((sha256, row) => ({ sha256, into: labelled, row })),
  ].values();
  const blobs = fileBlobs(blobsDir);
  const work = async (): Promise<void> => {
    for (const { sha256, into, row } of wanted) {
      const seen = await blobs.path(sha256).then(describeThumb, () => null);
      if (seen) projection.project(seen, into.values, row * into.width);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  standardise(looks, labelled);
  return { looks, labelled };
}
