import fp from 'fastify-plugin';
import { connect } from '../database/connect.ts';

/** `app.db`: the Prisma client. Closed last. `app.databaseUrl`: for threads that need a connection of their own. */
export default fp<{ url: string }>(async (app, { url }) => {
  const db = await connect(url);
  app.decorate('db', db);
  app.decorate('databaseUrl', url);
  app.addHook('onClose', async () => { await db.$disconnect(); });
}, { name: 'database' });
