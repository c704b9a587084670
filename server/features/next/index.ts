/** What to correct next: the order of a project's waiting tasks, by core/next. The only door of this feature. */
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import type { Ranking } from './rank.worker.ts';
import { Ranker } from './ranker.ts';

export { chanceOf } from './chance.ts';
export { DESCRIPTOR, describeThumb } from './descriptor.ts';
export { LABELLED_SAMPLE } from './looks.ts';
export type { Ranking };

declare module 'fastify' {
  interface FastifyInstance {
    ranker: Ranker;
  }
}

/** Several changes of the settings in a row are ranked once. */
const SETTLE_MS = 400;

/** Gives every waiting task of a project its place and reason, and tells who watches. Resolves when they are written. */
export async function rankProject(app: Pick<FastifyInstance, 'ranker' | 'bus' | 'log'>, projectId: string): Promise<Ranking> {
  const ranking = await app.ranker.rank(projectId);
  app.log.info({ project: projectId, ...ranking }, 'waiting images ranked');
  if (ranking.changed > 0) app.bus.emit(projectId, { type: 'loop' });
  return ranking;
}

export const plugin = fp(async (app) => {
  const ranker = new Ranker({ databaseUrl: app.databaseUrl, blobsDir: join(app.config.dataDir, 'blobs') });
  app.decorate('ranker', ranker);
  let closing = false;
  const waiting = new Map<string, NodeJS.Timeout>();
  const rankSoon = (projectId: string): void => {
    clearTimeout(waiting.get(projectId));
    waiting.set(projectId, setTimeout(() => {
      waiting.delete(projectId);
      // The former order stays usable, and the next prediction ranks anew.
      rankProject(app, projectId).catch((error: unknown) => { if (!closing) app.log.error({ err: error, project: projectId }, 'the waiting images could not be ranked'); });
    }, SETTLE_MS));
  };
  // Settings and classes. New predictions rank by themselves, as the last step of their job.
  const remove = app.bus.on((projectId, event) => { if (event.type === 'project') rankSoon(projectId); });
  app.addHook('preClose', async () => {
    closing = true;
    remove();
    for (const timer of waiting.values()) clearTimeout(timer);
    waiting.clear();
    await ranker.close();
  });
}, { name: 'next', dependencies: ['database', 'bus', 'blobs'] });
