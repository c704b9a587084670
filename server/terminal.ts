/** What the person at the terminal reads: aligned lines of what was done, one that may change while something is going on. */
const NAME_WIDTH = 34;
const TIME_WIDTH = 10;

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

export class Terminal {
  readonly #out: Output;
  readonly #now: () => number;
  #open: { name: string; since: number } | undefined;

  constructor(out: Output, now: () => number = Date.now) {
    this.#out = out;
    this.#now = now;
  }

  /** Ends the step that is under way, with its time, and begins the next. */
  step(name: string): void {
    this.endStep();
    this.#open = { name, since: this.#now() };
    if (this.#out.isTTY) this.#out.write(`  ${name} …`);
  }

  endStep(): void {
    if (!this.#open) return;
    const { name, since } = this.#open;
    this.#open = undefined;
    const time = `${((this.#now() - since) / 1000).toFixed(1)} s`;
    this.#clear();
    this.#out.write(`  ${name.padEnd(NAME_WIDTH)}${time.padStart(TIME_WIDTH)}\n`);
  }

  /** One whole line. */
  line(text: string): void {
    this.endStep();
    this.#clear();
    this.#out.write(text === '' ? '\n' : `  ${text}\n`);
  }

  /** A line that the next one replaces. Where lines cannot be replaced (a pipe, a log), nothing. */
  passing(text: string): void {
    if (!this.#out.isTTY) return;
    this.#clear();
    this.#out.write(`  ${text}`);
  }

  #clear(): void {
    if (this.#out.isTTY) this.#out.write('\r\u001B[2K');
  }
}
