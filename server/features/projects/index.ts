import fp from 'fastify-plugin';
import { defaultColor, defaultKey } from './colors.ts';
import { classRoutes } from './classRoutes.ts';
import { projectRoutes } from './projectRoutes.ts';

export { readSettings } from './settings.ts';
export { add as addClass } from './classes.ts';
export { create as createProject } from './projects.ts';

/** Position, colour and key of the classes of a new project. */
export function defaultClassLooks(names: readonly string[]): { index: number; name: string; color: string; key: string | null }[] {
  return names.map((name, index) => ({ index, name, color: defaultColor(index), key: defaultKey(index) }));
}

/** Projects, their settings and classes. */
export const plugin = fp(async (app) => {
  await app.register(projectRoutes);
  await app.register(classRoutes);
}, { name: 'projects', dependencies: ['database', 'auth', 'bus'] });
