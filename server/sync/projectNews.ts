/** Project events on their way to whoever watches. Of images that two people correct blind, annotators and viewers hear only what is about their own copy. */
import type { ProjectEvent } from '#core/protocol.ts';
import type { PrismaClient } from '#prisma';
import type { Log } from '../context.ts';
import type { EmendServer, EmendSocket } from './socket.ts';

type TaskNews = Extract<ProjectEvent, { type: 'task' | 'review' }>;
/** Who has had the copy that an event is about, and who the other one of its image. */
interface Copies {
  own: ReadonlySet<string>;
  other: ReadonlySet<string>;
}

export class ProjectNews {
  readonly #io: EmendServer;
  readonly #db: PrismaClient;
  readonly #log: Log;
  /** Of each project what is told apart, in its order: whose an event is has to be looked up first. */
  readonly #last = new Map<string, Promise<void>>();

  constructor(io: EmendServer, db: PrismaClient, log: Log) {
    this.#io = io;
    this.#db = db;
    this.#log = log;
  }

  async join(socket: EmendSocket, projectId: string, apart: boolean): Promise<void> {
    await this.leave(socket, projectId);
    await socket.join(roomOf(projectId, apart));
  }

  async leave(socket: EmendSocket, projectId: string): Promise<void> {
    await socket.leave(roomOf(projectId, true));
    await socket.leave(roomOf(projectId, false));
  }

  send(projectId: string, event: ProjectEvent): void {
    const apart = roomOf(projectId, true);
    if (event.type !== 'task' && event.type !== 'review') return void this.#io.to([roomOf(projectId, false), apart]).emit('project:event', { project: projectId, event });
    this.#io.to(roomOf(projectId, false)).emit('project:event', { project: projectId, event });
    if (!this.#io.of('/').adapter.rooms.has(apart)) return;
    const done = (this.#last.get(projectId) ?? Promise.resolve()).then(() => this.#tellApart(projectId, event))
      .catch((error: unknown) => { this.#log.warn({ err: error }, 'an event of a task could not be told'); })
      .finally(() => { if (this.#last.get(projectId) === done) this.#last.delete(projectId); });
    this.#last.set(projectId, done);
  }

  async #tellApart(projectId: string, event: TaskNews): Promise<void> {
    const apart = roomOf(projectId, true);
    const copies = await this.#copiesOf(event.task);
    if (copies === null) return void this.#io.to(apart).emit('project:event', { project: projectId, event });
    const { adapter, sockets } = this.#io.of('/');
    for (const id of adapter.rooms.get(apart) ?? []) {
      const socket = sockets.get(id);
      const told = socket && forEars(event, socket.data.person.id, copies);
      if (told) socket.emit('project:event', { project: projectId, event: told });
    }
  }

  /** null = everybody may know how this task stands. */
  async #copiesOf(taskId: string): Promise<Copies | null> {
    const task = await this.#db.task.findUnique({ where: { id: taskId }, select: { blind: true, seenBy: true, copy: true, imageId: true, iterationId: true } });
    if (!task?.blind) return null;
    const { imageId, iterationId, copy } = task;
    const others = await this.#db.task.findMany({ where: { imageId, iterationId, copy: { not: copy } }, select: { seenBy: true } });
    return { own: new Set(task.seenBy), other: new Set(others.flatMap((t) => t.seenBy)) };
  }

  /** Resolves when all is told that has been said. */
  async settled(): Promise<void> {
    await Promise.all(this.#last.values());
  }
}

/** What somebody hears of a blind copy: of their own everything, of the other one of theirs nothing; whoever may get it, that their list is to be read again. */
function forEars(event: TaskNews, userId: string, { own, other }: Copies): ProjectEvent | null {
  if (own.has(userId)) return event;
  if (other.has(userId) || event.type === 'review') return null;
  return { ...event, state: 'pending', by: null };
}

function roomOf(projectId: string, apart: boolean): string {
  return `project:${projectId}:${apart ? 'apart' : 'all'}`;
}
