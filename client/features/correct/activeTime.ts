/** Longer without a sign of life, and the person was elsewhere. */
const IDLE_MS = 60_000;

/** Milliseconds that a person really spent: pauses and hidden tabs do not count beyond a minute. */
export class ActiveTime {
  #total = 0;
  #last: number;

  constructor(now: number) {
    this.#last = now;
  }

  /** A sign of life. */
  beat(now: number): void {
    this.#total += Math.min(IDLE_MS, Math.max(0, now - this.#last));
    this.#last = now;
  }

  total(now: number): number {
    this.beat(now);
    return this.#total;
  }
}
