import fp from 'fastify-plugin';
import { memberRoutes } from './memberRoutes.ts';
import { meRoutes } from './meRoutes.ts';
import { signInRoutes } from './signInRoutes.ts';

/** Who is here: sign-in by link, one's own account and tokens, the members of a project. */
export const plugin = fp(async (app) => {
  await app.register(signInRoutes);
  await app.register(meRoutes);
  await app.register(memberRoutes);
}, { name: 'people', dependencies: ['database', 'auth'] });
