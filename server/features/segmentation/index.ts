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

/** The task itself and those that its project's queue gives this person next: what is kept for them, then the most urgent that nobody has. */
async function window(app: FastifyInstance, task: string, person: string): Promise<string[]> {
  const row = await app.db.task.findUnique({ where: { id: task }, select: { projectId: true, iterationId: true } });
  if (!row) return [];
  const find = (where: { state: string; assigneeId?: string }) => app.db.task.findMany({ where: { ...row, ...where, id: { not: task } }, orderBy: [{ priority: 'desc' }, { id: 'asc' }], take: AHEAD, select: { id: true } });
  const next = [...(await find({ state: 'assigned', assigneeId: person })), ...(await find({ state: 'pending' }))];
  return [task, ...next.slice(0, AHEAD).map(({ id }) => id)];
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
    rooms.onPeople((task, person, here) => {
      if (!here) return masks.forget(task);
      window(app, task, person.id).then((tasks) => { masks.prefetch(tasks); }, failed);
      // Boxes whose masks were lost to a restart get them now.
      rooms.with(task, async (room) => { masks.consider(task, room.doc); }).catch(failed);
    }),
  ];
  app.addHook('preClose', async () => {
    for (const remove of removers) remove();
    await masks.close();
  });
}, { name: 'segmentation', dependencies: ['database', 'sync', 'inference'] });
