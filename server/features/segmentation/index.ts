/** Masks for the boxes that people draw: the only door of this feature. */
import fp from 'fastify-plugin';
import type { FastifyInstance } from 'fastify';
import { shownBlob } from '../images/index.ts';
import { MaskMaker, type TaskPicture } from './masks.ts';
import { maskRoutes } from './routes.ts';

export { fetchSegmenter, listSegmenters } from './weights.ts';

/** How many of the next pictures are encoded while somebody works on one. */
const AHEAD = 3;

/** A submit waits this long for the masks that are still being made; without SAM on a slow machine it is over in a blink. */
const SUBMIT_WAITS_MS = 10_000;

/** Null where masks mean nothing: in detection projects, and for what is submitted and takes no more edits. */
async function pictureOf(app: FastifyInstance, task: string): Promise<TaskPicture | null> {
  const row = await app.db.task.findUnique({ where: { id: task }, select: { state: true, image: { select: { sha256: true, displaySha256: true } }, project: { select: { task: true } } } });
  if (row?.project.task !== 'segment' || row.state === 'submitted') return null;
  const shown = shownBlob(row.image);
  return { sha256: shown, path: await app.blobs.path(shown) };
}

/** The task itself and those that its project's queue gives out next. */
async function window(app: FastifyInstance, task: string): Promise<string[]> {
  const row = await app.db.task.findUnique({ where: { id: task }, select: { projectId: true } });
  if (!row) return [];
  const next = await app.db.task.findMany({ where: { projectId: row.projectId, state: 'pending', id: { not: task } }, orderBy: [{ priority: 'desc' }, { id: 'asc' }], take: AHEAD, select: { id: true } });
  return [task, ...next.map(({ id }) => id)];
}

export const plugin = fp(async (app) => {
  const { rooms, inference, log } = app;
  const masks = new MaskMaker({ rooms, inference, log, pictureOf: (task) => pictureOf(app, task) });
  const failed = (error: unknown): void => { log.warn({ err: error }, 'segmentation'); };

  await app.register(maskRoutes(pictureOf));

  const removers = [
    // Only what people did: a mask that the server wrote itself needs no further mask.
    rooms.onChange((task, doc, changed, user) => { if (user !== null) masks.consider(task, doc, changed); }),
    rooms.onQuiet((task) => masks.settled(task, SUBMIT_WAITS_MS)),
    rooms.onSegment((task, annotation, doc) => { masks.ask(task, annotation, doc); }),
    rooms.onPeople((task, _person, here) => {
      if (!here) return masks.forget(task);
      window(app, task).then((tasks) => { masks.prefetch(tasks); }, failed);
      // Boxes whose masks were lost to a restart get them now.
      rooms.with(task, async (room) => { masks.consider(task, room.doc); }).catch(failed);
    }),
  ];
  app.addHook('preClose', async () => {
    for (const remove of removers) remove();
    await masks.close();
  });
}, { name: 'segmentation', dependencies: ['database', 'sync', 'inference'] });
