/**
 * The events of all connections take turns, one for each turn of the event loop: however many one connection sends at once, the others, and everything else that
 * the server does, come between.
 */
export class Turns {
  /** Connections with events that wait, in the order in which their turn comes. */
  readonly #waiting = new Map<object, (() => void)[]>();
  #scheduled = false;

  /** Runs `work` when it is the turn of `owner`; the works of one owner begin in the order in which they were added. */
  add(owner: object, work: () => void): void {
    const own = this.#waiting.get(owner);
    if (own) own.push(work);
    else this.#waiting.set(owner, [work]);
    this.#schedule();
  }

  /** Resolves when it is the turn of `owner` (never, when it is dropped): before work whose permission came for many events at the same moment. */
  take(owner: object): Promise<void> {
    return new Promise((resolve) => { this.add(owner, resolve); });
  }

  /** Forgets what `owner` still waits for. */
  drop(owner: object): void {
    this.#waiting.delete(owner);
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.size === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#next();
      this.#schedule();
    });
  }

  #next(): void {
    const [first] = this.#waiting;
    if (!first) return;
    const [owner, own] = first;
    const work = own.shift();
    // To the end of the row, so that the next turn is somebody else's.
    this.#waiting.delete(owner);
    if (own.length > 0) this.#waiting.set(owner, own);
    work?.();
  }
}
