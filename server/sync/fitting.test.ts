import * as Y from 'yjs';
import { describe, expect, it, vi } from 'vitest';
import { addPoint, startAtPoint } from '#core/annotation/clicks.ts';
import * as ops from '#core/annotation/doc.ts';
import { isOutage } from '../database/outage.ts';
import { Encoded } from './encoded.ts';
import { Unfit, type Facts } from './fitting.ts';
import { Guard } from './guard.ts';
import { MemoryRoomStore, PLAIN_FACTS } from './memoryRoomStore.ts';
import { Owners } from './owners.ts';
import type { Member } from './room.ts';
import { Rooms } from './rooms.ts';

const DAY = 86_400_000;
const NOW = 1_800_000_000_000;
const seen = { predictions: [], threshold: 0.25 };
const act = (now = NOW): ops.Act => ({ origin: { kind: 'person', user: 'ann', client: 'c' }, user: 'ann', now });

/** A live document with its guard, and a page that edits it. */
function desk(facts: Facts = PLAIN_FACTS, limit?: number) {
  const live = new Y.Doc();
  for (const root of ops.ROOTS) live.getMap(root);
  const page = new Y.Doc();
  const encoded = new Encoded(live, 0, limit);
  const guard = new Guard(live, encoded, facts, new Owners());
  const edit = (change: (doc: Y.Doc) => void, now = NOW): void => {
    const before = Y.encodeStateVector(page);
    let deleted: Uint8Array | undefined;
    page.once('update', (update: Uint8Array) => { deleted = update; });
    change(page);
    const update = deleted ?? Y.encodeStateAsUpdate(page, before);
    const admitted = guard.admit(update, 'ann', now);
    for (const part of [admitted?.update, admitted?.stamp]) if (part) Y.applyUpdate(live, part);
  };
  return { live, page, guard, encoded, edit };
}
const refused = { name: 'EmendError', code: 'invalid' };

describe('an edit fits its image', () => {
  it('classes: those of the project; a retired one only where it was, was drawn before, or comes from the prediction', () => {
    const retired = NOW - DAY;
    const { edit, guard } = desk({ ...PLAIN_FACTS, classes: new Map([[0, null], [1, null], [2, retired]]), predictions: new Map([['p', 2], ['q', 0]]) });
    expect(() => { edit((doc) => { ops.drawBox(doc, act(), seen, 'new', [1, 1, 9, 9], 2); }); }).toThrow(Unfit);
    const other = desk({ ...PLAIN_FACTS, classes: new Map([[0, null], [1, null], [2, retired]]), predictions: new Map([['p', 2], ['q', 0]]) });
    other.edit((doc) => { ops.drawBox(doc, act(retired - 5), seen, 'before', [1, 1, 9, 9], 2); });
    other.edit((doc) => { ops.setBox(doc, act(), seen, 'before', [2, 2, 9, 9]); });
    other.edit((doc) => { ops.adjustPrediction(doc, act(), 'adjusted', { id: 'p', class: 2, box: [1, 1, 5, 5], score: 1 }, [2, 2, 5, 5]); });
    // Given away and taken back again, as undo does.
    other.edit((doc) => { ops.setClass(doc, act(), 'before', 1); });
    other.edit((doc) => { ops.setClass(doc, act(), 'before', 2); });
    expect(ops.readAnnotation(other.live, 'before')?.class).toBe(2);
    other.edit((doc) => { ops.drawBox(doc, act(), seen, 'mine', [1, 1, 9, 9], 0); });
    expect(() => { other.edit((doc) => { ops.setClass(doc, act(), 'mine', 2); }); }).toThrow('is retired');
    guard.destroy();
  });

  it('boxes: partly inside is enough, and what lay outside before may be touched otherwise', () => {
    const { edit, live } = desk();
    edit((doc) => { ops.drawBox(doc, act(), seen, 'edge', [-10, -10, 20, 20], 0); });
    expect(() => { edit((doc) => { ops.setBox(doc, act(), seen, 'edge', [700, 10, 5, 5]); }); }).toThrow('outside the picture of 640 × 480');
    Y.applyUpdate(live, Y.encodeStateAsUpdate(other((doc) => { ops.drawBox(doc, act(), seen, 'old', [5000, 0, 5, 5], 0); })));
    const again = new Guard(live, new Encoded(live, 0), PLAIN_FACTS, new Owners());
    const page = other((doc) => { Y.applyUpdate(doc, Y.encodeStateAsUpdate(live)); ops.setClass(doc, act(), 'old', 1); });
    expect(again.admit(Y.encodeStateAsUpdate(page), 'ann', NOW)?.changed).toEqual(new Set(['old']));
    again.destroy();
  });

  it('clicks: inside the picture', () => {
    const { edit } = desk({ ...PLAIN_FACTS, size: { width: 100, height: 80 } });
    edit((doc) => { startAtPoint(doc, act(), 'a', [100, 80, 1], 0, { width: 100, height: 80 }); });
    expect(() => { edit((doc) => { addPoint(doc, act(), 'a', [101, 5, 0]); }); }).toThrow(/a click lies outside the picture of 100 × 80/);
    const other = desk({ ...PLAIN_FACTS, size: { width: 100, height: 80 } });
    expect(() => { other.edit((doc) => { startAtPoint(doc, act(), 'b', [50, -1, 1], 0, { width: 100, height: 80 }); }); }).toThrow(Unfit);
  });

  it('unknown classes are seen before anything is applied', () => {
    const { guard, live } = desk();
    const page = new Y.Doc();
    for (let i = 0; i < 50; i++) ops.put(page, act(), `a${i}`, { class: 9998, box: [1, 1, 5, 5], kind: 'drawn', by: 'ann', at: NOW });
    const apply = vi.spyOn(Y.Map.prototype, 'toJSON');
    expect(() => guard.admit(Y.encodeStateAsUpdate(page), 'ann', NOW)).toThrow(/the project has no class 9998/);
    expect(apply).not.toHaveBeenCalled();
    apply.mockRestore();
    expect(ops.annotationsOf(live).size).toBe(0);
  });

  it('verdicts and replaced predictions: only known ones, however many are tried, without a copy being made for each', () => {
    const { edit, encoded } = desk();
    const before = encoded.encodings;
    for (let round = 0; round < 20; round++) {
      const page = other((doc) => { for (let i = 0; i < 200; i++) ops.rejectPrediction(doc, act(), `strange${round}-${i}`); });
      expect(() => { edit((doc) => { Y.applyUpdate(doc, Y.encodeStateAsUpdate(page)); }); }).toThrow(Unfit);
    }
    expect(encoded.encodings - before).toBe(0);
  });
});

function other(change: (doc: Y.Doc) => void): Y.Doc {
  const doc = new Y.Doc();
  change(doc);
  return doc;
}

describe('a document has an end', () => {
  it('at the number of verdicts that it has predictions for, and annotations', () => {
    expect(ops.contentProblem(other((doc) => { doc.transact(() => { for (let i = 0; i <= ops.MAX_VERDICTS; i++) ops.verdictsOf(doc).set(`v${i}`, { verdict: 'rejected', by: 'a', at: 1 }); }); }))).toContain('verdicts');
  });

  it('at the number of annotations: said with what to do', () => {
    const { guard } = desk();
    const page = other((doc) => { doc.transact(() => { for (let i = 0; i <= ops.MAX_ANNOTATIONS; i++) ops.put(doc, act(), `a${i}`, { class: 0, box: [1, 1, 9, 9], kind: 'drawn', by: 'ann', at: 1 }); }); });
    expect(() => guard.admit(Y.encodeStateAsUpdate(page), 'ann', NOW)).toThrow('deleting what is not needed makes room');
  });

  it('at its size: what more comes is refused with what to do, deleting makes room, and the server\'s own edits end there too', async () => {
    const { edit, guard, live } = desk(PLAIN_FACTS, 2000);
    let drawn = 0;
    const fill = (): void => { for (;; drawn++) edit((doc) => { ops.drawBox(doc, act(), seen, `box${drawn}`, [1, 1, 9, 9], 0); }); };
    expect(fill).toThrow('Open the image anew');
    expect(drawn).toBeGreaterThan(5);
    expect(ops.annotationsOf(live).size).toBe(drawn);
    expect(Y.encodeStateAsUpdate(live).byteLength).toBeLessThanOrEqual(2000);
    expect(() => guard.admitEdit((doc) => { ops.setClass(doc, act(), 'box0', 1); })).not.toThrow();
    // What was refused is on the page, as after opening anew it is not.
    const page = other((doc) => { Y.applyUpdate(doc, Y.encodeStateAsUpdate(live)); });
    const vector = Y.encodeStateVector(page);
    page.transact(() => { for (let i = 0; i < drawn / 2; i++) ops.annotationsOf(page).delete(`box${i}`); });
    const admitted = guard.admit(Y.encodeStateAsUpdate(page, vector), 'ann', NOW);
    if (admitted) Y.applyUpdate(live, admitted.update);
    await new Promise((later) => { setTimeout(later, 1100); });
    const more = other((doc) => { ops.drawBox(doc, act(), seen, 'more', [1, 1, 9, 9], 0); });
    expect(guard.admit(Y.encodeStateAsUpdate(more), 'ann', NOW)?.changed).toEqual(new Set(['more']));
  });
});

describe('facts that have changed', () => {
  class SlowFacts extends MemoryRoomStore {
    asked = 0;
    away = false;
    override async facts(task: string, thorough: boolean): Promise<Facts | undefined> {
      this.asked += 1;
      if (this.away) throw Object.assign(new Error('away'), { code: 'P1001' });
      const known = await super.facts(task, thorough);
      await new Promise((later) => { setTimeout(later, 20); });
      return known;
    }
  }
  const member = (id: string): Member => ({ id, readOnly: false, person: { id, name: id, email: '', admin: false }, send: () => undefined, close: () => undefined });
  const nothing = Y.encodeStateVector(new Y.Doc());

  it('are read anew before an edit is refused, and edits that come meanwhile keep their order', async () => {
    const store = new SlowFacts(['t']);
    const rooms = new Rooms(store);
    await rooms.join('t', member('ann'), nothing);
    store.known = { ...PLAIN_FACTS, classes: new Map([[0, null], [7, null]]), predictions: new Map([['new', 7]]) };
    const page = new Y.Doc();
    const updates: Uint8Array[] = [];
    page.on('update', (update: Uint8Array) => updates.push(update));
    ops.drawBox(page, act(), seen, 'a', [1, 1, 9, 9], 7);
    for (let i = 0; i < 5; i++) ops.setBox(page, act(), seen, 'a', [i, i, 9, 9]);
    ops.rejectPrediction(page, act(), 'new');
    await Promise.all(updates.map((update) => rooms.update('t', 'ann', update)));
    await rooms.with('t', async (room) => { expect(ops.annotationsOf(room.doc).toJSON()).toMatchObject({ a: { class: 7, box: [4, 4, 9, 9] } }); });
    expect(store.asked).toBe(2);
  });

  it('are not asked for by everybody who sends what does not fit', async () => {
    const store = new SlowFacts(['t']);
    const rooms = new Rooms(store);
    await rooms.join('t', member('ann'), nothing);
    const tries = Array.from({ length: 30 }, (_, i) => rooms.update('t', 'ann', Y.encodeStateAsUpdate(other((doc) => { ops.rejectPrediction(doc, act(), `s${i}`); }))).then(() => 'taken', (error: unknown) => error));
    for (const answer of await Promise.all(tries)) expect(answer).toMatchObject(refused);
    expect(store.asked).toBe(2);
  });

  it('and those who waited for them come in one by one: everything else of the server gets its turn in between', async () => {
    const store = new SlowFacts(['t']);
    const rooms = new Rooms(store);
    await rooms.join('t', member('ann'), nothing);
    let refusals = 0;
    const tries = Array.from({ length: 40 }, (_, i) => rooms.update('t', 'ann', Y.encodeStateAsUpdate(other((doc) => { ops.rejectPrediction(doc, act(), `s${i}`); }))).catch(() => { refusals += 1; }));
    const turns: number[] = [];
    const watch = (): void => { turns.push(refusals); if (refusals < 40) setImmediate(watch); };
    watch();
    await Promise.all(tries);
    const most = Math.max(...turns.map((n, i) => n - (turns[i - 1] ?? 0)));
    expect([refusals, most <= 2]).toEqual([40, true]);
  });

  it('that cannot be read refuse nobody: whoever waited is told to try again', async () => {
    const store = new SlowFacts(['t']);
    const rooms = new Rooms(store);
    await rooms.join('t', member('ann'), nothing);
    store.away = true;
    const update = Y.encodeStateAsUpdate(other((doc) => { ops.rejectPrediction(doc, act(), 'new'); }));
    const answers = await Promise.all(Array.from({ length: 3 }, () => rooms.update('t', 'ann', update).then(() => 'taken', (error: unknown) => (isOutage(error) ? 'away' : 'refused'))));
    expect(answers).toEqual(['away', 'away', 'away']);
    store.away = false;
    store.known = { ...PLAIN_FACTS, predictions: new Map([['new', 0]]) };
    expect(await rooms.update('t', 'ann', update)).toBeGreaterThan(0);
  });
});
