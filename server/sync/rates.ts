/** A token bucket: `perSecond` on average, `burst` at once. */
export class Bucket {
  #tokens: number;
  #at = performance.now();
  readonly #perSecond: number;
  readonly #burst: number;

  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
  }

  take(): boolean {
    if (this.isEmpty()) return false;
    this.#tokens -= 1;
    return true;
  }

  isEmpty(): boolean {
    const now = performance.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) / 1000) * this.#perSecond);
    this.#at = now;
    return this.#tokens < 1;
  }

  /** What has cost so much already; may leave less than nothing. */
  spend(tokens: number): void {
    this.#tokens -= tokens;
  }
}
