/** Works out the map of one project. Runs in a thread with a connection of its own; ends with it when the job is cancelled. */
import type { MessagePort } from 'node:worker_threads';
import pg from 'pg';
import type { MapPoints } from '#core/api/map.ts';
import { toFrame } from '#core/map/frame.ts';
import { layOut, type Tell } from './layout.ts';
import { looksByModel, looksByThumbnails } from './vectors.ts';

export interface MapRequest {
  databaseUrl: string;
  blobsDir: string;
  projectId: string;
  /** null = by thumbnails. */
  modelId: string | null;
  progress: MessagePort;
}
export interface Progress { done: number; total: number; words: string }
export interface MapResult {
  /** MapPoints as JSON. */
  file: Uint8Array;
  images: number;
  unplaced: number;
}

export default async function makeMap({ databaseUrl, blobsDir, projectId, modelId, progress }: MapRequest): Promise<MapResult> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'emend-map' });
  client.on('error', () => undefined); // the query that it breaks says so itself
  await client.connect();
  const tell: Tell = (done, total, words) => { progress.postMessage({ done, total, words } satisfies Progress); };
  try {
    const { ids, rows, unplaced } = modelId === null ? await looksByThumbnails(client, projectId, blobsDir, tell) : await looksByModel(client, projectId, modelId, tell);
    const { xy, cluster, odd } = layOut(rows, tell);
    const { x, y } = toFrame(xy);
    const points: MapPoints = { format: 'emend-map-1', ids: ids.join(' '), x: pack(x), y: pack(y), cluster: pack(cluster), odd };
    return { file: new TextEncoder().encode(JSON.stringify(points)), images: ids.length, unplaced };
  } finally {
    progress.close();
    await client.end();
  }
}

function pack(values: Uint16Array): string {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [i, value] of values.entries()) bytes.writeUInt16LE(value, i * 2);
  return bytes.toString('base64');
}
