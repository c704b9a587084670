import { Piscina } from 'piscina';
import { EmendError } from '#core/errors.ts';
import type { Reply, RequestName, Requests, WorkerSettings } from './messages.ts';
import type { Attempt } from './session.ts';

export interface LaneOptions extends WorkerSettings {
  readonly name: string;
  readonly workers: number;
  /** Requests that may wait; one more is refused as `busy`. */
  readonly queue: number;
}

export interface LaneStatus {
  readonly name: string;
  readonly threads: number;
  readonly queued: number;
  readonly running: number;
}

/**
 * A group of threads for one kind of work. Lanes are separate pools, so that an interactive decode never waits behind encodes or bulk
 * predictions. minThreads = maxThreads: a thread that goes takes its loaded models with it.
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly #pool: Piscina;
  #pending = 0;
  #attempts: readonly Attempt[] = [];

  constructor(options: LaneOptions) {
    this.#options = options;
    const { providers, threads, keep } = options;
    this.#pool = new Piscina({
      filename: new URL('./worker.ts', import.meta.url).href,
      minThreads: options.workers,
      maxThreads: options.workers,
      maxQueue: options.queue,
      workerData: { providers, threads, keep } satisfies WorkerSettings,
      resourceLimits: { maxOldGenerationSizeMb: 2048 },
    });
  }

  /**
   * Runs one request. `signal` takes it out of the queue only: aborting a running one would kill its thread and the models in it.
   * @throws EmendError `busy` when the queue is full, the worker's own problem, or `failed` with the trace as cause.
   */
  async run<N extends RequestName>(name: N, message: Requests[N]['in'], signal?: AbortSignal): Promise<Requests[N]['out']> {
    signal?.throwIfAborted();
    if (this.#pending >= this.#options.workers + this.#options.queue) throw busy(this.#options.name);
    this.#pending += 1;
    try {
      const answer: Reply<N> = await this.#pool.run(message, { name });
      this.#attempts = answer.attempts;
      if (answer.ok) return answer.value;
      if (answer.problem) throw new EmendError(answer.problem.code, answer.problem.message, answer.problem.detail);
      throw new EmendError('failed', 'The model worker stopped with an error; nothing was changed. Try again; the log has the details.', undefined);
    } finally {
      this.#pending -= 1;
    }
  }

  get attempts(): readonly Attempt[] {
    return this.#attempts;
  }

  get status(): LaneStatus {
    const running = Math.min(this.#pending, this.#options.workers);
    return { name: this.#options.name, threads: this.#options.workers, queued: this.#pending - running, running };
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

function busy(lane: string): EmendError {
  return new EmendError('busy', 'Too many pictures are waiting for the models already; this one was not taken. Try again in a moment.', lane);
}
