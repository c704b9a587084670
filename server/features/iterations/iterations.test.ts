import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENOUGH_TO_FREEZE, nextStep } from './loop.ts';

describe('the next step', () => {
  const calm = { images: 30, hasClasses: true, labelled: 30, hasVersion: true, unpredicted: 0, pending: 0, submitted: 0, unfrozen: 0, hasModel: true, untrained: false, held: false, training: false };
  it('leads once around the loop', () => {
    expect(nextStep({ ...calm, images: 0 })).toBe('import');
    expect(nextStep({ ...calm, hasClasses: false, pending: 20 })).toBe('classes');
    expect(nextStep({ ...calm, unpredicted: 20 })).toBe('predict');
    expect(nextStep({ ...calm, pending: 20 })).toBe('correct');
    expect(nextStep({ ...calm, pending: 19, submitted: 1, unfrozen: 1 })).toBe('correct');
    expect(nextStep({ ...calm, pending: 5, unfrozen: ENOUGH_TO_FREEZE })).toBe('freeze');
    expect(nextStep({ ...calm, unfrozen: 1 })).toBe('freeze');
    expect(nextStep({ ...calm, pending: 5, untrained: true })).toBe('train');
    expect(nextStep({ ...calm, pending: 5, held: true })).toBe('promote');
    expect(nextStep({ ...calm, pending: 5, training: true }), 'work goes on during training').toBe('correct');
    expect(nextStep({ ...calm, training: true }), 'nothing else to do: watch it').toBe('train');
    expect(nextStep({ ...calm, hasModel: false, labelled: 0, hasVersion: false }), 'pictures without labels and no model').toBe('import');
    expect(nextStep({ ...calm, hasModel: false }), 'the first run is under way: the same version again is refused').toBe('train');
  });
  it('brings a newcomer who only presses it around, with and without a model to begin with', () => {
    for (const hasModel of [true, false]) {
      const s = { ...calm, images: 0, labelled: 0, hasVersion: false, hasModel };
      const pressed: string[] = [];
      for (let i = 0; i < 40 && pressed.filter((step) => step === 'train').length < 2; i++) {
        const step = nextStep(s);
        pressed.push(step);
        if (step === 'import') Object.assign(s, { images: 24, labelled: 12, unpredicted: 12 });
        if (step === 'predict') Object.assign(s, { unpredicted: 0, pending: 12 });
        if (step === 'correct') Object.assign(s, { pending: s.pending - 1, submitted: s.submitted + 1, unfrozen: s.unfrozen + 1 });
        if (step === 'freeze') Object.assign(s, { unfrozen: 0, untrained: true, hasVersion: true });
        if (step === 'train') Object.assign(s, { untrained: false, held: hasModel });
        if (step === 'train' && !hasModel) Object.assign(s, { hasModel: true });
        if (step === 'promote') Object.assign(s, { held: false, unpredicted: s.pending });
        expect(s.pending).toBeGreaterThanOrEqual(0);
      }
      const order = pressed.filter((step, i) => step !== pressed[i - 1]);
      expect(order).toEqual(hasModel ? ['import', 'predict', 'correct', 'freeze', 'train', 'promote', 'predict', 'correct', 'freeze', 'train'] : ['import', 'freeze', 'train', 'predict', 'correct', 'freeze', 'train']);
    }
  });
  it('never asks for the impossible', () => {
    const n = fc.nat({ max: 40 });
    fc.assert(fc.property(n, n, n, n, n, fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean(), (images, labelled, unpredicted, pending, unfrozen, hasVersion, hasModel, untrained, held) => {
      const step = nextStep({ images, hasClasses: true, labelled, hasVersion, unpredicted, pending, submitted: 0, unfrozen, hasModel, untrained, held, training: false });
      if (step === 'predict') expect(hasModel && unpredicted > 0).toBe(true);
      if (step === 'correct') expect(pending).toBeGreaterThan(0);
      if (step === 'promote') expect(held).toBe(true);
      if (step === 'train') expect(untrained || hasVersion).toBe(true);
      if (step === 'freeze') expect(unfrozen + labelled).toBeGreaterThan(0);
      if (images === 0) expect(step).toBe('import');
    }));
  });
});
