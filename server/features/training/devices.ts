/** One run per device of this node: each GPU is one, and the CPU is one. Others wait in the order in which they came. */
import { EmendError } from '#core/errors.ts';

export interface Lease {
  /** As the trainer takes it: "cpu", "0", "0,1". */
  device: string;
  release: () => void;
}

interface Waiting {
  wanted: string;
  who: string;
  give: (lease: Lease) => void;
  tell: (holders: string) => void;
}

export class Devices {
  readonly #busy = new Map<string, string>();
  readonly #waiting: Waiting[] = [];

  /**
   * `wanted`: "auto" (the first GPU that is free, else the CPU where there is no GPU), "cpu", or GPUs by number ("0", "0,1"). `onWait` is told who holds what is wanted.
   * @throws EmendError `invalid` for a GPU that this machine does not have; the signal's reason when it aborts.
   */
  async acquire({ wanted, gpus, who, signal, onWait }: { wanted: string; gpus: number; who: string; signal: AbortSignal; onWait: (holders: string) => void }): Promise<Lease> {
    const names = candidates(wanted, gpus);
    signal.throwIfAborted();
    const free = this.#waiting.length === 0 ? this.#free(names) : this.#behind(names);
    if (free !== null) return this.#take(free, who);
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { wanted: names.map((set) => set.join(',')).join(' '), who, give: resolve, tell: onWait };
      this.#waiting.push(waiting);
      onWait(this.#holders(names));
      signal.addEventListener('abort', () => {
        const at = this.#waiting.indexOf(waiting);
        if (at === -1) return;
        this.#waiting.splice(at, 1);
        reject(signal.reason instanceof Error ? signal.reason : new Error('cancelled'));
        this.#serve();
      }, { once: true });
    });
  }

  /** What is free and wanted by nobody who came before. */
  #behind(names: string[][]): string[] | null {
    const claimed = new Set(this.#waiting.flatMap(({ wanted }) => wanted.split(/[ ,]/)));
    const set = this.#free(names);
    return set?.some((name) => claimed.has(name)) ? null : set;
  }

  #free(names: string[][]): string[] | null {
    return names.find((set) => set.every((name) => !this.#busy.has(name))) ?? null;
  }

  #holders(names: string[][]): string {
    return [...new Set(names.flat().flatMap((name) => this.#busy.get(name) ?? []))].join(', ');
  }

  #take(set: string[], who: string): Lease {
    for (const name of set) this.#busy.set(name, who);
    let held = true;
    return {
      device: set.join(','),
      release: () => {
        if (!held) return;
        held = false;
        for (const name of set) this.#busy.delete(name);
        this.#serve();
      },
    };
  }

  /** Whoever can go on does; nobody overtakes somebody who waits for the same device. */
  #serve(): void {
    const claimed = new Set<string>();
    for (const waiting of [...this.#waiting]) {
      const names = waiting.wanted.split(' ').map((set) => set.split(','));
      const set = names.find((one) => one.every((name) => !this.#busy.has(name) && !claimed.has(name)));
      if (!set) {
        for (const name of names.flat()) claimed.add(name);
        waiting.tell(this.#holders(names));
        continue;
      }
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.give(this.#take(set, waiting.who));
    }
  }
}

/** The sets of devices that would do, best first. */
function candidates(wanted: string, gpus: number): string[][] {
  if (wanted === 'cpu' || (wanted === 'auto' && gpus === 0)) return [['cpu']];
  if (wanted === 'auto') return Array.from({ length: gpus }, (_, i) => [String(i)]);
  const set = [...new Set(wanted.split(',').map((text) => String(Number(text))))];
  const missing = set.find((name) => Number(name) >= gpus);
  if (missing !== undefined) throw new EmendError('invalid', `This machine has ${gpus === 0 ? 'no GPU that the trainer can use' : gpus === 1 ? 'one GPU, number 0' : `${gpus} GPUs, 0 to ${gpus - 1}`}; the run wants number ${missing}. Start it again with another device.`);
  return [set];
}
