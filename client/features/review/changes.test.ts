import { describe, expect, it } from 'vitest';
import type { Annotation, Prediction, Verdict } from '#core/annotation/schema.ts';
import { deriveShapes } from '../../editor/shapes.ts';
import { changesOf } from './changes.ts';

const prediction = (id: string, x: number, cls = 0): Prediction => ({ id, class: cls, box: [x, 0, 10, 10], score: 0.9 });
const annotation = (more: Partial<Annotation>): Annotation => ({ class: 0, box: [0, 0, 10, 10], kind: 'drawn', by: 'ann', at: 1, ...more });
const changed = (predictions: Prediction[], annotations: [string, Annotation][], verdicts: [string, Verdict][] = []) =>
  changesOf(deriveShapes(predictions, { annotations: new Map(annotations), verdicts: new Map(verdicts) }, 0.25, 0));

describe('what a reviewer is shown', () => {
  it('is nothing where everything was kept', () => {
    const { changes, unchanged } = changed([prediction('a', 0), prediction('b', 50)], []);
    expect(changes).toEqual([]);
    expect([...unchanged].toSorted()).toEqual(['a', 'b']);
  });

  it('names each change, with what was there before, and lists the kept apart', () => {
    const { changes, unchanged } = changed(
      [prediction('kept', 0), prediction('moved', 100), prediction('false', 200), prediction('wrong', 300)],
      [['m', annotation({ box: [102, 0, 10, 10], kind: 'adjusted', of: ['moved'] })], ['r', annotation({ box: [300, 0, 10, 10], class: 1, kind: 'relabelled', of: ['wrong'] })], ['n', annotation({ box: [400, 0, 10, 10] })]],
      [['false', { verdict: 'rejected', by: 'ann', at: 1 }]],
    );
    expect(changes.map((c) => [c.shape.id, c.words, c.instead.map((s) => s.id)])).toEqual([
      ['m', 'moved or resized', ['moved']], ['false', 'rejected', ['false']], ['r', 'relabelled', ['wrong']], ['n', 'added', []],
    ]);
    expect([...unchanged]).toEqual(['kept']);
  });
});
