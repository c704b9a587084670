import type { RunConfig } from '#core/api/run.ts';

export type Preset = RunConfig['preset'];

/**
 * What a preset sends, whole: so that the person sees exactly what will run. Fine-tuning from the current weights with everything replayed
 * was measured best at lr 0.003 and some 30 epochs; fewer are a quick look.
 */
export const PRESETS: Readonly<Record<Preset, RunConfig>> = {
  quick: { preset: 'quick', epochs: 12, imgsz: 320, batch: 16, lr0: 0.003, freeze: 0, freshWeight: 2, seed: 0 },
  thorough: { preset: 'thorough', epochs: 40, imgsz: 640, batch: 16, lr0: 0.003, freeze: 0, freshWeight: 2, seed: 0 },
  custom: { preset: 'custom', epochs: 30, imgsz: 640, batch: 16, lr0: 0.003, freeze: 0, freshWeight: 2, seed: 0 },
};

export interface Field { key: Exclude<keyof RunConfig, 'preset'>; label: string; min: number; max: number; step: number; hint: string }
export const FIELDS: readonly Field[] = [
  { key: 'epochs', label: 'Epochs', min: 1, max: 2000, step: 1, hint: 'passes over all images' },
  { key: 'imgsz', label: 'Image size', min: 32, max: 2048, step: 32, hint: 'px, a multiple of 32' },
  { key: 'batch', label: 'Batch', min: 1, max: 512, step: 1, hint: 'images at once' },
  { key: 'lr0', label: 'Learning rate', min: 0.00001, max: 1, step: 0.0001, hint: 'at the start' },
  { key: 'freeze', label: 'Frozen layers', min: 0, max: 100, step: 1, hint: 'from the input on' },
  { key: 'freshWeight', label: 'New corrections count', min: 1, max: 10, step: 1, hint: 'times' },
  { key: 'seed', label: 'Seed', min: 0, max: 2_147_483_647, step: 1, hint: 'the same gives the same' },
];
