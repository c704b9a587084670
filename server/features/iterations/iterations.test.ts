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

it('never counts more than people did', () => {
  const item = fc.record({ n: fc.nat({ max: 9 }), classIndex: fc.nat({ max: 2 }), score: fc.double({ min: 0, max: 1, noNaN: true }), act: fc.constantFrom('keep', 'reject', 'move', 'relabel') });
  const revision = fc.tuple(fc.uniqueArray(item, { selector: ({ n }) => n }), fc.nat({ max: 3 }), fc.double({ min: 0, max: 1, noNaN: true }));
  fc.assert(fc.property(fc.array(revision, { maxLength: 4 }), (all) => {
    const judged = all.map(([items, added, threshold]): Judged => {
      const seen = items.filter(({ score }) => score >= threshold);
      const labels = seen.flatMap(({ n, classIndex, act }) => {
        if (act === 'reject') return [];
        return act === 'keep' ? [kept(n, classIndex)] : [made(n, act === 'move' ? classIndex : (classIndex + 1) % 3, [id(n)])];
      });
      return {
        threshold, predictions: items.map(({ n, classIndex, score }) => prediction(n, classIndex, score)),
        verdicts: Object.fromEntries(seen.filter(({ act }) => act !== 'keep').map(({ n }) => [id(n), { verdict: 'rejected' }])),
        instances: [...labels, ...Array.from({ length: added }, (_, i) => made(20 + i, 0))],
      };
    });
    const { perClass, shown, kept: same, corrections } = tallyErrors(judged);
    const rows = [...perClass.values()];
    const sum = (of: (row: (typeof rows)[number]) => number): number => rows.reduce((total, row) => total + of(row), 0);
    expect(sum((r) => r.missed + r.false + r.wrongClass + r.badlyPlaced)).toBe(corrections);
    expect(sum((r) => r.total)).toBe(shown + sum((r) => r.missed));
    expect(same + sum((r) => r.false + r.wrongClass + r.badlyPlaced), 'each prediction shown was kept or corrected').toBe(shown);
  }));
});

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
