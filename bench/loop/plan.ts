/** What is played, in which sizes and in which order. */
import type { ProjectSettings } from '#core/api/project.ts';

export const SETS = ['bccd-roboflow', 'deeppcb-coco', 'demo'] as const;
export type SetName = (typeof SETS)[number];
export const SEEDS = [1, 2, 3] as const;
/** The default first: with whatever was played before a stop, it can be compared. */
export const STRATEGIES = ['uncertain', 'random', 'sequential'] as const satisfies readonly ProjectSettings['order'][];
export type StrategyName = (typeof STRATEGIES)[number];
export const ROUNDS = 3;

/** Side of pictures and network in pixels: as small as the set's objects allow. */
export const SIDE: Readonly<Record<SetName, number>> = { 'bccd-roboflow': 160, 'deeppcb-coco': 256, demo: 224 };
/** Labelled images that the first model learns from; images that each round corrects; images of the frozen validation split. */
export const [START, ROUND, VALID] = [30, 15, 40];
/**
 * Epochs. From scratch three times those of fine-tuning, as the presets have it (33 and 100). The first model's are short, since it has few images; those of
 * everything are long.
 */
const EPOCHS = { start: 40, incremental: 12, scratch: 36, everything: 18 } as const;
export type Mode = keyof typeof EPOCHS;
/** Defects of circuit boards differ from what is right by a few pixels: after 9 of 40 epochs nothing was found yet, where blood cells stood at 0.09. */
const PATIENCE: Readonly<Record<SetName, number>> = { 'bccd-roboflow': 1, 'deeppcb-coco': 4, demo: 1 };
export const epochsOf = ({ set, mode }: { set: SetName; mode: Mode }): number => EPOCHS[mode] * PATIENCE[set];
/** [depth, width, largest width] of the package's yolo11. */
export const SCALE = [0.5, 0.125, 1024] as const;
/**
 * The same for all runs. Steps after each batch (Ultralytics would gather 64 pictures, twice what there is at first), and no warm-up: it takes 100 steps
 * at least, which is most of a run of this size.
 */
export const TRAINING = { batch: 4, lr0: 0.003, extra: { nbs: 4, warmup_epochs: 0 } } as const;

/** One training with what leads to it. `round` and `strategy` where people corrected before it. */
export interface Cell {
  set: SetName;
  seed: number;
  mode: Mode;
  strategy: StrategyName | null;
  round: number;
}

export function nameOf({ set, seed, mode, strategy, round }: Cell): string {
  return [set.replaceAll('-', '_'), seed, strategy === null ? mode : `${strategy}_${round}`, ...(mode === 'scratch' ? [mode] : [])].join('_');
}

/** The cell whose end is this one's beginning; null = nothing was there before. */
export function before({ set, seed, mode, strategy, round }: Cell): Cell | null {
  if (mode === 'start' || mode === 'everything') return null;
  if (mode === 'scratch') return { set, seed, mode: 'incremental', strategy, round };
  return round === 1 ? { set, seed, mode: 'start', strategy: null, round: 0 } : { set, seed, mode, strategy, round: round - 1 };
}

/** So ordered that after any stop the sets and seeds are as even as can be: what the bar compares comes first, for every seed, the rest behind. */
export function cells(pairs: readonly { set: SetName; seed: number }[]): Cell[] {
  const rounds = (pair: { set: SetName; seed: number }, strategies: readonly StrategyName[]): Cell[] =>
    Array.from({ length: ROUNDS }, (_, i) => strategies.map((strategy): Cell => ({ ...pair, mode: 'incremental', strategy, round: i + 1 }))).flat();
  const core = pairs.flatMap((pair): Cell[] => [
    { ...pair, mode: 'start', strategy: null, round: 0 }, ...rounds(pair, ['uncertain', 'random']), { ...pair, mode: 'scratch', strategy: 'uncertain', round: ROUNDS },
    ...(pair.seed === SEEDS[0] ? rounds(pair, ['sequential']) : []),
  ]);
  const everything = pairs.map((pair): Cell => ({ ...pair, mode: 'everything', strategy: null, round: 0 }));
  return [
    ...core, ...everything.filter(({ seed }) => seed === SEEDS[0]), ...pairs.filter(({ seed }) => seed !== SEEDS[0]).flatMap((pair) => rounds(pair, ['sequential'])),
    ...pairs.map((pair): Cell => ({ ...pair, mode: 'scratch', strategy: 'uncertain', round: 1 })), ...everything.filter(({ seed }) => seed !== SEEDS[0]),
  ];
}
