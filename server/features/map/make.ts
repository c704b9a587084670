/** The job `map`. */
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import type { FastifyInstance } from 'fastify';
import { Piscina } from 'piscina';
import { EmendError } from '#core/errors.ts';
import type { JobHandle } from '../../context.ts';
import { seeProject } from '../predictions/index.ts';
import type { MapRequest, MapResult, Progress } from './map.worker.ts';
import { databaseNow, saveMap, THUMBNAILS } from './repository.ts';

/** Has the model look at what it has not seen, then works out the places in a thread. Nothing is kept of a map that was cancelled; what the model saw is. */
export async function makeMap(app: FastifyInstance, projectId: string, job: JobHandle): Promise<string> {
  const readAt = await databaseNow(app.db);
  const modelId = await seeProject(app, projectId, job);
  job.signal.throwIfAborted();
  const { file, images, unplaced } = await workOut(app, { projectId, modelId }, job.signal, job.progress);
  if (images === 0) throw new EmendError('conflict', unplaced === 0 ? 'The project has no images. Import some, then make the map.' : 'None of the images could be looked at, so there is no map of them.');
  const sha256 = await app.blobs.put(file);
  await saveMap(app.db, { projectId, basis: modelId ?? THUMBNAILS, sha256, images, unplaced, readAt });
  const placed = `${images} ${images === 1 ? 'image' : 'images'} on the map`;
  return unplaced === 0 ? placed : `${placed}, ${unplaced} could not be looked at`;
}

type Parts = Pick<FastifyInstance, 'databaseUrl' | 'config'>;

/** The places, in a thread of its own that a cancel ends. `modelId` null = by thumbnails. */
export async function workOut({ databaseUrl, config }: Parts, of: Pick<MapRequest, 'projectId' | 'modelId'>, signal: AbortSignal, tell: JobHandle['progress']): Promise<MapResult> {
  const pool = new Piscina<MapRequest, MapResult>({ filename: join(import.meta.dirname, 'map.worker.ts'), minThreads: 1, maxThreads: 1 });
  const { port1, port2 } = new MessageChannel();
  port1.on('message', ({ done, total, words }: Progress) => { tell(done, total, words); });
  try {
    const request: MapRequest = { databaseUrl, blobsDir: join(config.dataDir, 'blobs'), ...of, progress: port2 };
    return await pool.run(request, { signal, transferList: [port2] });
  } finally {
    port1.close();
    await pool.destroy();
  }
}
