import { Piscina } from 'piscina';
import { EmendError } from '#core/errors.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { Gate } from './gate.ts';
import type { Reply, RequestName, Requests, WorkerSettings } from './messages.ts';
import { Processes } from './processes.ts';
import type { Attempt } from './session.ts';

export interface LaneOptions extends WorkerSettings {
  readonly name: string;
  readonly workers: number;
  /** Requests that may wait; one more is refused as `busy`. */
  readonly queue: number;
  /** Is told of errors that nobody foresaw, with their trace: for the log. */
  readonly onError: (trace: string) => void;
  /** Is told which execution providers were tried and what came of each, whenever that changes: for the log. */
  readonly onAttempts?: (lane: string, attempts: readonly Attempt[]) => void;
  /** What runs in the threads; tests put one there that dies. */
  readonly program?: URL;
  /** In processes instead of threads: those can be ended in the middle of native code. For models that strangers made. */
  readonly isolated?: boolean;
  /** A request that takes longer is cut off with whatever works on it, and fails as `unavailable` with these words. */
  readonly limit?: { readonly ms: number; readonly told: string };
}

/** A running request that was taken back gets so long to end by itself: whoever ends it by force loses the loaded models. Isolated lanes only. */
const GRACE_MS = 3000;
/** A thread inside native code cannot be ended; the server's end does not wait for it any longer than this. */
const CLOSE_MS = 5000;

/** How a request waits. */
export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  readonly ticket?: object;
}

export interface LaneStatus {
  readonly name: string;
  readonly threads: number;
  readonly queued: number;
  readonly running: number;
}

/**
 * A group of threads, or processes, for one kind of work. Lanes are separate pools, so that an interactive decode never waits behind encodes or bulk
 * predictions. minThreads = maxThreads: a thread that goes takes its loaded models with it.
 */
export class Lane {
  readonly #options: LaneOptions;
  /** Started by the first request, so that a server that predicts nothing starts at once. */
  #pool: Piscina | Processes | null = null;
  readonly #gate: Gate;
  #attempts: readonly Attempt[] = [];
  #closed = false;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#gate = new Gate(options.workers, options.queue);
  }

  #start(): Piscina | Processes {
    const { providers, threads, keep, nice, workers, isolated = false, program = new URL('./worker.ts', import.meta.url) } = this.#options;
    const settings: WorkerSettings = { providers, threads, keep, nice };
    if (isolated) return new Processes(program, settings);
    return new Piscina({
      filename: program.href,
      minThreads: workers,
      maxThreads: workers,
      workerData: settings,
      resourceLimits: { maxOldGenerationSizeMb: 2048 },
    });
  }

  /**
   * Runs one request. `signal` takes it out of the queue; a running one is let go on (isolated: for GRACE_MS), since aborting it would kill its thread and
   * the models in it. With a `ticket` it can be hurried. A thread that dies under it is replaced, and the request is tried once more.
   * @throws EmendError `busy` when the queue is full, `unavailable` beyond the lane's limit, the worker's own problem, or `failed`.
   */
  async run<N extends RequestName>(name: N, message: Requests[N]['in'], { signal, ticket }: RunOptions = {}): Promise<Requests[N]['out']> {
    if (this.#gate.full) throw busy(this.#options.name);
    const answer = await this.#gate.pass(() => this.#attempt(name, message, signal), signal, ticket);
    this.#note(answer.attempts);
    if (answer.ok) return answer.value;
    if (answer.problem) throw new EmendError(answer.problem.code, answer.problem.message, answer.problem.detail);
    this.#options.onError(answer.trace);
    throw new EmendError('failed', 'The model worker stopped with an error; nothing was changed. Try again; the log has the details.');
  }

  /** Each thread tries for itself, so a fresh one that has loaded nothing yet says nothing. */
  #note(attempts: readonly Attempt[]): void {
    if (attempts.length === 0 || JSON.stringify(attempts) === JSON.stringify(this.#attempts)) return;
    this.#attempts = attempts;
    this.#options.onAttempts?.(this.#options.name, attempts);
  }

  hurry(ticket: object): void {
    this.#gate.hurry(ticket);
  }

  async #attempt<N extends RequestName>(name: N, message: Requests[N]['in'], signal: AbortSignal | undefined): Promise<Reply<N>> {
    const end = this.#ending(signal);
    try {
      return await this.#ask(name, message, end.signal).catch((error: unknown) => this.#again(name, message, error, end.signal));
    } finally {
      end.clear();
    }
  }

  /** Aborts when the lane's limit is reached, or when the request was taken back and does not end by itself. */
  #ending(signal: AbortSignal | undefined): { signal: AbortSignal; clear: () => void } {
    const { limit, isolated = false, name, onError } = this.#options;
    const ending = new AbortController();
    const timers: NodeJS.Timeout[] = [];
    const after = (ms: number, reason: () => Error): void => { timers.push(setTimeout(() => { ending.abort(reason()); }, ms)); };
    if (limit) {
      after(limit.ms, () => {
        onError(`a request in the lane ${name} was ended after ${limit.ms} ms`);
        return new EmendError('unavailable', limit.told);
      });
    }
    const takenBack = (): void => { after(GRACE_MS, () => new DOMException('The work was taken back.', 'AbortError')); };
    if (isolated) signal?.addEventListener('abort', takenBack, { once: true });
    return {
      signal: ending.signal,
      clear: () => {
        signal?.removeEventListener('abort', takenBack);
        for (const timer of timers) clearTimeout(timer);
      },
    };
  }

  async #ask<N extends RequestName>(name: N, message: Requests[N]['in'], signal: AbortSignal): Promise<Reply<N>> {
    const reply: Reply<N> = await (this.#pool ??= this.#start()).run(message, { name, signal });
    return reply;
  }

  /** Workers answer with their problems as data: a rejection means that the thread is gone (out of memory, an exit in native code). */
  async #again<N extends RequestName>(name: N, message: Requests[N]['in'], first: unknown, signal: AbortSignal): Promise<Reply<N>> {
    signal.throwIfAborted(); // it was ended on purpose
    if (this.#closed) throw new EmendError('unavailable', 'The server is stopping; nothing was changed.');
    this.#options.onError(`a thread of the lane ${this.#options.name} died and is replaced: ${traceOf(first)}`);
    try {
      return await this.#ask(name, message, signal);
    } catch (second) {
      signal.throwIfAborted();
      this.#options.onError(`the thread that replaced it died of the same request: ${traceOf(second)}`);
      throw new EmendError('failed', 'The model worker died of this picture, twice; it is running again and nothing was changed. A smaller picture or model may work; the log has the details.');
    }
  }

  get attempts(): readonly Attempt[] {
    return this.#attempts;
  }

  get status(): LaneStatus {
    return { name: this.#options.name, threads: this.#options.workers, queued: this.#gate.queued, running: this.#gate.running };
  }

  async close(): Promise<void> {
    this.#closed = true;
    const pool = this.#pool;
    this.#pool = null;
    if (pool) await Promise.race([pool.destroy(), sleep(CLOSE_MS, undefined, { ref: false })]);
  }
}

function traceOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function busy(lane: string): EmendError {
  return new EmendError('busy', 'Too many pictures are waiting for the models already; this one was not taken. Try again in a moment.', lane);
}
