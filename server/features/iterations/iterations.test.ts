import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tallyErrors, type Judged } from './errors.ts';
import { ENOUGH_TO_FREEZE, nextStep } from './loop.ts';

const id = (n: number): string => `p${String(n).padStart(11, '0')}`;
const prediction = (n: number, classIndex: number, score = 0.9) => ({ id: id(n), class: classIndex, box: [n * 10, 0, 8, 8], score });
const kept = (n: number, classIndex: number) => ({ id: id(n), source: 'prediction', class: classIndex, box: [n * 10, 0, 8, 8] });
const made = (n: number, classIndex: number, of?: string[]) => ({ id: `a${id(n)}`, source: 'annotation', class: classIndex, box: [n * 10, 0, 9, 9], ...(of ? { of } : {}) });

describe('kinds of errors', () => {
  it('are told apart by what a person did to each prediction', () => {
    const revision: Judged = {
      threshold: 0.25,
      predictions: [prediction(1, 0), prediction(2, 0), prediction(3, 1), prediction(4, 1), prediction(5, 1, 0.1)],
      // 1 is right, 2 does not exist, 3 is really of class 0, 4 was moved; 5 was below the threshold; 6 was missed.
      verdicts: { [id(2)]: { verdict: 'rejected' } },
      instances: [kept(1, 0), made(3, 0, [id(3)]), made(4, 1, [id(4)]), made(6, 0)],
    };
    const tally = tallyErrors([revision]);
    expect(tally).toMatchObject({ shown: 4, kept: 1, corrections: 4 });
    expect([...tally.perClass.values()]).toEqual([
      { classIndex: 0, missed: 1, false: 1, wrongClass: 0, badlyPlaced: 0, total: 3 },
      { classIndex: 1, missed: 0, false: 0, wrongClass: 1, badlyPlaced: 1, total: 2 },
    ]);
  });
  it('are none where everything was kept', () => {
    const tally = tallyErrors([{ threshold: 0.25, predictions: [prediction(1, 0)], verdicts: {}, instances: [kept(1, 0)] }]);
    expect(tally).toMatchObject({ shown: 1, kept: 1, corrections: 0 });
  });
  it('survive rows that hold something else', () => {
    expect(tallyErrors([{ threshold: 0.25, predictions: 'x', verdicts: null, instances: { a: 1 } }])).toMatchObject({ shown: 0, kept: 0, corrections: 0 });
  });
});

describe('the next step', () => {
  const calm = { images: 30, unpredicted: 0, pending: 0, submitted: 0, unfrozen: 0, hasModel: true, untrained: false, held: false };
  it('leads once around the loop', () => {
    expect(nextStep({ ...calm, images: 0 })).toBe('import');
    expect(nextStep({ ...calm, unpredicted: 20 })).toBe('predict');
    expect(nextStep({ ...calm, pending: 20 })).toBe('correct');
    expect(nextStep({ ...calm, pending: 19, submitted: 1, unfrozen: 1 })).toBe('correct');
    expect(nextStep({ ...calm, pending: 5, unfrozen: ENOUGH_TO_FREEZE })).toBe('freeze');
    expect(nextStep({ ...calm, unfrozen: 1 })).toBe('freeze');
    expect(nextStep({ ...calm, pending: 5, untrained: true })).toBe('train');
    expect(nextStep({ ...calm, pending: 5, held: true })).toBe('promote');
  });
  it('never asks for the impossible', () => {
    const n = fc.nat({ max: 40 });
    fc.assert(fc.property(n, n, n, n, fc.boolean(), fc.boolean(), fc.boolean(), (images, unpredicted, pending, unfrozen, hasModel, untrained, held) => {
      const step = nextStep({ images, unpredicted, pending, submitted: 0, unfrozen, hasModel, untrained, held });
      if (step === 'predict') expect(hasModel && unpredicted > 0).toBe(true);
      if (step === 'correct') expect(pending).toBeGreaterThan(0);
      if (step === 'promote') expect(held).toBe(true);
      if (step === 'train') expect(untrained).toBe(true);
      if (images === 0) expect(step).toBe('import');
    }));
  });
});
