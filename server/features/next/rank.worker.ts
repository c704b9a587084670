/** Ranks the waiting tasks of one project. Runs in a thread with a connection of its own: people are at work in the other one. */
import pg from 'pg';
import { difficulties } from '#core/next/difficulty.ts';
import type { Found, Queue } from '#core/next/queue.ts';
import { STRATEGIES } from '#core/next/strategies.ts';
import { chanceOf } from './chance.ts';
import { looksOfModel, looksOfThumbs, NO_LOOKS } from './looks.ts';
import { readFormer, readFound, readScene, readWaiting, writePlaces, type Scene, type WaitingRow } from './repository.ts';

export interface RankRequest {
  databaseUrl: string;
  projectId: string;
  blobsDir: string;
}

export interface Ranking {
  /** Images that wait. */
  images: number;
  /** Tasks whose place or reason changed. */
  changed: number;
  /** Milliseconds. */
  read: number;
  ranked: number;
  written: number;
  /** Processor time of this thread in all; waiting for the database and for a core is not in it. */
  cpu: number;
}

export default async function rank({ databaseUrl, projectId, blobsDir }: RankRequest): Promise<Ranking> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'emend-ranking' });
  client.on('error', () => undefined); // the query that it breaks says so itself
  await client.connect();
  try {
    const began = performance.now();
    const cpu = process.threadCpuUsage();
    const scene = await readScene(client, projectId);
    const rows = scene ? await readWaiting(client, projectId) : [];
    if (!scene || rows.length === 0) return { images: 0, changed: 0, read: 0, ranked: 0, written: 0, cpu: 0 };
    const queue = await readQueue(client, { projectId, blobsDir }, scene, rows);
    const read = performance.now();
    const order = STRATEGIES[scene.settings.order](queue).map((one, place) => ({ ...one, priority: 1 - place / rows.length })).sort((a, b) => a.image - b.image);
    const places = order.map(({ image, priority, reason }) => ({ imageId: rows[image]?.imageId ?? '', priority, reason }));
    const ranked = performance.now();
    const changed = await writePlaces(client, projectId, places);
    const { user, system } = process.threadCpuUsage(cpu);
    return { images: rows.length, changed, read: read - began, ranked: ranked - read, written: performance.now() - ranked, cpu: (user + system) / 1000 };
  } finally {
    await client.end();
  }
}

async function readQueue(client: pg.Client, { projectId, blobsDir }: Pick<RankRequest, 'projectId' | 'blobsDir'>, scene: Scene, rows: readonly WaitingRow[]): Promise<Queue> {
  const { settings, names } = scene;
  const rules = { threshold: settings.threshold, attention: settings.attention, names, weights: difficulties(scene.classes) };
  const [found, former] = [new Map<string, Found>(), new Map<string, Found>()];
  const judged = settings.order === 'uncertain' || settings.order === 'disagreement';
  const compared = settings.order === 'disagreement' && scene.formerId !== null;
  if (judged) await readFound(client, projectId, compared, (imageId, one) => { found.set(imageId, one); });
  if (compared && scene.formerId !== null) await readFormer(client, projectId, scene.formerId, (imageId, one) => { former.set(imageId, one); });
  const images = rows.map((row) => ({ chance: chanceOf(row.sha256), found: found.get(row.imageId) ?? null, former: former.get(row.imageId) ?? null }));
  if (!judged) return { ...rules, images, ...NO_LOOKS };
  const seen = scene.modelId === null ? null : await looksOfModel(client, projectId, scene.modelId, rows);
  return { ...rules, images, ...(seen ?? await looksOfThumbs(client, projectId, blobsDir, rows, images, rules)) };
}
