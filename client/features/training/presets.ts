import type { RunConfig } from '#core/api/run.ts';

export type Preset = RunConfig['preset'];
export const PRESETS = ['quick', 'thorough', 'custom'] as const;

export interface Field { key: Exclude<keyof RunConfig, 'preset' | 'device' | 'extra'>; label: string; min: number; max: number; step: number; hint: string }
export const FIELDS: readonly Field[] = [
  { key: 'epochs', label: 'Epochs', min: 1, max: 2000, step: 1, hint: 'passes over all images' },
  { key: 'imgsz', label: 'Image size', min: 32, max: 2048, step: 32, hint: 'px, a multiple of 32' },
  { key: 'batch', label: 'Batch', min: 1, max: 512, step: 1, hint: 'images at once' },
  { key: 'lr0', label: 'Learning rate', min: 0.00001, max: 1, step: 0.00001, hint: 'at the start' },
  { key: 'freeze', label: 'Frozen layers', min: 0, max: 100, step: 1, hint: 'from the input on' },
  { key: 'freshWeight', label: 'New corrections count', min: 1, max: 10, step: 1, hint: 'times' },
  { key: 'seed', label: 'Seed', min: 0, max: 2_147_483_647, step: 1, hint: 'the same gives the same' },
];
