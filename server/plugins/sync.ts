import fp from 'fastify-plugin';
import { Audience } from '../sync/audience.ts';
import { Connection } from '../sync/connection.ts';
import type { Proof } from '../context.ts';
import { ProjectNews } from '../sync/projectNews.ts';
import { PrismaRoomStore } from '../sync/prismaRoomStore.ts';
import { Proofs } from '../sync/proofs.ts';
import { Rooms } from '../sync/rooms.ts';
import { attachSocket } from '../sync/socket.ts';
import { Turns } from '../sync/turns.ts';
import { Watchers } from '../sync/watchers.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** The live documents of tasks. */
    rooms: Rooms;
    /** Who follows the team's work as it happens. */
    audience: Audience;
    /** Who watches a project. */
    news: ProjectNews;
    /** Ends all connections of a person whose rights have changed; their page connects again, and gets what they still may have. */
    disconnect: (personId: string) => void;
    /** Ends all connections that rest on a session or token that is no more. */
    endProof: (proof: Proof) => void;
    /** Who has a project open. */
    online: (projectId: string) => { id: string; name: string }[];
  }
}

/** The live side: rooms, and project events to whoever watches. */
export default fp(async (app) => {
  const turns = new Turns();
  const io = attachSocket(app, turns);
  const watchers = new Watchers(app.bus);
  const rooms = new Rooms(new PrismaRoomStore(app.db));
  app.decorate('rooms', rooms);
  app.decorate('audience', new Audience(io));
  app.decorate('online', (projectId: string) => watchers.online(projectId));
  app.decorate('disconnect', (personId: string) => {
    for (const socket of io.sockets.sockets.values()) if (socket.data.person.id === personId) socket.conn.close();
  });
  const proofs = new Proofs(io, app.db, app.log);
  app.decorate('endProof', (proof: Proof) => { proofs.end(proof); });
  const news = new ProjectNews(io, app.db, app.log);
  app.decorate('news', news);
  app.bus.on((projectId, event) => { news.send(projectId, event); });
  io.on('connection', (socket) => { new Connection(app, socket, watchers, turns).listen(); });
  // Sockets first, so that nothing new comes in; then what the rooms hold becomes durable, while there still is a database.
  app.addHook('preClose', async () => {
    await io.close();
    await proofs.close();
    await news.settled();
    await rooms.close();
  });
}, { name: 'sync', dependencies: ['database', 'auth', 'bus'] });
