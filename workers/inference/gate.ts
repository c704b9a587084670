/** Lets a fixed number of pieces of work pass at a time; the others wait in order and can give up while they wait. */
export class Gate {
  readonly #width: number;
  readonly #depth: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** `width` at a time, `depth` waiting. */
  constructor(width: number, depth: number) {
    this.#width = width;
    this.#depth = depth;
  }

  get running(): number {
    return this.#running;
  }

  get queued(): number {
    return this.#waiting.length;
  }

  get full(): boolean {
    return this.#running >= this.#width && this.#waiting.length >= this.#depth;
  }

  /** Rejects with the signal's reason when it aborts before the work has begun; begun work is never cut off. */
  async pass<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    if (this.#running >= this.#width) await this.#wait(signal);
    else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next(); // the place is handed on, so `running` stays
      else this.#running -= 1;
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(signal?.reason instanceof Error ? signal.reason : new DOMException('The work was taken back.', 'AbortError'));
      };
      const enter = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      this.#waiting.push(enter);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }
}
