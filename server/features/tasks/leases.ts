import type { FastifyInstance } from 'fastify';
import { LEASE_MS } from './handOut.ts';

const RENEW_MS = 4 * 60_000;
/** Reloading a page or a broken connection must not give the image to somebody else. */
const GRACE_MS = 90_000;

/** Somebody who has a task open keeps it; whoever leaves it gives it back a little later. */
export function keepLeases(app: FastifyInstance): void {
  const { db, log } = app;
  const here = new Map<string, { taskId: string; userId: string }>();
  const extend = (where: { taskId: string; userId: string }, ms: number): void => {
    db.task.updateMany({ where: { id: where.taskId, state: 'assigned', assigneeId: where.userId }, data: { leaseUntil: new Date(Date.now() + ms) } })
      .catch((error: unknown) => { log.warn({ err: error }, 'a lease could not be renewed'); });
  };
  const remove = app.rooms.onPeople((taskId, person, present) => {
    const entry = { taskId, userId: person.id };
    if (present) here.set(`${taskId} ${person.id}`, entry);
    else here.delete(`${taskId} ${person.id}`);
    extend(entry, present ? LEASE_MS : GRACE_MS);
  });
  const timer = setInterval(() => { for (const entry of here.values()) extend(entry, LEASE_MS); }, RENEW_MS);
  timer.unref();
  app.addHook('preClose', async () => {
    clearInterval(timer);
    remove();
  });
}
