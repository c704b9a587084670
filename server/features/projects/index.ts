import fp from 'fastify-plugin';
import { classRoutes } from './classRoutes.ts';
import { projectRoutes } from './projectRoutes.ts';

export { readSettings } from './settings.ts';
export { add as addClass } from './classes.ts';
export { create as createProject } from './projects.ts';

/** Projects, their settings and classes. */
export const plugin = fp(async (app) => {
  await app.register(projectRoutes);
  await app.register(classRoutes);
}, { name: 'projects', dependencies: ['database', 'auth', 'bus'] });
