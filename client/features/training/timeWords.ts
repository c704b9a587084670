import type { RunDto } from '#core/api/run.ts';
import { duration } from '../../ui/words.ts';

/**
 * Seconds per image and pixel on two CPU cores without a GPU, measured with a nano segmentation model: 205 images at 320 px in 25 s.
 * Only the order of magnitude: the first run of a project replaces it.
 */
const CPU_SECONDS = 25 / (205 * 320 * 320);
/** A single modern GPU against those two cores. */
const GPU_FACTOR = 40;

export interface Plan { epochs: number; imgsz: number; images: number }
export interface Machine {
  /** null = not known: only administrators may see the system page. */
  gpu: boolean | null;
  earlier: (Plan & { seconds: number; number: number }) | null;
}

/** Seconds that a training will about take. */
export function estimate(plan: Plan, machine: Machine): number {
  const work = ({ epochs, imgsz, images }: Plan) => epochs * images * imgsz * imgsz;
  if (machine.earlier && work(machine.earlier) > 0) return (machine.earlier.seconds * work(plan)) / work(machine.earlier);
  return (work(plan) * CPU_SECONDS) / (machine.gpu === true ? GPU_FACTOR : 1);
}

/** Honest words: what the number rests on is said with it. */
export function timeWords(plan: Plan, machine: Machine): string {
  const seconds = Math.max(20, estimate(plan, machine));
  const about = `about ${seconds < 60 ? '1 min' : duration(Math.round(seconds / 60) * 60)}`;
  if (machine.earlier) return `${about}, going by run ${machine.earlier.number}`;
  if (machine.gpu === false) return `no GPU, so ${about}`;
  if (machine.gpu === true) return `on the GPU, ${about}`;
  return `${about} without a GPU, far less with one`;
}

/** The newest finished run as a measure. */
export function measureOf(runs: readonly RunDto[]): Machine['earlier'] {
  const run = runs.filter((r) => r.state === 'done' && r.startedAt && r.endedAt).sort((a, b) => b.number - a.number)[0];
  if (!run?.startedAt || !run.endedAt) return null;
  const seconds = (Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1000;
  return { epochs: run.config.epochs, imgsz: run.config.imgsz, images: run.datasetVersion.images, seconds, number: run.number };
}

/** How far a run was when it was paused: it goes on with the epoch that it was in. */
export function pausedWords({ epoch, epochs }: Pick<RunDto['progress'], 'epoch' | 'epochs'>): string {
  return epoch < 1 ? 'Paused before the first epoch.' : `Paused in epoch ${epoch} of ${epochs}, with which it will go on.`;
}

/** How far a run was when it was cancelled. `epoch` is the one that was going on. */
export function cancelledWords({ epoch, epochs }: Pick<RunDto['progress'], 'epoch' | 'epochs'>): string {
  if (epoch < 1) return 'Cancelled before the first epoch.';
  return `Cancelled in epoch ${epoch} of ${epochs}.${epoch > 1 ? ' The checkpoint of the epoch before is kept.' : ''}`;
}
