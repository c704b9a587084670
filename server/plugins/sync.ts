import fp from 'fastify-plugin';
import { admit, attachSocket, problemOf, type EmendSocket } from '../sync/socket.ts';
import { Watchers } from '../sync/watchers.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Who has a project open. */
    online: (projectId: string) => { id: string; name: string }[];
  }
}

/** The live side: project events to whoever watches, and the rooms. */
export default fp(async (app) => {
  const io = attachSocket(app);
  const watchers = new Watchers(app.bus);
  app.decorate('online', (projectId: string) => watchers.online(projectId));
  app.bus.on((projectId, event) => { io.to(`project:${projectId}`).emit('project:event', { project: projectId, event }); });

  io.on('connection', (socket: EmendSocket) => {
    const watched = new Set<string>();
    socket.on('project:watch', async (raw, answer) => {
      try {
        const { message } = await admit(app, socket, 'project:watch', raw);
        await socket.join(`project:${message.project}`);
        if (!watched.has(message.project)) watchers.add(message.project, socket.data.person);
        watched.add(message.project);
        answer({ ok: true });
        socket.emit('project:event', { project: message.project, event: { type: 'online', people: watchers.online(message.project) } });
      } catch (error) {
        answer({ ok: false, problem: problemOf(app, error) });
      }
    });
    const unwatch = async (project: string): Promise<void> => {
      if (!watched.delete(project)) return;
      watchers.remove(project, socket.data.person);
      await socket.leave(`project:${project}`);
    };
    socket.on('project:unwatch', async (raw, answer) => {
      try {
        await unwatch((await admit(app, socket, 'project:unwatch', raw)).message.project);
        answer({ ok: true });
      } catch (error) {
        answer({ ok: false, problem: problemOf(app, error) });
      }
    });
    socket.on('disconnect', () => { for (const project of [...watched]) void unwatch(project); });
  });
  app.addHook('preClose', async () => { await io.close(); });
}, { name: 'sync', dependencies: ['database', 'auth', 'bus'] });
