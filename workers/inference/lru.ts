/** Values that cost bytes, kept until their sum passes a budget; the one unused for longest goes first. */
export class ByteCache<V> {
  readonly #budget: number;
  readonly #weigh: (value: V) => number;
  readonly #entries = new Map<string, V>();
  #bytes = 0;
  #hits = 0;
  #misses = 0;

  constructor(budget: number, weigh: (value: V) => number) {
    this.#budget = budget;
    this.#weigh = weigh;
  }

  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) {
      this.#misses += 1;
      return undefined;
    }
    this.#hits += 1;
    this.#entries.delete(key); // put last: a Map keeps the order of insertion, which makes it the order of use
    this.#entries.set(key, value);
    return value;
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** A value larger than the whole budget is not kept. */
  set(key: string, value: V): void {
    this.delete(key);
    const bytes = this.#weigh(value);
    if (bytes > this.#budget) return;
    this.#entries.set(key, value);
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#budget) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const value = this.#entries.get(key);
    if (value === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= this.#weigh(value);
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  get status(): { entries: number; bytes: number; hits: number; misses: number } {
    return { entries: this.#entries.size, bytes: this.#bytes, hits: this.#hits, misses: this.#misses };
  }
}
