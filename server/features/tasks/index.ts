import fp from 'fastify-plugin';
import { keepLeases } from './leases.ts';
import { queueRoutes } from './queueRoutes.ts';
import { revisionRoutes } from './revisionRoutes.ts';
import { taskRoutes } from './taskRoutes.ts';

/** The queue of images to correct, and what becomes of each: handed out, submitted, skipped, flagged, taken back. */
export { predictionsOf } from './read.ts';

export const plugin = fp(async (app) => {
  keepLeases(app);
  await app.register(queueRoutes);
  await app.register(taskRoutes);
  await app.register(revisionRoutes);
}, { name: 'tasks', dependencies: ['database', 'auth', 'bus', 'sync'] });
