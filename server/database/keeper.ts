import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';

/** A PostgreSQL that answers, and the one connection that marks it as ours. */
export interface Running {
  port: number;
  /** Holds the lock of the cluster's one Emend; its end tells that the database has died. */
  owner: pg.Client;
  stop: () => Promise<void>;
}

/** Milliseconds between two tries. */
const LONGEST_WAIT = 5000;

/**
 * Keeps the built-in PostgreSQL running: when it dies under the server (killed, out of memory), it is started again at the same address. Meanwhile edits wait in
 * their rooms, and requests are told that the database cannot be reached.
 */
export class Keeper {
  #running: Running;
  #stopping = false;
  #reviving: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;
  readonly #begin: () => Promise<Running>;
  readonly #tell: (what: string, error?: unknown) => void;

  constructor(running: Running, begin: () => Promise<Running>, tell: (what: string, error?: unknown) => void) {
    this.#running = running;
    this.#begin = begin;
    this.#tell = tell;
    this.#watch();
  }

  #watch(): void {
    this.#running.owner.once('end', () => {
      if (!this.#stopping) this.#reviving = this.#revive();
    });
  }

  async #revive(): Promise<void> {
    this.#tell('the built-in PostgreSQL has ended; it is started again');
    for (let wait = 100; !this.#stopping; wait = Math.min(LONGEST_WAIT, wait * 2)) {
      try {
        this.#running = await this.#begin();
        this.#watch();
        this.#tell('the built-in PostgreSQL runs again');
        return;
      } catch (error) {
        this.#tell('the built-in PostgreSQL could not be started yet', error);
        await sleep(wait);
      }
    }
  }

  /** Idempotent. */
  stop(): Promise<void> {
    this.#stopping = true;
    return (this.#stopped ??= this.#reviving.then(() => this.#running.stop()));
  }
}
