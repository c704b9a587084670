import type { RunConfig } from '#core/api/run.ts';

export interface Circumstances {
  /** There are weights to start from. */
  hasBase: boolean;
  gpu: boolean;
  /** Images in the train split. */
  images: number;
  /** Input size of the base model, if known. */
  inputSize: number | null;
  freshWeight: number;
}

/**
 * What a preset means here. Numbers from fine-tuning a small yolo11 on 60–100 real images: AdamW at 0.003 for 33 epochs with all labels replayed reached
 * 0.51 / 0.63 / 0.77 mAP50, at 0.001 for 15 epochs 0.39 / 0.46 / 0.55; from scratch 100 epochs 0.51 / 0.57 in twice the time.
 */
export function presetConfig(preset: RunConfig['preset'], about: Circumstances): RunConfig {
  const thorough = preset === 'thorough';
  const epochs = about.hasBase ? (thorough ? 100 : 33) : thorough ? 300 : 100;
  return {
    preset,
    epochs: about.gpu ? epochs : Math.min(epochs, affordable(about.images, epochs)),
    imgsz: about.inputSize ?? (about.gpu ? 640 : 320),
    batch: about.gpu ? 16 : 8,
    lr0: 0.003,
    freeze: 0,
    freshWeight: about.freshWeight,
    seed: 0,
  };
}

/** On a CPU a run should end within the coffee break: about 25 000 pictures seen, and never fewer than ten epochs. */
function affordable(images: number, epochs: number): number {
  return Math.max(10, Math.min(epochs, Math.round(25_000 / Math.max(1, images))));
}

/** The preset with what a person set instead. */
export function fillConfig(wanted: Partial<RunConfig>, about: Circumstances): RunConfig {
  const preset = presetConfig(wanted.preset ?? 'quick', about);
  return { ...preset, ...Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)) };
}
