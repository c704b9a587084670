/** A connection lives as long as what its person was known by at the handshake: the session or the token. */
import type { FastifyBaseLogger } from 'fastify';
import type { PrismaClient } from '#prisma';
import type { Proof } from '../context.ts';
import type { EmendServer, EmendSocket } from './socket.ts';

/** Whatever has expired, or was ended by another node or in the database, is noticed within this time. Milliseconds. */
export const SWEEP_MS = 3000;

export class Proofs {
  readonly #io: EmendServer;
  readonly #db: PrismaClient;
  readonly #log: FastifyBaseLogger;
  readonly #timer: NodeJS.Timeout;
  #sweeping: Promise<void> | undefined;

  constructor(io: EmendServer, db: PrismaClient, log: FastifyBaseLogger) {
    this.#io = io;
    this.#db = db;
    this.#log = log;
    this.#timer = setInterval(() => void this.sweep(), SWEEP_MS);
    this.#timer.unref();
  }

  /** Ends the connections of one session or token. */
  end({ kind, id }: Proof): void {
    for (const socket of this.#sockets()) if (socket.data.proof.kind === kind && socket.data.proof.id === id) close(socket);
  }

  /** Ends the connections whose session or token is no more. One at a time: a slow database must not pile them up. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#endTheDead()
      .catch((error: unknown) => { this.#log.warn({ err: error }, 'sessions of connections could not be checked'); })
      .finally(() => { this.#sweeping = undefined; });
    return this.#sweeping;
  }

  async #endTheDead(): Promise<void> {
    const sockets = this.#sockets();
    if (sockets.length === 0) return;
    const living = await this.#living(sockets.map(({ data }) => data.proof));
    for (const socket of sockets) if (!living.has(socket.data.proof.id)) close(socket);
  }

  async #living(proofs: readonly Proof[]): Promise<Set<string>> {
    const idsOf = (kind: Proof['kind']): string[] => [...new Set(proofs.filter((p) => p.kind === kind).map((p) => p.id))];
    const [sessions, tokens, now] = [idsOf('session'), idsOf('token'), new Date()];
    const rows = await Promise.all([
      sessions.length === 0 ? [] : this.#db.session.findMany({ where: { id: { in: sessions }, expiresAt: { gt: now } }, select: { id: true } }),
      tokens.length === 0 ? [] : this.#db.apiToken.findMany({ where: { id: { in: tokens }, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] }, select: { id: true } }),
    ]);
    return new Set(rows.flat().map(({ id }) => id));
  }

  #sockets(): EmendSocket[] {
    return [...this.#io.sockets.sockets.values()];
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
  }
}

/** As if the network had broken: the page tries again, is refused, and says that its person is signed out. */
function close(socket: EmendSocket): void {
  socket.conn.close();
}
