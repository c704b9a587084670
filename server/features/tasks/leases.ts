/** Leases live with connections: whoever has a task open keeps it, whoever leaves it gives it back, and a connection that breaks has a while to come again. */
import type { FastifyInstance } from 'fastify';
import { claim, LEASE_MS } from './handOut.ts';

const RENEW_MS = 60_000;
const SWEEP_MS = 5000;
/** Leaving for the picture before or after is often undone at once. */
const LEFT_MS = 15_000;
/** Reloading a page or a broken connection must not give the image to somebody else. */
const LOST_MS = 90_000;

declare module 'fastify' {
  interface FastifyInstance {
    leases: Leases;
  }
}

export function keepLeases(app: FastifyInstance): void {
  const leases = new Leases(app);
  const remove = app.rooms.onPeople((taskId, person, here, { readOnly, how }) => {
    if (here) leases.came(taskId, person.id, readOnly);
    else leases.went(taskId, person.id, how === 'left' ? LEFT_MS : LOST_MS);
  });
  app.decorate('leases', leases);
  const timers = [setInterval(() => { leases.renew(); }, RENEW_MS), setInterval(() => { leases.sweep(); }, SWEEP_MS)];
  for (const timer of timers) timer.unref();
  app.addHook('preClose', async () => {
    for (const timer of timers) clearInterval(timer);
    remove();
    await leases.settled();
  });
}

interface Freed {
  id: string;
  projectId: string;
  imageId: string;
}

/** The leases of whoever is connected to this process. */
export class Leases {
  readonly #app: FastifyInstance;
  /** Task → who has it open, in the order of coming; true = may only look. */
  readonly #here = new Map<string, Map<string, boolean>>();
  /** What happens to one task's lease happens in order: a late "left" must not shorten the lease of somebody who is back. */
  readonly #last = new Map<string, Promise<void>>();

  constructor(app: FastifyInstance) {
    this.#app = app;
  }

  came(taskId: string, userId: string, readOnly: boolean): void {
    const people = this.#here.get(taskId) ?? new Map<string, boolean>();
    this.#here.set(taskId, people.set(userId, readOnly));
    this.#do(taskId, async () => {
      await this.#app.db.$executeRaw`UPDATE "Task" SET "seenBy" = array_append("seenBy", ${userId}) WHERE id = ${taskId} AND NOT ${userId} = ANY("seenBy")`;
      await this.#extend(taskId, userId, LEASE_MS);
    });
  }

  went(taskId: string, userId: string, graceMs: number): void {
    const people = this.#here.get(taskId);
    people?.delete(userId);
    if (people?.size === 0) this.#here.delete(taskId);
    this.#do(taskId, () => this.#extend(taskId, userId, graceMs));
  }

  renew(): void {
    for (const [taskId, people] of this.#here) for (const userId of people.keys()) this.#do(taskId, () => this.#extend(taskId, userId, LEASE_MS));
  }

  /** Gives back what nobody holds any more, or hands it to whoever has it open beside the one who went. */
  sweep(): void {
    this.#do('', async () => {
      await this.#takeAway();
      const freed = await this.#app.db.$queryRaw<Freed[]>`
        UPDATE "Task" SET state = 'pending', "assigneeId" = NULL, "leaseUntil" = NULL
        WHERE state = 'assigned' AND "leaseUntil" < now() AT TIME ZONE 'UTC' RETURNING id, "projectId", "imageId"`;
      for (const task of freed) await this.#passOn(task);
    });
  }

  /** Made so that somebody could change labels that the image came with, and left as it was: there is nothing for anybody to do. */
  async #takeAway(): Promise<void> {
    const gone = await this.#app.db.$queryRaw<Freed[]>`
      DELETE FROM "Task" t WHERE t.asked AND t.state = 'assigned' AND t."leaseUntil" < now() AT TIME ZONE 'UTC' AND NOT t.dirty AND t."docSeq" = 0
        AND NOT EXISTS (SELECT 1 FROM "Revision" r WHERE r."taskId" = t.id) RETURNING t.id, t."projectId", t."imageId"`;
    for (const { projectId } of gone) this.#app.bus.emit(projectId, { type: 'loop' });
  }

  async #passOn({ id, projectId, imageId }: Freed): Promise<void> {
    const { db, bus } = this.#app;
    const heir = [...(this.#here.get(id) ?? [])].find(([, readOnly]) => !readOnly)?.[0] ?? null;
    const taken = heir !== null && (await claim(db, projectId, id, heir));
    bus.emit(projectId, { type: 'task', task: id, image: imageId, state: taken ? 'assigned' : 'pending', by: taken ? heir : null });
  }

  async #extend(taskId: string, userId: string, ms: number): Promise<void> {
    await this.#app.db.task.updateMany({ where: { id: taskId, state: 'assigned', assigneeId: userId }, data: { leaseUntil: new Date(Date.now() + ms) } });
  }

  #do(key: string, work: () => Promise<void>): void {
    const done = (this.#last.get(key) ?? Promise.resolve()).then(work).catch((error: unknown) => { this.#app.log.warn({ err: error }, 'a lease could not be kept'); })
      .finally(() => { if (this.#last.get(key) === done) this.#last.delete(key); });
    this.#last.set(key, done);
  }

  /** Resolves when all that has been asked for is done. */
  async settled(): Promise<void> {
    await Promise.all(this.#last.values());
  }
}
