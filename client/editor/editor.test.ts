import * as Y from 'yjs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { annotationsOf, drawBox, readContent, setMask } from '#core/annotation/doc.ts';
import type { Prediction } from '#core/annotation/schema.ts';
import { encodeWindow, rleArea, toBox } from '#core/geometry/rle.ts';
import { PLAIN_DESK } from './desk.ts';
import { Editor } from './editor.ts';

const predictions: Prediction[] = [
  { id: 'chip', class: 0, box: [100, 100, 400, 400], score: 0.97 },
  { id: 'sure', class: 1, box: [200, 200, 40, 40], score: 0.8 },
  { id: 'unsure', class: 1, box: [300, 300, 40, 40], score: 0.4 },
  { id: 'doubt', class: 1, box: [400, 400, 40, 40], score: 0.3 },
  { id: 'noise', class: 1, box: [450, 450, 10, 10], score: 0.1 },
];
const task = { id: 'task', image: { id: 'image', name: 'a.png', width: 1000, height: 800 }, predictions, model: 'yolo', threshold: 0.25, attention: 0.5, segmenting: true };
let doc: Y.Doc;
let editor: Editor;
beforeEach(() => {
  doc = new Y.Doc();
  editor = new Editor({ task, doc, user: 'ada', origin: { kind: 'person', user: 'ada', client: 'c1' }, desk: { ...PLAIN_DESK, classIndex: 1 }, size: { width: 800, height: 600 } });
});
const states = (): Record<string, string> => Object.fromEntries(editor.derived.shapes.map((s) => [s.source === 'prediction' ? s.id : 'new', s.state]));
const only = (): string => [...annotationsOf(doc).keys()][0] ?? '';

describe('editor', () => {
  it('replaces what a box means, keeps what it does not, and brings it back on undo', () => {
    editor.draw([202, 202, 40, 40]);
    expect(states()).toEqual({ chip: 'kept', sure: 'ghost', unsure: 'kept', doubt: 'kept', new: 'person' });
    expect(editor.selected()?.of).toEqual(['sure']);
    editor.undo.undo();
    expect(states()).toEqual({ chip: 'kept', sure: 'kept', unsure: 'kept', doubt: 'kept' });
    // The selection falls back to the prediction that had been replaced.
    expect(editor.selected()?.id).toBe('sure');
    editor.undo.redo();
    expect(states()['sure']).toBe('ghost');
  });

  it('rejects, takes back and undoes', () => {
    editor.select('unsure');
    editor.erase();
    expect(states()['unsure']).toBe('rejected');
    editor.erase();
    expect(states()['unsure']).toBe('kept');
    editor.undo.undo();
    expect(states()['unsure']).toBe('rejected');
    editor.undo.undo();
    expect(states()['unsure']).toBe('kept');
    expect(editor.touched).toBe(false);
  });

  it('relabels a prediction, also a rejected one, and follows it with the selection', () => {
    editor.select('unsure');
    editor.erase();
    editor.setClass(0);
    expect(editor.selected()).toMatchObject({ kind: 'relabelled', class: 0, of: ['unsure'] });
    expect(states()['unsure']).toBe('ghost');
    editor.setClass(1);
    expect(readContent(doc).annotations.get(only())?.class).toBe(1);
    expect(editor.desk.classIndex).toBe(1);
  });

  it('adjusts a prediction by an annotation and an annotation in place', () => {
    const shape = editor.shape('unsure');
    if (!shape) throw new Error('the prediction is not shown');
    editor.adjust(shape, shape.box);
    expect(editor.touched).toBe(false);
    editor.adjust(shape, [310, 310, 40, 40]);
    const made = editor.selected();
    expect(made).toMatchObject({ kind: 'adjusted', of: ['unsure'] });
    if (made) editor.adjust(made, [320, 320, 40, 40]);
    expect(annotationsOf(doc).size).toBe(1);
  });

  it('moves and sizes the selected by keys, a run of presses being one step of undo', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      editor.select('unsure');
      for (let i = 0; i < 3; i++) editor.keys.nudge({ dx: 1, dy: 0, size: false });
      editor.keys.nudge({ dx: 0, dy: 10, size: false });
      editor.keys.nudge({ dx: -10, dy: 0, size: true });
      const made = editor.selected();
      expect(made).toMatchObject({ kind: 'adjusted', box: [303, 310, 30, 40], of: ['unsure'] });
      expect(editor.undo.undoStack).toHaveLength(1);
      vi.setSystemTime(Date.now() + 2000);
      editor.keys.nudge({ dx: 0, dy: -1, size: true });
      expect(editor.selected()?.box).toEqual([303, 310, 30, 39]);
      expect(editor.undo.undoStack, 'after a pause a new run begins').toHaveLength(2);
      editor.undo.undo();
      expect(editor.selected()?.box).toEqual([303, 310, 30, 40]);
      editor.keys.nudge({ dx: 1, dy: 0, size: false });
      expect(editor.undo.undoStack, 'undone is not joined to').toHaveLength(2);
      editor.undo.undo();
      editor.undo.undo();
      expect(states()['unsure']).toBe('kept');
      expect(editor.touched).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });

  it('does not join what another hand did between two arrow keys', () => {
    editor.select('unsure');
    editor.keys.nudge({ dx: 1, dy: 0, size: false });
    editor.setClass(0);
    editor.keys.nudge({ dx: 1, dy: 0, size: false });
    editor.select('sure');
    editor.keys.nudge({ dx: 1, dy: 0, size: false });
    expect(editor.undo.undoStack).toHaveLength(4);
  });

  it('keeps a shape that keys move within the picture, and its edge beyond the other one', () => {
    editor.draw([990, 5, 5, 5]);
    for (let i = 0; i < 3; i++) editor.keys.nudge({ dx: 10, dy: -10, size: false });
    expect(editor.selected()?.box).toEqual([995, 0, 5, 5]);
    editor.keys.nudge({ dx: -10, dy: 0, size: true });
    editor.keys.nudge({ dx: 0, dy: 10, size: true });
    expect(editor.selected()?.box).toEqual([995, 0, 1, 15]);
  });

  it('pans by arrow keys when nothing is selected, or what is selected cannot be moved', () => {
    editor.zoomCentre(4);
    const before = editor.view;
    editor.keys.nudge({ dx: 1, dy: 0, size: false });
    expect([editor.view.cx > before.cx, editor.view.cy]).toEqual([true, before.cy]);
    editor.keys.nudge({ dx: 1, dy: 0, size: true });
    editor.select('unsure');
    editor.erase();
    editor.keys.nudge({ dx: 0, dy: 1, size: false });
    expect(editor.view.cy).toBeGreaterThan(before.cy);
    expect(states()['unsure']).toBe('rejected');
    expect(editor.undo.undoStack).toHaveLength(1);
  });

  it('draws a box by keys alone: placed in the middle, moved, sized, kept or dropped', () => {
    editor.setTool('select');
    editor.keys.placeBox();
    expect([editor.desk.tool, editor.preview?.kind, editor.touched]).toEqual(['box', 'draw', false]);
    const [x, y, w, h] = editor.preview?.box ?? [0, 0, 0, 0];
    expect([x + w / 2, y + h / 2]).toEqual([expect.closeTo(500, -1), expect.closeTo(400, -1)]);
    editor.keys.nudge({ dx: 10, dy: -1, size: false });
    editor.keys.nudge({ dx: -1, dy: 10, size: true });
    editor.setClass(0);
    expect(editor.finish()).toBe(true);
    expect(editor.selected()).toMatchObject({ kind: 'drawn', class: 0, box: [x + 10, y - 1, w - 1, h + 10] });
    expect([editor.undo.undoStack.length, editor.finish()]).toEqual([1, false]);
    editor.keys.placeBox();
    editor.cancel();
    expect([editor.preview, annotationsOf(doc).size, editor.finish()]).toEqual([null, 1, false]);
    editor.setReadOnly(true);
    editor.keys.placeBox();
    expect(editor.preview).toBeNull();
  });

  it('steps through the unsure in both directions and round', () => {
    const visited = [1, 1, 1, -1].map((step) => {
      editor.stepUnsure(step === 1 ? 1 : -1);
      return editor.selected()?.id;
    });
    expect(visited).toEqual(['unsure', 'doubt', 'unsure', 'doubt']);
  });

  it('undoes only what this person did', () => {
    drawBox(doc, { origin: { kind: 'remote' }, user: 'ben', now: 1 }, { predictions, threshold: 0.25 }, 'theirs', [600, 600, 50, 50], 0);
    editor.draw([700, 700, 40, 40]);
    editor.undo.undo();
    editor.undo.undo();
    expect([...annotationsOf(doc).keys()]).toEqual(['theirs']);
  });

  it('does not let a mask that arrives late move a box, take the selection or enter undo', () => {
    editor.draw([600, 600, 50, 50]);
    const id = only();
    editor.setMaskWork(id, 'working');
    editor.select('chip');
    const rle = encodeWindow(new Uint8Array(4).fill(1), [610, 610, 2, 2], { width: 1000, height: 800 });
    setMask(doc, { kind: 'model', model: 'Spark' }, id, { rle, box: [600, 600, 50, 50], model: 'Spark', score: 0.9 });
    expect(editor.selected()?.id).toBe('chip');
    expect(editor.shape(id)).toMatchObject({ box: [600, 600, 50, 50], maskModel: 'Spark' });
    expect(editor.maskWork.has(id)).toBe(false);
    expect(editor.undo.undoStack).toHaveLength(1);
  });

  it('marks duplicates and keeps the selected one', () => {
    const act = { origin: { kind: 'remote' }, user: 'ben', now: 1 } as const;
    drawBox(doc, act, { predictions, threshold: 0.25 }, 'theirs', [300, 300, 40, 42], 1);
    doc.transact(() => {
      const copy = new Y.Map(Object.entries({ class: 1, box: [300, 300, 42, 40] as const, kind: 'drawn' as const, by: 'ada', at: 2, of: ['unsure'] }));
      doc.getMap('annotations').set('mine', copy);
    });
    expect(editor.shape('mine')?.duplicates).toEqual(['theirs']);
    editor.select('mine');
    editor.keepDuplicate();
    expect(editor.shape('theirs')).toBeNull();
    expect(editor.shape('mine')?.duplicates).toEqual([]);
    editor.undo.undo();
    expect(editor.shape('mine')?.duplicates, 'taken back').toEqual(['theirs']);
  });

  it('changes nothing when it may only be read', () => {
    editor.setReadOnly(true);
    editor.draw([1, 1, 50, 50]);
    editor.select('chip');
    editor.erase();
    editor.setClass(1);
    expect(editor.touched).toBe(false);
  });

  it('lists an annotation where the prediction was that it replaces, and new ones at the end', () => {
    editor.draw([202, 202, 40, 40]);
    const replacing = only();
    editor.draw([700, 100, 30, 30]);
    const fresh = editor.selected()?.id;
    expect(editor.derived.listed.map((s) => s.id)).toEqual(['chip', replacing, 'unsure', 'doubt', fresh]);
    expect(editor.derived.counts).toEqual({ kept: 3, fixed: 2, unsure: 2 });
  });
});

describe('clicks', () => {
  const rle = encodeWindow(new Uint8Array(900).fill(1), [605, 605, 30, 30], { width: 1000, height: 800 });

  it('are one step of undo each, and a prediction becomes an adjusted annotation', () => {
    const unsure = editor.shape('unsure');
    editor.outlines.addPoint(unsure, [320.04, 320], true);
    editor.outlines.addPoint(editor.selected(), [338, 338], false);
    expect(editor.selected()).toMatchObject({ kind: 'adjusted', of: ['unsure'], points: [[320, 320, 1], [338, 338, 0]], awaits: true });
    editor.undo.undo();
    expect(editor.selected()?.points).toEqual([[320, 320, 1]]);
    editor.undo.undo();
    expect(editor.touched).toBe(false);
    expect(editor.selected()?.id).toBe('unsure');
  });

  it('begin an object whose box comes from its mask, until somebody sets it; its last place takes it away', () => {
    editor.outlines.addPoint(null, [620, 620], true);
    const id = only();
    const points = [[620, 620, 1]] as const;
    expect(setMask(doc, { kind: 'model', model: 'Spark' }, id, { rle, box: [605, 605, 30, 30], points, model: 'Spark', score: 0.9 })).toBe(true);
    expect(editor.selected()).toMatchObject({ box: [605, 605, 30, 30], mask: rle });
    expect(editor.selected()?.awaits).toBeUndefined();
    const shape = editor.selected();
    if (shape) editor.outlines.removePoint(shape, 0);
    expect(editor.touched).toBe(false);
    editor.undo.undo();
    const back = editor.shape(id);
    if (back) editor.adjust(back, [600, 600, 40, 40]);
    expect(editor.shape(id)).toMatchObject({ box: [600, 600, 40, 40], awaits: true });
    expect(editor.shape(id)?.boxFrom).toBeUndefined();
  });

  it('an answer for clicks that have changed is dropped', () => {
    editor.draw([600, 600, 40, 40]);
    const mask = { rle, box: [600, 600, 40, 40] as const, model: 'Spark', score: 0.9 };
    editor.outlines.addPoint(editor.selected(), [620, 620], true);
    expect(setMask(doc, { kind: 'model', model: 'Spark' }, only(), mask)).toBe(false);
    expect(setMask(doc, { kind: 'model', model: 'Spark' }, only(), { ...mask, points: [[620, 620, 1]] })).toBe(true);
  });

  it('mean the selected while they are in its reach, else what lies below, else a new object', () => {
    editor.select('unsure');
    expect(editor.outlines.meant(editor.shape('chip'), [348, 330])?.id).toBe('unsure');
    expect(editor.outlines.meant(editor.shape('chip'), [480, 480])?.id).toBe('chip');
    expect(editor.outlines.meant(null, [700, 700])).toBeNull();
  });

  it('outside the box on the object make the box reach there; a box project takes none', () => {
    editor.draw([600, 600, 40, 40]);
    editor.outlines.addPoint(editor.selected(), [650, 620], true);
    expect(editor.selected()?.box).toEqual([600, 600, 50, 40]);
    const told: string[] = [];
    const plain = new Editor({ task: { ...task, segmenting: false }, doc: new Y.Doc(), user: 'ada', origin: { kind: 'person', user: 'ada', client: 'c1' }, desk: { ...PLAIN_DESK, classIndex: 1 }, size: { width: 800, height: 600 } });
    plain.events.on('told', (text) => void told.push(text));
    plain.outlines.addPoint(null, [650, 620], true);
    expect(plain.touched).toBe(false);
    expect(told).toHaveLength(1);
  });
});

describe('outlines by hand', () => {
  const square = (x: number, y: number, side: number) => [[x, y], [x + side, y], [x + side, y + side], [x, y + side]] as const;
  const model = { kind: 'model', model: 'Spark' } as const;

  it('are new objects with a tight box, replace what they mean, and go with one undo', () => {
    editor.outlines.fill(square(201, 201, 38));
    expect(editor.selected()).toMatchObject({ kind: 'freeform', box: [201, 201, 38, 38], class: 1, of: ['sure'] });
    expect(states()['sure']).toBe('ghost');
    editor.undo.undo();
    expect(editor.touched).toBe(false);
  });

  it('take the place of the selected mask where they lie about there, else they are another object', () => {
    editor.draw([600, 600, 40, 40]);
    const id = only();
    editor.outlines.fill(square(602, 602, 36));
    expect(editor.selected()).toMatchObject({ id, kind: 'freeform', box: [602, 602, 36, 36] });
    editor.outlines.fill(square(700, 100, 20));
    expect(annotationsOf(doc).size).toBe(2);
    editor.select('unsure');
    editor.outlines.fill(square(302, 302, 37));
    expect(editor.selected()).toMatchObject({ kind: 'freeform', of: ['unsure'], class: 1 });
  });

  it('are painted stroke by stroke, each one step of undo; erasing takes away, but never everything', () => {
    const told: string[] = [];
    editor.events.on('told', (text) => void told.push(text));
    editor.outlines.stroke([[610, 610], [640, 610]], 10, false);
    const id = only();
    const first = rleArea(editor.selected()?.mask ?? { size: [1, 1], counts: '1' });
    editor.outlines.stroke([[625, 605], [625, 650]], 10, false);
    expect(annotationsOf(doc).size).toBe(1);
    expect(editor.selected()?.box).toEqual(toBox(editor.selected()?.mask ?? { size: [1, 1], counts: '1' }));
    editor.outlines.stroke([[600, 650], [660, 650]], 20, true);
    editor.undo.undo();
    editor.undo.undo();
    expect(rleArea(editor.shape(id)?.mask ?? { size: [1, 1], counts: '1' })).toBe(first);
    editor.outlines.stroke([[620, 610]], 200, true);
    expect(told).toHaveLength(1);
    expect(editor.shape(id)?.mask).toBeDefined();
    editor.undo.undo();
    expect(editor.touched).toBe(false);
  });

  it('are no model\'s to change, and move and stretch with their box', () => {
    editor.outlines.fill(square(600, 600, 20));
    const id = only();
    const rle = encodeWindow(new Uint8Array(4).fill(1), [610, 610, 2, 2], { width: 1000, height: 800 });
    expect(setMask(doc, model, id, { rle, box: [600, 600, 20, 20], model: 'Spark', score: 0.9 })).toBe(false);
    const shape = editor.selected();
    if (shape) editor.adjust(shape, [650, 640, 20, 20]);
    expect(editor.shape(id)).toMatchObject({ box: [650, 640, 20, 20], kind: 'freeform' });
    expect(rleArea(editor.shape(id)?.mask ?? rle)).toBe(400);
    const moved = editor.shape(id);
    if (moved) editor.adjust(moved, [650, 640, 40, 20]);
    expect(rleArea(editor.shape(id)?.mask ?? rle)).toBe(800);
  });

  it('a box becomes tight on request, as one step of undo, and by itself where that is wished', async () => {
    const rle = encodeWindow(new Uint8Array(900).fill(1), [605, 605, 30, 30], { width: 1000, height: 800 });
    editor.draw([600, 600, 40, 40]);
    setMask(doc, model, only(), { rle, box: [600, 600, 40, 40], model: 'Spark', score: 0.9 });
    editor.outlines.tighten(editor.selected());
    expect(editor.selected()).toMatchObject({ box: [605, 605, 30, 30], mask: rle });
    expect(editor.selected()?.awaits).toBeUndefined();
    editor.undo.undo();
    expect(editor.selected()).toMatchObject({ box: [600, 600, 40, 40], mask: rle });
    editor.undo.undo();
    editor.desk.tighten = true;
    editor.draw([600, 600, 40, 40]);
    setMask(doc, model, only(), { rle, box: [600, 600, 40, 40], model: 'Spark', score: 0.9 });
    await Promise.resolve();
    expect(editor.selected()?.box).toEqual([605, 605, 30, 30]);
    editor.undo.undo();
    await Promise.resolve();
    expect(editor.selected()?.box).toEqual([600, 600, 40, 40]);
  });
});
