import { describe, expect, it } from 'vitest';
import { fillConfig, presetConfig } from './presets.ts';
import { secondsLeft } from './timeLeft.ts';

describe('presets', () => {
  const about = { hasBase: true, gpu: false, images: 60, inputSize: 320, freshWeight: 2 };
  it('keep the base model’s input size and what a person set', () => {
    expect(fillConfig({ preset: 'quick', epochs: 3 }, about)).toMatchObject({ epochs: 3, imgsz: 320, lr0: 0.003, freshWeight: 2 });
  });
  it('shorten a run on a large set without a GPU, and only there', () => {
    expect(presetConfig('quick', { ...about, images: 5000 }).epochs).toBe(10);
    expect(presetConfig('quick', { ...about, images: 5000, gpu: true }).epochs).toBe(33);
  });
});

describe('time left', () => {
  it('is unknown before the first epoch and falls to nothing at the end', () => {
    expect(secondsLeft([], 10, 0)).toBeNull();
    expect(secondsLeft([30, 10, 10], 10, 0)).toBe(70);
    expect(secondsLeft([30, 10, 10], 10, 0.5)).toBe(65);
    expect(secondsLeft([10, 10], 2, 0)).toBe(0);
  });
});
