import * as Y from 'yjs';
import { EmendError } from '#core/errors.ts';
import { RoomSealed, type RoomStore } from './roomStore.ts';

/** How a room waits: real timers in the server, by hand in tests. Returns the cancelling function. */
export type Delay = (work: () => void, ms: number) => () => void;
export const realDelay: Delay = (work, ms) => {
  const timer = setTimeout(work, ms);
  // The end of the server flushes what waits; a timer must not hold it up.
  timer.unref();
  return () => { clearTimeout(timer); };
};

/** Edits that arrive while nothing is being written wait this long for company; while something is, they wait for it. */
const GATHER_MS = 4;
const RETRY_MS = 500;
const RETRIES = 30;

export interface Edit {
  update: Uint8Array;
  userId: string | null;
  /** Who sent it, and so need not hear it again. */
  from: string | null;
}

interface Waiting extends Edit {
  resolve: (seq: number) => void;
  reject: (error: EmendError) => void;
}

export interface CommitterEvents {
  committed: (edits: readonly Edit[], seq: number) => void;
  /** Nothing more can be written; every waiting edit has been refused with the same problem. `sealed`: the task takes none; else the database is away. */
  failed: (problem: EmendError, refused: readonly Edit[], sealed: boolean) => void;
}

/** Group commit of one room: what came in meanwhile is one append, one COMMIT, and then acknowledged together. Order is kept. */
export class Committer {
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #cancel: (() => void) | undefined;
  #failed: EmendError | undefined;
  readonly #taskId: string;
  readonly #store: RoomStore;
  readonly #events: CommitterEvents;
  readonly #delay: Delay;
  #seq: number;

  constructor(taskId: string, seq: number, store: RoomStore, events: CommitterEvents, delay: Delay) {
    this.#taskId = taskId;
    this.#seq = seq;
    this.#store = store;
    this.#events = events;
    this.#delay = delay;
  }

  get seq(): number {
    return this.#seq;
  }
  get idle(): boolean {
    return this.#waiting.length === 0 && this.#writing === undefined;
  }

  /** Resolves with the log number under which the edit is durable. */
  add(edit: Edit): Promise<number> {
    if (this.#failed) return Promise.reject(this.#failed);
    const done = new Promise<number>((resolve, reject) => this.#waiting.push({ ...edit, resolve, reject }));
    if (!this.#writing) this.#cancel ??= this.#delay(() => void this.flush(), GATHER_MS);
    return done;
  }

  /** Resolves when everything that was added before is durable (or has been refused). */
  async flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    while (this.#waiting.length > 0 || this.#writing) {
      this.#writing ??= this.#write().finally(() => { this.#writing = undefined; });
      await this.#writing;
    }
  }

  async #write(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    try {
      this.#seq = await this.#append(batch);
    } catch (error) {
      const sealed = error instanceof RoomSealed;
      this.#fail(batch, sealed, sealed
        ? new EmendError('conflict', 'This image has been submitted, so it takes no more edits. Open it again ("Back") to go on correcting it.')
        : new EmendError('unavailable', 'The server cannot reach its database, so this edit is not saved yet. It is kept in this browser and sent again.'));
      return;
    }
    for (const edit of batch) edit.resolve(this.#seq);
    this.#events.committed(batch, this.#seq);
  }

  async #append(batch: readonly Edit[]): Promise<number> {
    const entries = mergePerUser(batch);
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#store.append(this.#taskId, entries);
      } catch (error) {
        if (error instanceof RoomSealed || attempt >= RETRIES) throw error;
        await new Promise<void>((resolve) => this.#delay(resolve, RETRY_MS));
      }
    }
  }

  #fail(batch: readonly Waiting[], sealed: boolean, problem: EmendError): void {
    this.#failed = problem;
    const all = [...batch, ...this.#waiting];
    this.#waiting = [];
    for (const edit of all) edit.reject(problem);
    this.#events.failed(problem, all, sealed);
  }
}

/** One log entry per person and commit; the order between persons does not matter to Yjs within one commit. */
function mergePerUser(batch: readonly Edit[]): { bytes: Uint8Array; userId: string | null }[] {
  const byUser = Map.groupBy(batch, (e) => e.userId);
  return [...byUser].map(([userId, edits]) => ({ userId, bytes: merge(edits) }));
}

export function merge(edits: readonly Edit[]): Uint8Array {
  const [only] = edits;
  return edits.length === 1 && only ? only.update : Y.mergeUpdates(edits.map((e) => e.update));
}
