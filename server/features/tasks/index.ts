import fp from 'fastify-plugin';
import { followOverlap } from './copies.ts';
import { keepLeases } from './leases.ts';
import { queueRoutes } from './queueRoutes.ts';
import { revisionRoutes } from './revisionRoutes.ts';
import { taskRoutes } from './taskRoutes.ts';

export { createTask, lockPair, moveOpenTasks, settlePair } from './copies.ts';
export { revisionDto } from './revisionRoutes.ts';
export { currentIteration, LEASE_MS } from './handOut.ts';
export { baselineOf, outcomeOf, predictionsOf, stateOf } from './read.ts';
export { reviewDto, reviewReasonOf, reviewStateOf } from './reviews.ts';

/** The queue of images to correct, and what becomes of each: handed out, submitted, skipped, flagged, taken back. */
export const plugin = fp(async (app) => {
  keepLeases(app);
  // The share of images that two people correct is a setting of the project: what nobody has begun follows it.
  app.addHook('preClose', async () => { stop(); });
  const stop = app.bus.on((projectId, event) => {
    if (event.type !== 'project') return;
    followOverlap(app.db, projectId).then((changed) => { if (changed) app.bus.emit(projectId, { type: 'images' }); }, (error: unknown) => { app.log.error({ err: error, project: projectId }, 'the overlap could not be followed'); });
  });
  await app.register(queueRoutes);
  await app.register(taskRoutes);
  await app.register(revisionRoutes);
}, { name: 'tasks', dependencies: ['database', 'auth', 'bus', 'sync', 'next'] });
