import type { ServerToClient } from '#core/protocol.ts';
import type { EmendServer, EmendSocket } from './socket.ts';

export type LiveMessage = Parameters<ServerToClient['team:live']>[0];
/** What a newcomer is to be told: of each message the full one, or the one for eyes that must not see everything. */
export type Newcomer = (projectId: string, send: (full: LiveMessage, masked: LiveMessage) => void) => void;

/** Connections that follow who works on what. Annotators and viewers sit apart: of images that two people correct blind they are told less. */
export class Audience {
  readonly #io: EmendServer;
  readonly #newcomers = new Set<Newcomer>();

  constructor(io: EmendServer) {
    this.#io = io;
  }

  /** Hears who begins to follow a project, to tell them how things stand. Returns the remover. */
  onNewcomer(listener: Newcomer): () => void {
    this.#newcomers.add(listener);
    return () => void this.#newcomers.delete(listener);
  }

  async join(socket: EmendSocket, projectId: string, apart: boolean): Promise<void> {
    await this.leave(socket, projectId);
    await socket.join(roomOf(projectId, apart));
    for (const tell of this.#newcomers) tell(projectId, (full, masked) => { socket.emit('team:live', apart ? masked : full); });
  }

  async leave(socket: EmendSocket, projectId: string): Promise<void> {
    await socket.leave(roomOf(projectId, true));
    await socket.leave(roomOf(projectId, false));
  }

  /** Somebody on this node follows the project: else there is nothing to work out. */
  has(projectId: string): boolean {
    const { rooms } = this.#io.of('/').adapter;
    return rooms.has(roomOf(projectId, true)) || rooms.has(roomOf(projectId, false));
  }

  send(projectId: string, full: LiveMessage, masked: LiveMessage): void {
    this.#io.to(roomOf(projectId, false)).emit('team:live', full);
    this.#io.to(roomOf(projectId, true)).emit('team:live', masked);
  }
}

function roomOf(projectId: string, apart: boolean): string {
  return `team:${projectId}:${apart ? 'apart' : 'all'}`;
}
