import fp from 'fastify-plugin';
import { connect } from '../database/connect.ts';

/** `app.db`: the Prisma client. Closed last. */
export default fp<{ url: string }>(async (app, { url }) => {
  const db = await connect(url);
  app.decorate('db', db);
  app.addHook('onClose', async () => { await db.$disconnect(); });
}, { name: 'database' });
