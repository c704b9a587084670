import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tallyErrors, type Judged } from './corrections.ts';

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
      { classIndex: 0, missed: 1, false: 1, wrongClass: 0, badlyPlaced: 0, duplicate: 0, total: 3 },
      { classIndex: 1, missed: 0, false: 0, wrongClass: 1, badlyPlaced: 1, duplicate: 0, total: 2 },
    ]);
  });
  it('know a double by the label that its object has', () => {
    // 1 and 2 lie on each other: 2 is rejected. 3 and 4 lie on each other: both are replaced by one box.
    const revision: Judged = {
      threshold: 0.25,
      predictions: [prediction(1, 0), { ...prediction(2, 0), box: [11, 0, 8, 8] }, prediction(3, 1), { ...prediction(4, 1), box: [31, 0, 8, 8] }],
      verdicts: { [id(2)]: { verdict: 'rejected' } },
      instances: [kept(1, 0), made(3, 1, [id(3), id(4)])],
    };
    const tally = tallyErrors([revision]);
    expect(tally).toMatchObject({ shown: 4, kept: 1, corrections: 2 });
    expect(tally.perClass.get(0)).toMatchObject({ duplicate: 1, false: 0 });
    expect(tally.perClass.get(1), 'one act of the person, two errors of the model').toMatchObject({ badlyPlaced: 1, duplicate: 1, false: 0 });
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
    expect(sum((r) => r.missed + r.false + r.wrongClass + r.badlyPlaced + r.duplicate)).toBe(corrections);
    expect(sum((r) => r.total)).toBe(shown + sum((r) => r.missed));
    expect(same + sum((r) => r.false + r.wrongClass + r.badlyPlaced + r.duplicate), 'each prediction shown was kept or corrected').toBe(shown);
  }));
});
