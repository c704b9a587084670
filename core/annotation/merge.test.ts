import * as Y from 'yjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Box } from '#core/geometry/box.ts';
import { boxIou } from '#core/geometry/iou.ts';
import * as ops from './doc.ts';
import { isUntouched, mergeSubmission, REPLACE_IOU, resolve, withinPicture } from './merge.ts';
import type { Prediction } from './schema.ts';

const act: ops.Act = { origin: { kind: 'person', user: 'ann', client: 'c1' }, user: 'ann', now: 1000 };
const threshold = 0.25;

const box: fc.Arbitrary<Box> = fc
  .tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 200 }), fc.integer({ min: 2, max: 80 }), fc.integer({ min: 2, max: 80 }))
  .map(([x, y, w, h]): Box => [x, y, w, h]);
const predictionsArb: fc.Arbitrary<Prediction[]> = fc
  .array(fc.record({ class: fc.nat(2), box, score: fc.double({ min: 0, max: 1, noNaN: true }) }), { maxLength: 12 })
  .map((list) => list.map((p, i) => ({ id: `p${i}`, ...p })));

type Step =
  | { do: 'draw'; box: Box; class: number }
  | { do: 'reject' | 'restore' | 'relabel'; at: number; class: number }
  | { do: 'adjust' | 'move'; at: number; box: Box }
  | { do: 'remove' | 'class'; at: number; class: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('draw' as const), box, class: fc.nat(2) }),
  fc.record({ do: fc.constantFrom('reject' as const, 'restore' as const, 'relabel' as const), at: fc.nat(50), class: fc.nat(2) }),
  fc.record({ do: fc.constantFrom('adjust' as const, 'move' as const), at: fc.nat(50), box }),
  fc.record({ do: fc.constantFrom('remove' as const, 'class' as const), at: fc.nat(50), class: fc.nat(2) }),
);

function play(doc: Y.Doc, predictions: readonly Prediction[], steps: readonly Step[], prefix = 'a'): void {
  steps.forEach((s, i) => { perform(doc, predictions, s, `${prefix}${i}`); });
}

function perform(doc: Y.Doc, predictions: readonly Prediction[], s: Step, id: string): void {
  const prediction = 'at' in s ? predictions[s.at % Math.max(1, predictions.length)] : undefined;
  const ids = [...ops.annotationsOf(doc).keys()];
  const mine = 'at' in s ? ids[s.at % Math.max(1, ids.length)] : undefined;
  switch (s.do) {
    case 'draw': ops.drawBox(doc, act, { predictions, threshold }, id, s.box, s.class); break;
    case 'reject': if (prediction) ops.rejectPrediction(doc, act, prediction.id); break;
    case 'restore': if (prediction) ops.restorePrediction(doc, act, prediction.id); break;
    case 'relabel': if (prediction) ops.relabelPrediction(doc, act, id, prediction, s.class, 'm'); break;
    case 'adjust': if (prediction) ops.adjustPrediction(doc, act, id, prediction, s.box); break;
    case 'move': if (mine) ops.setBox(doc, act, { predictions, threshold }, mine, s.box); break;
    case 'remove': if (mine) ops.removeAnnotation(doc, act, mine); break;
    case 'class': if (mine) ops.setClass(doc, act, mine, s.class); break;
  }
}

describe('the rules of correction', () => {
  it('keeps every prediction at or above the threshold of an untouched task', () => {
    fc.assert(fc.property(predictionsArb, (predictions) => {
      const content = ops.readContent(new Y.Doc());
      expect(isUntouched(predictions, content)).toBe(true);
      const labels = mergeSubmission(predictions, content, threshold);
      expect(labels.map((l) => l.id)).toEqual(predictions.filter((p) => p.score >= threshold).map((p) => p.id));
    }));
  });

  it('labels are exactly the kept predictions and the annotations, each once', () => {
    fc.assert(fc.property(predictionsArb, fc.array(step, { maxLength: 25 }), (predictions, steps) => {
      const doc = new Y.Doc();
      play(doc, predictions, steps);
      const content = ops.readContent(doc);
      const kept = resolve(predictions, content, threshold).predictions.filter((p) => p.state === 'kept').map((p) => p.prediction.id);
      const labels = mergeSubmission(predictions, content, threshold).map((l) => l.id);
      expect(new Set(labels)).toEqual(new Set([...kept, ...content.annotations.keys()]));
      expect(new Set(labels).size).toBe(labels.length);
      expect(ops.contentProblem(doc)).toBeUndefined();
    }));
  });

  it('a drawn box replaces only what it overlaps by at least half, whatever the class', () => {
    fc.assert(fc.property(predictionsArb, box, fc.nat(2), (predictions, drawn, classIndex) => {
      const doc = new Y.Doc();
      ops.drawBox(doc, act, { predictions, threshold }, 'new', drawn, classIndex);
      for (const { prediction, state } of resolve(predictions, ops.readContent(doc), threshold).predictions) {
        const meant = prediction.score >= threshold && boxIou(prediction.box, drawn) >= REPLACE_IOU;
        expect(state === 'replaced').toBe(meant);
      }
    }));
  });

  it('a Void drawn inside a Chip never removes the Chip', () => {
    const chip: Prediction = { id: 'chip', class: 0, box: [10, 10, 300, 300], score: 0.97 };
    const doc = new Y.Doc();
    ops.drawBox(doc, act, { predictions: [chip], threshold }, 'void', [50, 50, 40, 40], 1);
    expect(mergeSubmission([chip], ops.readContent(doc), threshold).map((l) => l.id)).toEqual(['chip', 'void']);
  });

  it('removing an annotation brings back what it replaced', () => {
    fc.assert(fc.property(predictionsArb, fc.array(step, { maxLength: 15 }), box, (predictions, steps, drawn) => {
      const doc = new Y.Doc();
      play(doc, predictions, steps);
      const before = mergeSubmission(predictions, ops.readContent(doc), threshold);
      ops.drawBox(doc, act, { predictions, threshold }, 'new', drawn, 1);
      ops.removeAnnotation(doc, act, 'new');
      expect(mergeSubmission(predictions, ops.readContent(doc), threshold)).toEqual(before);
    }));
  });

  it('undo of a person restores the content before, step by step', () => {
    fc.assert(fc.property(predictionsArb, fc.array(step, { maxLength: 12 }), (predictions, steps) => {
      const doc = new Y.Doc();
      const undo = new Y.UndoManager([ops.annotationsOf(doc), ops.verdictsOf(doc)], { trackedOrigins: new Set([act.origin]), captureTimeout: 0 });
      const states = [snapshot(doc)];
      steps.forEach((s, i) => {
        const depth = undo.undoStack.length;
        perform(doc, predictions, s, `a${i}`);
        undo.stopCapturing();
        if (undo.undoStack.length > depth) states.push(snapshot(doc));
      });
      while (states.length > 1) {
        expect(snapshot(doc)).toEqual(states.pop());
        undo.undo();
      }
      expect(snapshot(doc)).toEqual(states[0]);
    }));
  });
});

function snapshot(doc: Y.Doc): unknown {
  const { annotations, verdicts } = ops.readContent(doc);
  return { annotations: Object.fromEntries(annotations), verdicts: Object.fromEntries(verdicts) };
}

describe('two people', () => {
  it('converge whatever the order in which updates arrive', () => {
    fc.assert(fc.property(predictionsArb, fc.array(step, { maxLength: 15 }), fc.array(step, { maxLength: 15 }), (predictions, one, two) => {
      const a = new Y.Doc();
      const b = new Y.Doc();
      play(a, predictions, one, 'a');
      play(b, predictions, two, 'b');
      const [ua, ub] = [Y.encodeStateAsUpdate(a), Y.encodeStateAsUpdate(b)];
      Y.applyUpdate(a, ub);
      Y.applyUpdate(b, ua);
      Y.applyUpdate(b, ua);
      expect(snapshot(a)).toEqual(snapshot(b));
      expect(mergeSubmission(predictions, ops.readContent(a), threshold)).toEqual(mergeSubmission(predictions, ops.readContent(b), threshold));
    }));
  });

  it('who replace the same prediction at once leave both boxes, each marked as the duplicate of the other', () => {
    const predictions: Prediction[] = [{ id: 'p', class: 1, box: [10, 10, 40, 40], score: 0.6 }];
    const [a, b] = [new Y.Doc(), new Y.Doc()];
    ops.drawBox(a, act, { predictions, threshold }, 'ann', [11, 11, 40, 40], 1);
    ops.drawBox(b, { ...act, user: 'bob' }, { predictions, threshold }, 'bob', [9, 9, 40, 40], 1);
    Y.applyUpdate(a, Y.encodeStateAsUpdate(b));
    const resolved = resolve(predictions, ops.readContent(a), threshold);
    expect(resolved.annotations.map((x) => [x.id, x.duplicates]).toSorted()).toEqual([['ann', ['bob']], ['bob', ['ann']]]);
    ops.removeAnnotation(a, act, 'bob');
    expect(resolve(predictions, ops.readContent(a), threshold).predictions[0]?.state).toBe('replaced');
  });
});

describe('duplicates', () => {
  const predictions: Prediction[] = [{ id: 'p', class: 1, box: [10, 10, 40, 40], score: 0.6 }];
  const twice = (ids: readonly string[]): Y.Doc => {
    const doc = new Y.Doc();
    for (const id of ids) ops.put(doc, act, id, { class: 1, box: [10, 10, 41, 40], kind: 'drawn', by: id, at: 1, of: ['p'] });
    return doc;
  };
  const labels = (doc: Y.Doc): string[] => mergeSubmission(predictions, ops.readContent(doc), threshold).map((i) => i.id);

  it('are settled by a choice that comes back when the chosen one goes', () => {
    const doc = twice(['ann', 'bob']);
    ops.chooseOver(doc, act, 'bob', ['ann']);
    expect(labels(doc)).toEqual(['bob']);
    ops.removeAnnotation(doc, act, 'bob');
    expect(labels(doc)).toEqual(['ann']);
  });

  it('are settled only as long as they are duplicates: a box that is moved away, or was never one, hides nothing', () => {
    const doc = twice(['ann', 'bob']);
    ops.chooseOver(doc, act, 'ann', ['bob']);
    ops.setBox(doc, act, { predictions, threshold }, 'ann', [200, 200, 40, 40]);
    expect(labels(doc)).toEqual(['ann', 'bob']);
    ops.put(doc, act, 'cat', { class: 0, box: [300, 10, 20, 20], kind: 'drawn', by: 'cat', at: 1, over: ['ann', 'bob'] });
    expect(labels(doc)).toEqual(['ann', 'bob', 'cat']);
  });

  it('never all vanish, whoever chooses whatever over whatever at the same time, and every screen shows the same', () => {
    const ids = ['a', 'b', 'c', 'd'];
    fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom(...ids), fc.subarray(ids)), { maxLength: 6 }), (choices) => {
      const start = Y.encodeStateAsUpdate(twice(ids));
      const docs = choices.map(([id, others]) => {
        const doc = new Y.Doc();
        Y.applyUpdate(doc, start);
        ops.chooseOver(doc, act, id, others);
        return doc;
      });
      const joined = (order: readonly Y.Doc[]): string[] => {
        const doc = new Y.Doc();
        Y.applyUpdate(doc, start);
        for (const other of order) Y.applyUpdate(doc, Y.encodeStateAsUpdate(other));
        return labels(doc);
      };
      const seen = joined(docs);
      expect(seen.length).toBeGreaterThan(0);
      expect(seen).not.toContain('p');
      expect(joined(docs.toReversed())).toEqual(seen);
    }));
  });
});

describe('masks', () => {
  const rle = { size: [4, 4] as [number, number], counts: '07' };
  it('are written only for the box that they were asked for', () => {
    const doc = new Y.Doc();
    ops.drawBox(doc, act, { predictions: [], threshold }, 'a', [0, 0, 4, 4], 0);
    const mask = { rle, box: [0, 0, 4, 4] as Box, model: 'Spark', score: 0.9 };
    expect(ops.setMask(doc, { kind: 'model', model: 'Spark' }, 'a', mask)).toBe(true);
    ops.setBox(doc, act, { predictions: [], threshold }, 'a', [1, 0, 4, 4]);
    expect(ops.setMask(doc, { kind: 'model', model: 'Spark' }, 'a', mask)).toBe(false);
    expect(mergeSubmission([], ops.readContent(doc), threshold)[0]).not.toHaveProperty('mask');
    expect(ops.setMask(doc, { kind: 'model', model: 'Spark' }, 'gone', mask)).toBe(false);
  });
});

describe('contentProblem', () => {
  it('names what does not fit', () => {
    const bad = (fn: (doc: Y.Doc) => void): string | undefined => { const doc = new Y.Doc(); fn(doc); return ops.contentProblem(doc); };
    expect(bad((d) => d.getMap('evil').set('x', 1))).toMatch(/unknown root/);
    expect(bad((d) => d.getMap('annotations').set('x', 1))).toMatch(/not a map/);
    expect(bad((d) => d.getMap('annotations').set('x', new Y.Map([['class', 'one']])))).toMatch(/annotations\/x/);
    expect(bad((d) => d.getMap('verdicts').set('p', { verdict: 'maybe' }))).toMatch(/verdicts\/p/);
    expect(bad((d) => d.getMap('verdicts').set('p', { verdict: 'rejected', by: 'a', at: 1, extra: 1 }))).toMatch(/verdicts\/p/);
  });
});

describe('labels within the picture', () => {
  it('are cut off at its border; what lies wholly beyond is none; predictions are as they were found', () => {
    const doc = new Y.Doc();
    ops.drawBox(doc, act, { predictions: [], threshold }, 'across', [-10, 90, 30, 40], 0);
    ops.drawBox(doc, act, { predictions: [], threshold }, 'beyond', [900_000, 900_000, 10, 10], 0);
    ops.drawBox(doc, act, { predictions: [], threshold }, 'inside', [1, 2, 3, 4], 0);
    const found: Prediction = { id: 'found', class: 0, box: [-1, 0, 20, 20], score: 0.9 };
    const labels = withinPicture(mergeSubmission([found], ops.readContent(doc), threshold), { width: 200, height: 100 });
    expect(labels.map((l) => [l.id, l.box])).toEqual([['found', [-1, 0, 20, 20]], ['across', [0, 90, 20, 10]], ['inside', [1, 2, 3, 4]]]);
  });
});
