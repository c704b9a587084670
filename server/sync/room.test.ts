import * as Y from 'yjs';
import { describe, expect, it, vi } from 'vitest';
import * as ops from '#core/annotation/doc.ts';
import type { EmendError } from '#core/errors.ts';
import { MemoryRoomStore, PLAIN_FACTS } from './memoryRoomStore.ts';
import type { Member } from './room.ts';
import { Rooms } from './rooms.ts';

const act: ops.Act = { origin: { kind: 'person', user: 'ann', client: 'c' }, user: 'ann', now: 1 };
const seen = { predictions: [], threshold: 0.25 };

function member(id: string, readOnly = false): Member & { got: { name: string; update?: Uint8Array }[]; closed: EmendError[] } {
  const got: { name: string; update?: Uint8Array }[] = [];
  const closed: EmendError[] = [];
  return { id, readOnly, person: { id, name: id, email: '', admin: false }, got, closed, send: (name, message) => { got.push({ name, ...('update' in message ? { update: message.update } : {}) }); }, close: (problem) => { closed.push(problem); } };
}

const nothing = Y.encodeStateVector(new Y.Doc());
function drawn(id = 'a'): Y.Doc {
  const doc = new Y.Doc();
  ops.drawBox(doc, act, seen, id, [1, 2, 30, 40], 0);
  return doc;
}

async function open(): Promise<{ rooms: Rooms; store: MemoryRoomStore; ann: ReturnType<typeof member>; bob: ReturnType<typeof member> }> {
  const store = new MemoryRoomStore(['t']);
  const rooms = new Rooms(store);
  const [ann, bob] = [member('ann'), member('bob')];
  await rooms.join('t', ann, nothing);
  await rooms.join('t', bob, nothing);
  return { rooms, store, ann, bob };
}

const content = (rooms: Rooms) => rooms.with('t', async (room) => ops.annotationsOf(room.doc).toJSON());

describe('a room', () => {
  it('acknowledges what is durable and sends it to the others only', async () => {
    const { rooms, store, ann, bob } = await open();
    expect(await rooms.update('t', 'ann', Y.encodeStateAsUpdate(drawn()))).toBe(1);
    expect((await store.load('t'))?.log).toHaveLength(1);
    expect(bob.got.map((m) => m.name)).toEqual(['room:update']);
    expect(ann.got).toEqual([]);
  });

  it('acknowledges a duplicate without writing it again', async () => {
    const { rooms, store } = await open();
    const update = Y.encodeStateAsUpdate(drawn());
    await rooms.update('t', 'ann', update);
    expect(await rooms.update('t', 'ann', update)).toBe(1);
    expect((await store.load('t'))?.seq).toBe(1);
  });

  it('names the sender, whatever the update claims, and tells everybody', async () => {
    const { rooms, ann, bob } = await open();
    const mine = new Y.Doc();
    ops.drawBox(mine, { ...act, user: 'bob', now: Date.now() + 9e9 }, seen, 'forged', [1, 2, 30, 40], 0);
    ops.rejectPrediction(mine, { ...act, user: 'bob' }, 'p');
    await rooms.update('t', 'ann', Y.encodeStateAsUpdate(mine));
    await vi.waitFor(() => { expect(ann.got.some((m) => m.name === 'room:update')).toBe(true); });
    for (const { got } of [ann, bob]) {
      const seenBy = new Y.Doc();
      if (got === ann.got) Y.applyUpdate(seenBy, Y.encodeStateAsUpdate(mine));
      for (const m of got) if (m.name === 'room:update' && m.update) Y.applyUpdate(seenBy, m.update);
      expect(ops.readAnnotation(seenBy, 'forged')?.by).toBe('ann');
      expect(ops.readAnnotation(seenBy, 'forged')?.at).toBeLessThanOrEqual(Date.now());
      expect(ops.verdictsOf(seenBy).get('p')?.by).toBe('ann');
    }
  });

  it('says when it was done: by the page\'s word, but neither before the image came nor later than now', async () => {
    const day = 86_400_000;
    const [now, since] = [Date.now(), Date.now() - 10 * day];
    const store = new MemoryRoomStore(['t'], { ...PLAIN_FACTS, since });
    const rooms = new Rooms(store);
    await rooms.join('t', member('ann'), nothing);
    const mine = new Y.Doc();
    const said = { early: 5, 'just-before': since - 30_000, offline: since + day, ahead: now + 30_000, late: now + day };
    for (const [id, at] of Object.entries(said)) ops.drawBox(mine, { ...act, now: at }, seen, id, [1, 2, 30, 40], 0);
    ops.rejectPrediction(mine, { ...act, now: 5 }, 'p');
    await rooms.update('t', 'ann', Y.encodeStateAsUpdate(mine));
    await rooms.join('t', member('bob'), nothing);
    const his = new Y.Doc();
    Y.applyUpdate(his, Y.encodeStateAsUpdate(mine));
    ops.setClass(his, { ...act, user: 'bob', now: 7 }, 'offline', 1);
    await rooms.update('t', 'bob', Y.encodeStateAsUpdate(his));
    await rooms.with('t', async ({ doc }) => {
      const at = (id: string): number => ops.readAnnotation(doc, id)?.at ?? 0;
      for (const id of ['just-before', 'offline', 'ahead'] as const) expect(at(id)).toBe(said[id]);
      for (const put of [at('early'), at('late'), ops.verdictsOf(doc).get('p')?.at ?? 0, ops.readAnnotation(doc, 'offline')?.edited?.at ?? 0]) {
        expect(put).toBeGreaterThanOrEqual(now);
        expect(put).toBeLessThanOrEqual(Date.now());
      }
    });
  });

  it('keeps the drawer and notes who changed it; taking the change back takes the note back; a deleted box comes back with its name', async () => {
    const { rooms } = await open();
    await rooms.update('t', 'ann', Y.encodeStateAsUpdate(drawn()));
    const his = new Y.Doc();
    const origin = { kind: 'person', user: 'bob', client: 'd' } as const;
    const send = (): Promise<unknown> => rooms.update('t', 'bob', Y.encodeStateAsUpdate(his));
    const now = async () => rooms.with('t', async (room) => ops.readAnnotation(room.doc, 'a'));
    await rooms.with('t', async (room) => { Y.applyUpdate(his, Y.encodeStateAsUpdate(room.doc)); });
    const undo = new Y.UndoManager([ops.annotationsOf(his)], { trackedOrigins: new Set([origin]), captureTimeout: 0 });
    ops.setClass(his, { origin, user: 'bob', now: 5 }, 'a', 3);
    await send();
    expect(await now()).toMatchObject({ by: 'ann', at: 1, class: 3, edited: { by: 'bob', at: 5, what: 'class' } });
    undo.undo();
    await send();
    const before = await now();
    expect(before).toMatchObject({ by: 'ann', class: 0 });
    expect(before?.edited).toBeUndefined();
    ops.removeAnnotation(his, { origin, user: 'bob', now: 6 }, 'a');
    await send();
    expect(await now()).toBeUndefined();
    undo.undo();
    await send();
    expect(await now()).toMatchObject({ by: 'ann', at: 1 });
    // Neither the drawer nor the last hand can be given away.
    his.transact(() => { ops.annotationsOf(his).get('a')?.set('by', 'eve'); ops.annotationsOf(his).get('a')?.set('box', [0, 0, 9, 9]); });
    await send();
    expect(await now()).toMatchObject({ by: 'ann', at: 1, box: [0, 0, 9, 9], edited: { by: 'bob', what: 'box' } });
  });

  it('deleting a colleague\'s box and putting another in its place, under their name, is a change that one signs', async () => {
    const { rooms } = await open();
    await rooms.update('t', 'ann', Y.encodeStateAsUpdate(drawn()));
    const his = new Y.Doc();
    const send = (): Promise<unknown> => rooms.update('t', 'bob', Y.encodeStateAsUpdate(his));
    const now = async () => rooms.with('t', async (room) => ops.readAnnotation(room.doc, 'a'));
    await rooms.with('t', async (room) => { Y.applyUpdate(his, Y.encodeStateAsUpdate(room.doc)); });
    const origin = { kind: 'person', user: 'bob', client: 'd' } as const;
    const whose = ops.readAnnotation(his, 'a');
    for (const [content, what] of [[{ box: [0, 0, 300, 200] as const }, 'box'], [{ class: 2 }, 'class'], [{ kind: 'freeform' as const }, 'other']] as const) {
      const was = await now();
      if (!was || !whose) throw new Error('the box is gone');
      ops.removeAnnotation(his, { origin, user: 'bob', now: 6 }, 'a');
      await send();
      const { edited, ...plain } = was;
      expect(edited?.by ?? 'bob').toBe('bob');
      ops.put(his, { origin, user: 'bob', now: 6 }, 'a', { ...plain, ...content });
      await send();
      expect(await now()).toMatchObject({ by: 'ann', at: whose.at, edited: { by: 'bob', what } });
    }
  });

  it('refuses viewers', async () => {
    const { rooms } = await open();
    await rooms.join('t', member('eve', true), nothing);
    await expect(rooms.update('t', 'eve', Y.encodeStateAsUpdate(drawn()))).rejects.toMatchObject({ code: 'read_only' });
  });

  it('loads once, however many join at the same time', async () => {
    let loads = 0;
    const store = new MemoryRoomStore(['t']);
    const counting = { load: (id: string) => { loads += 1; return store.load(id); }, facts: store.facts.bind(store), append: store.append.bind(store), compact: store.compact.bind(store) };
    const rooms = new Rooms(counting);
    await Promise.all(['a', 'b', 'c', 'd'].map((id) => rooms.join('t', member(id), nothing)));
    expect(loads).toBe(1);
  });

  it('lets the server write, durably, and tells who hears changes', async () => {
    const { rooms, store, ann } = await open();
    const heard: [string[], string | null][] = [];
    rooms.onChange((_task, _doc, changed, user) => heard.push([[...changed], user]));
    await rooms.update('t', 'ann', Y.encodeStateAsUpdate(drawn('x')));
    const mask = { rle: { size: [4, 4] as [number, number], counts: '0`0' }, box: [1, 2, 30, 40] as [number, number, number, number], model: 'Spark', score: 0.9 };
    const origin = { kind: 'model' as const, model: 'Spark' };
    expect(await rooms.apply('t', origin, (doc) => { ops.setMask(doc, origin, 'x', mask); })).toBe(true);
    expect(await rooms.apply('t', origin, () => undefined)).toBe(false);
    expect(heard).toEqual([[['x'], 'ann'], [['x'], null]]);
    expect(ann.got.map((m) => m.name)).toEqual(['room:update']);
    expect((await store.load('t'))?.seq).toBe(2);
  });

  it('survives being unloaded while people come and go', async () => {
    const { rooms, ann, bob } = await open();
    await rooms.update('t', 'ann', Y.encodeStateAsUpdate(drawn()));
    await rooms.leave('t', ann);
    await rooms.leave('t', bob);
    await rooms.unload('t');
    expect(rooms.loaded).toBe(0);
    expect(Object.keys(await content(rooms))).toEqual(['a']);
  });

  it('sends only those away who edit a task that takes no more edits; whoever looks on sees what is durable, and stays', async () => {
    const { rooms, store, ann, bob } = await open();
    await rooms.update('t', 'ann', Y.encodeStateAsUpdate(drawn('before')));
    store.seal('t', true);
    await expect(rooms.update('t', 'ann', Y.encodeStateAsUpdate(drawn('late')))).rejects.toMatchObject({ code: 'conflict' });
    expect([ann.closed.length, bob.closed.length]).toEqual([1, 0]);
    expect(Object.keys(await content(rooms))).toEqual(['before']);
    // The room goes on: opened again, bob is still in it.
    store.seal('t', false);
    await rooms.join('t', ann, nothing);
    await rooms.update('t', 'ann', Y.encodeStateAsUpdate(drawn('again')));
    const his = new Y.Doc();
    for (const m of bob.got) if (m.name === 'room:update' && m.update) Y.applyUpdate(his, m.update);
    expect(Object.keys(ops.annotationsOf(his).toJSON()).toSorted()).toEqual(['again', 'before']);
    await rooms.update('t', 'bob', Y.encodeStateAsUpdate(drawn('his')));
    expect(ann.got.at(-1)?.name).toBe('room:update');
  });

  it('a mask that comes after the submit sends nobody away', async () => {
    const { rooms, store, ann, bob } = await open();
    await rooms.update('t', 'ann', Y.encodeStateAsUpdate(drawn('x')));
    store.seal('t', true);
    await expect(rooms.apply('t', { kind: 'remote' }, (doc) => { ops.setClass(doc, act, 'x', 1); })).rejects.toMatchObject({ code: 'conflict' });
    expect([ann.closed.length, bob.closed.length]).toEqual([0, 0]);
    expect((await rooms.with('t', async (room) => room.members)).map((m) => m.id)).toEqual(['ann', 'bob']);
  });

  it('encodes its document once for all who join until it changes', async () => {
    const { rooms, ann } = await open();
    await rooms.update('t', 'ann', Y.encodeStateAsUpdate(drawn()));
    const joined = await Promise.all(Array.from({ length: 20 }, (_, i) => rooms.join('t', member(`m${i}`), nothing)));
    expect(new Set(joined.map(({ update }) => update)).size).toBe(1);
    await rooms.leave('t', ann);
    await rooms.update('t', 'm0', Y.encodeStateAsUpdate(drawn('b')));
    expect((await rooms.join('t', member('later'), nothing)).update).not.toBe(joined[0]?.update);
  });
});

describe('bad updates', () => {
  const far = (): Uint8Array => {
    const doc = drawn();
    const before = Y.encodeStateVector(doc);
    ops.setClass(doc, act, 'a', 1);
    return Y.encodeStateAsUpdate(doc, before);
  };
  const edited = (change: (doc: Y.Doc) => void): Uint8Array => { const doc = new Y.Doc(); change(doc); return Y.encodeStateAsUpdate(doc); };
  /** The update of yjs#687: read as V2 it asks for 2^53 structs. */
  const bomb = Uint8Array.from([0, 0, 6, 255, 255, 255, 255, 255, 255, 255, 15, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0]);
  const hidden = edited((d) => { Reflect.apply(Y.Array.prototype.insert, d.getArray('annotations'), [0, ['smuggled']]); });
  const cases: Record<string, Uint8Array> = {
    garbage: Uint8Array.from({ length: 200 }, (_, i) => (i * 37) % 256),
    empty: new Uint8Array(),
    'a V2 update': Y.encodeStateAsUpdateV2(drawn()),
    'the V2 bomb': bomb,
    'a huge count': Uint8Array.from([255, 255, 255, 255, 255, 255, 255, 15, 1, 1, 1]),
    'a huge run': Uint8Array.from([1, 1, 1, 0, 0, 255, 255, 255, 255, 255, 255, 255, 15, 0]),
    'edits that build on missing ones': far(),
    'an unknown root': edited((d) => d.getMap('evil').set('x', 1)),
    'a list in place of the map': hidden,
    'a wrong class': edited((d) => d.getMap('annotations').set('x', new Y.Map(Object.entries({ class: 'one', box: [0, 0, 1, 1], kind: 'drawn', by: 'ann', at: 1 })))),
    'a nested type': edited((d) => d.getMap('annotations').set('x', new Y.Map<unknown>([['class', 0], ['box', Y.Array.from([0, 0, 1, 1])], ['kind', 'drawn'], ['by', 'ann'], ['at', 1]]))),
    'an unknown field': edited((d) => d.getMap('verdicts').set('p', { verdict: 'rejected', by: 'ann', at: 1, admin: true })),
    '__proto__ as an id': edited((d) => { ops.drawBox(d, act, seen, '__proto__', [1, 2, 30, 40], 0); }),
    'constructor as an id': edited((d) => { ops.drawBox(d, act, seen, 'constructor', [1, 2, 30, 40], 0); }),
    'prototype as an id': edited((d) => { ops.drawBox(d, act, seen, 'prototype', [1, 2, 30, 40], 0); }),
    'a verdict about a prediction that is not there': edited((d) => { ops.rejectPrediction(d, act, 'nobody'); }),
    'a replaced prediction that is not there': edited((d) => d.getMap('annotations').set('x', new Y.Map(Object.entries({ class: 0, box: [0, 0, 9, 9], kind: 'drawn', by: 'ann', at: 1, of: ['p', 'nobody'] })))),
    'a class that the project does not have': edited((d) => { ops.drawBox(d, act, seen, 'x', [1, 2, 30, 40], 9998); }),
    'a box outside the picture': edited((d) => { ops.drawBox(d, act, seen, 'x', [900_000, 900_000, 10, 10], 0); }),
    'a box that touches the picture from outside': edited((d) => { ops.drawBox(d, act, seen, 'x', [640, 0, 10, 10], 0); }),
    'a bad id': edited((d) => d.getMap('verdicts').set('<img src=x>', { verdict: 'rejected', by: 'ann', at: 1 })),
  };
  for (const [name, update] of Object.entries(cases)) {
    it(`refuses ${name}, without a trace`, async () => {
      const { rooms, store, ann, bob } = await open();
      await rooms.update('t', 'ann', Y.encodeStateAsUpdate(drawn('kept')));
      await expect(rooms.update('t', 'bob', update)).rejects.toMatchObject({ code: 'invalid' });
      expect(Object.keys(await content(rooms))).toEqual(['kept']);
      expect((await store.load('t'))?.seq).toBe(1);
      expect([ann.closed.length, ann.got.length, bob.got.length]).toEqual([0, 0, 1]);
      // The room goes on.
      await rooms.update('t', 'bob', Y.encodeStateAsUpdate(drawn('later')));
      expect(Object.keys(await content(rooms)).toSorted()).toEqual(['kept', 'later']);
    });
  }
});
