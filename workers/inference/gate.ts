/** Lets a fixed number of pieces of work pass at a time; the others wait in order and can give up while they wait. */
export class Gate {
  readonly #width: number;
  readonly #depth: number;
  readonly #waiting: (() => void)[] = [];
  /** The places in the queue of those that can be called to the front. */
  readonly #tickets = new Map<object, () => void>();
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

  /** Rejects with the signal's reason when it aborts before the work has begun; begun work is never cut off. With a `ticket` it can be hurried. */
  async pass<T>(work: () => Promise<T>, signal?: AbortSignal, ticket?: object): Promise<T> {
    signal?.throwIfAborted();
    if (this.#running >= this.#width) await this.#wait(signal, ticket);
    else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next(); // the place is handed on, so `running` stays
      else this.#running -= 1;
    }
  }

  /** Somebody waits for this one now: it goes before all others that wait. Nothing happens when it has begun. */
  hurry(ticket: object): void {
    const enter = this.#tickets.get(ticket);
    if (!enter) return;
    this.#waiting.splice(this.#waiting.indexOf(enter), 1);
    this.#waiting.unshift(enter);
  }

  #wait(signal: AbortSignal | undefined, ticket: object | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        if (ticket) this.#tickets.delete(ticket);
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(signal?.reason instanceof Error ? signal.reason : new DOMException('The work was taken back.', 'AbortError'));
      };
      const enter = (): void => {
        signal?.removeEventListener('abort', giveUp);
        if (ticket) this.#tickets.delete(ticket);
        resolve();
      };
      if (ticket) this.#tickets.set(ticket, enter);
      this.#waiting.push(enter);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }
}
