/** Several cells at once: each lane takes the first cell that nobody has and whose beginning is there. */
import { setTimeout as sleep } from 'node:timers/promises';
import { before, nameOf, type Cell } from './plan.ts';

export interface Lanes {
  cells: readonly Cell[];
  lanes: number;
  /** No further cell is begun after this time (milliseconds since 1970). */
  end: number;
  play: (cell: Cell) => Promise<void>;
  /** Of an earlier sitting, by name. */
  played: ReadonlySet<string>;
}

/** Resolves when all are played, or the time is over. A cell that fails is told and left out, with all that would follow it. Returns how many failed. */
export async function playAll({ cells, lanes, end, play, played }: Lanes): Promise<number> {
  const [taken, done, failed] = [new Set(played), new Set(played), new Set<string>()];
  const free = (cell: Cell): boolean => {
    const from = before(cell);
    // What leads to it may be no part of this sitting: then it was played in another one.
    return !taken.has(nameOf(cell)) && (from === null || done.has(nameOf(from)) || !cells.some((c) => nameOf(c) === nameOf(from)));
  };
  const lane = async (): Promise<void> => {
    while (Date.now() < end) {
      const cell = cells.find(free);
      if (!cell && taken.size === done.size + failed.size) return;
      if (!cell) { await sleep(500); continue; }
      const name = nameOf(cell);
      taken.add(name);
      try {
        await play(cell);
        done.add(name);
      } catch (error) {
        failed.add(name);
        console.error(`${name} failed:`, error);
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return failed.size;
}
