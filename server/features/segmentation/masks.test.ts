import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { annotationsOf, drawBox, readContent, removeAnnotation, setBox } from '#core/annotation/doc.ts';
import type { Origin } from '#core/annotation/origin.ts';
import { EmendError } from '#core/errors.ts';
import type { Box } from '#core/geometry/box.ts';
import { emptyRle, toBox } from '#core/geometry/rle.ts';
import type { Prompts, SegmentResult } from '#core/segmentation/port.ts';
import { createInference } from '#inference';
import { MaskMaker, type MaskNotice, type Parts, type RoomDocs } from './masks.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const picture = { sha256: 'a'.repeat(64), path: `${root}workers/inference/fixtures/landscape.png` };
const person: Origin = { kind: 'person', user: 'ann', client: 'c1' };
const seen = { predictions: [], threshold: 0.25 };
const act = () => ({ origin: person, user: 'ann', now: 1 });

/** The memory twin of the rooms: one document, one list of notices. */
class OneRoom implements RoomDocs {
  readonly doc = new Y.Doc();
  readonly notices: MaskNotice[] = [];
  readonly origins: Origin[] = [];
  apply(_task: string, origin: Origin, edit: (doc: Y.Doc) => void): Promise<boolean> {
    this.origins.push(origin);
    let changed = false;
    const heard = (): void => { changed = true; };
    this.doc.on('update', heard);
    edit(this.doc);
    this.doc.off('update', heard);
    return Promise.resolve(changed);
  }
  tellMask(_task: string, notice: MaskNotice): void {
    this.notices.push(notice);
  }
}

/** A segmenter whose answers the test releases by hand. */
class ByHand {
  readonly asked: Prompts[] = [];
  #waiting: ((result: SegmentResult | EmendError) => void)[] = [];
  readonly signals: (AbortSignal | undefined)[] = [];
  segment(_key: string, _path: string, prompts: Prompts, signal?: AbortSignal): Promise<SegmentResult> {
    this.asked.push(prompts);
    this.signals.push(signal);
    return new Promise((resolve, reject) => { this.#waiting.push((result) => { if (result instanceof EmendError) reject(result); else resolve(result); }); });
  }
  prepare(): Promise<boolean> { return Promise.resolve(false); }
  segmenter(): Promise<string | null> { return Promise.resolve('Hand'); }
  release(result: SegmentResult | EmendError = { model: 'Hand', candidates: [{ mask: emptyRle({ width: 320, height: 231 }), score: 0.7 }], ms: 1 }): void {
    this.#waiting.shift()?.(result);
  }
}

describe('masks of boxes', () => {
  let room: OneRoom;
  let hand: ByHand;
  const maker = (parts: Partial<Parts> = {}) => new MaskMaker({ rooms: room, inference: hand, log: { warn: () => undefined }, pictureOf: () => Promise.resolve(picture), restMs: 1, ...parts });
  const draw = (id: string, box: Box) => { drawBox(room.doc, act(), seen, id, box, 0); };
  beforeEach(() => {
    room = new OneRoom();
    hand = new ByHand();
  });

  it('a box gets its mask, written by the model, and the room is told', async () => {
    const masks = maker();
    draw('a', [10, 10, 50, 40]);
    masks.consider('t', room.doc);
    await expect.poll(() => hand.asked.length).toBe(1);
    hand.release();
    await masks.idle();
    expect(readContent(room.doc).annotations.get('a')?.mask).toMatchObject({ model: 'Hand', box: [10, 10, 50, 40], score: 0.7 });
    expect(room.origins).toEqual([{ kind: 'model', model: 'Hand' }]);
    expect(room.notices.map(({ state }) => state)).toEqual(['working', 'done']);
    masks.consider('t', room.doc);
    await masks.idle();
    expect(hand.asked).toHaveLength(1);
  });

  it('an answer for a box that has moved is dropped, and the new box is asked for', async () => {
    const masks = maker();
    draw('a', [10, 10, 50, 40]);
    masks.consider('t', room.doc);
    await expect.poll(() => hand.asked.length).toBe(1);
    setBox(room.doc, act(), seen, 'a', [100, 10, 50, 40]);
    masks.consider('t', room.doc);
    await new Promise((resolve) => { setTimeout(resolve, 20); });
    expect(hand.asked).toHaveLength(1);
    hand.release();
    await expect.poll(() => hand.asked.length).toBe(2);
    expect(readContent(room.doc).annotations.get('a')?.mask).toBeUndefined();
    hand.release();
    await masks.idle();
    expect(readContent(room.doc).annotations.get('a')?.mask?.box).toEqual([100, 10, 50, 40]);
  });

  it('a prompt that still waits in the model’s queue is taken back when its box moves, and only then', async () => {
    draw('a', [10, 10, 20, 20]);
    const masks = maker();
    masks.consider('t', room.doc);
    await expect.poll(() => hand.asked.length).toBe(1);
    masks.ask('t', 'a', room.doc);
    expect(hand.signals[0]?.aborted, 'the same wish keeps its place').toBe(false);
    setBox(room.doc, act(), seen, 'a', [12, 10, 20, 20]);
    masks.ask('t', 'a', room.doc);
    expect(hand.signals[0]?.aborted).toBe(true);
    hand.release(new EmendError('failed', 'taken back'));
    await expect.poll(() => hand.asked.length).toBe(2);
    expect(hand.asked[1]?.box).toEqual([12, 10, 20, 20]);
    hand.release();
    await masks.idle();
    expect(room.notices.map(({ state }) => state), 'nobody hears of the one that was taken back').toEqual(['working', 'working', 'done']);
  });

  it('a box that is gone when its mask arrives stays gone', async () => {
    const masks = maker();
    draw('a', [10, 10, 50, 40]);
    masks.consider('t', room.doc);
    await expect.poll(() => hand.asked.length).toBe(1);
    removeAnnotation(room.doc, act(), 'a');
    hand.release();
    await masks.idle();
    expect(annotationsOf(room.doc).size).toBe(0);
    expect(room.notices.map(({ state }) => state)).toEqual(['working']);
  });

  it('a failure is told in words, and not repeated until somebody asks', async () => {
    const masks = maker();
    draw('a', [10, 10, 50, 40]);
    masks.consider('t', room.doc);
    await expect.poll(() => hand.asked.length).toBe(1);
    hand.release(new EmendError('busy', 'Too many pictures are waiting.'));
    await masks.idle();
    expect(room.notices.at(-1)).toMatchObject({ state: 'failed', message: 'Too many pictures are waiting.' });
    masks.consider('t', room.doc);
    await masks.idle();
    expect(hand.asked).toHaveLength(1);
    masks.ask('t', 'a', room.doc);
    await expect.poll(() => hand.asked.length).toBe(2);
    hand.release();
    await masks.idle();
    expect(room.notices.at(-1)?.state).toBe('done');
  });

  it('a box is asked for at once; one that is in motion again once it rests', async () => {
    const masks = maker({ restMs: 40 });
    draw('a', [10, 10, 50, 40]);
    for (let x = 11; x < 20; x++) {
      setBox(room.doc, act(), seen, 'a', [x, 10, 50, 40]);
      masks.consider('t', room.doc);
    }
    await expect.poll(() => hand.asked.length).toBe(1);
    hand.release();
    await expect.poll(() => hand.asked.length).toBe(2);
    hand.release();
    await masks.idle();
    expect(hand.asked.map(({ box }) => box)).toEqual([[11, 10, 50, 40], [19, 10, 50, 40]]);
  });

  it('slivers, free forms and detection projects need no mask', async () => {
    const masks = maker({ pictureOf: () => Promise.resolve(null) });
    draw('sliver', [10, 10, 50, 1]);
    draw('box', [10, 10, 50, 50]);
    masks.consider('t', room.doc);
    await masks.idle();
    expect(hand.asked).toHaveLength(0);
    expect(room.notices).toEqual([]);
  });
});

describe('with the real model', () => {
  const inference = createInference({ modelsDir: null, sparkPath: `${root}models/spark.onnx`, providers: ['cpu'] });
  afterAll(() => inference.close());

  it('Spark’s mask of a box lies in and around that box', async () => {
    const room = new OneRoom();
    const masks = new MaskMaker({ rooms: room, inference, log: { warn: () => undefined }, pictureOf: () => Promise.resolve(picture), restMs: 1 });
    drawBox(room.doc, act(), seen, 'a', [60, 50, 90, 70], 0);
    masks.consider('t', room.doc);
    await masks.idle();
    const mask = readContent(room.doc).annotations.get('a')?.mask;
    expect(mask?.model).toBe('Spark');
    expect(mask?.rle.size).toEqual([231, 320]);
    const [x = 0, y = 0] = (mask && toBox(mask.rle)) ?? [];
    expect(x).toBeGreaterThanOrEqual(51);
    expect(y).toBeGreaterThanOrEqual(43);
  });
});
