import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Instance } from '#core/annotation/schema.ts';
import type { Box } from '#core/geometry/box.ts';
import { countChanges, diffLabels } from './diff.ts';
import { labelsText } from './manifest.ts';

const box = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }));
const counts = fc.option(fc.constantFrom('0P', '1O', '2N'), { nil: undefined });
const labels = fc.uniqueArray(fc.record({ id: fc.stringMatching(/^[a-z]{4}$/), class: fc.nat(2), box, counts }), { selector: (l) => l.id, maxLength: 14 })
  .map((rows) => rows.map(({ counts: mask, ...row }): Instance => ({ ...row, source: 'annotation', ...(mask ? { mask: { size: [100, 100], counts: mask } } : {}) })));
const label = (id: string, at: Box, more: Partial<Instance> = {}): Instance => ({ id, source: 'prediction', class: 0, box: at, ...more });

describe('the difference of two sets of labels', () => {
  it('is empty exactly when the canonical labels are equal, in any order and under any ids', () => {
    fc.assert(fc.property(labels, (set) => {
      const renamed = [...set].reverse().map((l, i): Instance => ({ ...l, id: `new${i}` }));
      expect(diffLabels(set, set)).toEqual([]);
      expect(diffLabels(set, renamed)).toEqual([]);
    }));
    fc.assert(fc.property(labels, fc.infiniteStream(fc.nat()), (a, swap) => {
      const b = a.map((l): Instance => ({ ...l, id: a[(swap.next().value ?? 0) % a.length]?.id ?? l.id })); // ids of others
      expect(diffLabels(a, b)).toEqual([]);
    }));
    fc.assert(fc.property(labels, labels, (a, b) => { expect(diffLabels(a, b).length === 0).toBe(labelsText(a) === labelsText(b)); }));
  });

  it('applied to the one gives the other: nothing is counted twice, nothing is lost', () => {
    fc.assert(fc.property(labels, labels, (a, b) => {
      const changes = diffLabels(a, b);
      const gone = new Set(changes.flatMap((c) => c.before ?? []));
      const patched = [...a.filter((l) => !gone.has(l)), ...changes.flatMap((c) => c.after ?? [])];
      expect(labelsText(patched)).toBe(labelsText(b));
      expect(gone.size).toBe(changes.filter((c) => c.before).length);
    }));
  });

  it('turned round swaps added and removed and keeps the rest', () => {
    fc.assert(fc.property(labels, labels, (a, b) => {
      const there = countChanges(diffLabels(a, b));
      const back = countChanges(diffLabels(b, a));
      expect(there.added - there.removed).toBe(back.removed - back.added);
    }));
  });

  it('knows an object by its id, by what it replaces, and by its place', () => {
    const before = [label('p1', [0, 0, 10, 10]), label('p2', [50, 50, 10, 10], { class: 1 }), label('p3', [80, 0, 10, 10])];
    const after = [
      label('a1', [30, 30, 12, 12], { source: 'annotation', of: ['p1'] }), // far away, but drawn instead of p1
      label('a2', [50, 50, 10, 11], { source: 'annotation' }),
      label('p3', [80, 0, 10, 10]),
    ];
    const changes = diffLabels(before, after);
    expect(changes.map((c) => [c.before?.id, c.after?.id, c.kinds])).toEqual([['p1', 'a1', ['moved']], ['p2', 'a2', ['relabelled', 'moved']]]);
    expect(changes[1]?.iou).toBeCloseTo(10 / 11);
  });

  it('takes the object of the same class where several are near', () => {
    const [chip, hole] = [label('c', [0, 0, 100, 100]), label('v', [0, 0, 100, 99], { class: 1 })];
    const changes = diffLabels([chip], [label('x', [0, 0, 100, 80]), { ...hole, id: 'y' }]);
    expect(changes.map((c) => [c.kinds, c.after?.id])).toEqual([[['moved'], 'x'], [['added'], 'y']]);
  });

  it('tells a new shape in the same box from a box that moved with its mask', () => {
    const mask = (c: string): Partial<Instance> => ({ mask: { size: [10, 10], counts: c } });
    expect(diffLabels([label('a', [0, 0, 5, 5], mask('1O'))], [label('a', [0, 0, 5, 5], mask('2N'))])[0]?.kinds).toEqual(['reshaped']);
    expect(diffLabels([label('a', [0, 0, 5, 5], mask('1O'))], [label('a', [1, 0, 5, 5], mask('2N'))])[0]?.kinds).toEqual(['moved']);
    expect(diffLabels([label('a', [0, 0, 5, 5])], [label('a', [0, 0, 5, 5], mask('2N'))])[0]?.kinds).toEqual(['reshaped']);
  });
});
