import * as Y from 'yjs';
import { describe, expect, it } from 'vitest';
import * as ops from '#core/annotation/doc.ts';
import { MemoryRoomStore } from './memoryRoomStore.ts';
import { Owners } from './owners.ts';
import type { Member } from './room.ts';
import { Rooms } from './rooms.ts';

const seen = { predictions: [], threshold: 0.25 };
const nothing = Y.encodeStateVector(new Y.Doc());
const refused = { code: 'invalid', message: expect.stringContaining('somebody else') };

function draw(doc: Y.Doc, id: string, user = 'ann'): void {
  ops.drawBox(doc, { origin: { kind: 'person', user, client: 'c' }, user, now: 1 }, seen, id, [1, 2, 30, 40], 0);
}
function member(id: string, person = id): Member {
  return { id, readOnly: false, person: { id: person, name: person, email: '', admin: false }, send: () => undefined, close: () => undefined };
}
async function copyOf(rooms: Rooms): Promise<Y.Doc> {
  const doc = new Y.Doc();
  await rooms.with('t', async (room) => { Y.applyUpdate(doc, Y.encodeStateAsUpdate(room.doc)); });
  return doc;
}
/** What a page of `by` would send if it took a client id for its own. */
async function forged(rooms: Rooms, victim: number, by = 'cid'): Promise<Uint8Array> {
  const doc = await copyOf(rooms);
  const before = Y.encodeStateVector(doc);
  doc.clientID = victim;
  draw(doc, 'decoy', by);
  return Y.encodeStateAsUpdate(doc, before);
}
async function open(store = new MemoryRoomStore(['t'])) {
  const rooms = new Rooms(store);
  for (const name of ['ann', 'cid']) await rooms.join('t', member(name), nothing);
  const ann = new Y.Doc();
  draw(ann, 'before');
  await rooms.update('t', 'ann', Y.encodeStateAsUpdate(ann));
  return { rooms, store, ann };
}
const ids = async (rooms: Rooms): Promise<string[]> => [...ops.annotationsOf(await copyOf(rooms)).keys()].toSorted();

describe('a client id', () => {
  it('is its first sender\'s: nobody else goes on under it, and what they drew without a connection arrives whole', async () => {
    const { rooms, ann } = await open();
    draw(ann, 'offline');
    await expect(rooms.update('t', 'cid', await forged(rooms, ann.clientID))).rejects.toMatchObject(refused);
    await rooms.update('t', 'ann', Y.encodeStateAsUpdate(ann));
    expect(await ids(rooms)).toEqual(['before', 'offline']);
  });

  it('one stranger\'s edit among one\'s own refuses the whole update, before anything is applied', async () => {
    const { rooms, ann } = await open();
    const mine = await copyOf(rooms);
    draw(mine, 'mine', 'cid');
    const both = Y.mergeUpdates([Y.encodeStateAsUpdate(mine), await forged(rooms, ann.clientID)]);
    await expect(rooms.update('t', 'cid', both)).rejects.toMatchObject(refused);
    expect(await ids(rooms)).toEqual(['before']);
    await rooms.update('t', 'cid', Y.encodeStateAsUpdate(mine));
    expect(await ids(rooms)).toEqual(['before', 'mine']);
  });

  it('what the server has may be sent again by anybody; deletions name no owner', async () => {
    const { rooms } = await open();
    const his = await copyOf(rooms);
    ops.setClass(his, { origin: { kind: 'person', user: 'cid', client: 'd' }, user: 'cid', now: 1 }, 'before', 2);
    await rooms.update('t', 'cid', Y.encodeStateAsUpdate(his));
    ops.removeAnnotation(his, { origin: { kind: 'person', user: 'cid', client: 'd' }, user: 'cid', now: 1 }, 'before');
    await rooms.update('t', 'cid', Y.encodeStateAsUpdate(his));
    expect(await ids(rooms)).toEqual([]);
  });

  it('of a person is theirs in every tab', async () => {
    const { rooms, ann } = await open();
    await rooms.join('t', member('second tab', 'ann'), nothing);
    const tab = new Y.Doc();
    draw(ann, 'unsent');
    // The browser's own store gives the new tab what the old one never sent.
    Y.applyUpdate(tab, Y.encodeStateAsUpdate(ann));
    draw(tab, 'new');
    await rooms.update('t', 'second tab', Y.encodeStateAsUpdate(tab));
    expect(await ids(rooms)).toEqual(['before', 'new', 'unsent']);
  });

  it('of the server is nobody else\'s', async () => {
    const { rooms } = await open();
    await rooms.apply('t', { kind: 'remote' }, (doc) => { ops.setClass(doc, { origin: { kind: 'remote' }, user: 'ann', now: 1 }, 'before', 1); });
    const server = ops.annotationsOf(await copyOf(rooms)).get('before')?._map.get('class')?.id.client ?? 0;
    await expect(rooms.update('t', 'cid', await forged(rooms, server))).rejects.toMatchObject(refused);
    // A correction of who did it is the server's as well.
    const mine = new Y.Doc();
    draw(mine, 'mine', 'ann');
    await rooms.update('t', 'cid', Y.encodeStateAsUpdate(mine));
    const stamp = ops.annotationsOf(await copyOf(rooms)).get('mine')?._map.get('by')?.id.client ?? 0;
    expect(stamp).not.toBe(mine.clientID);
    await expect(rooms.update('t', 'cid', await forged(rooms, stamp))).rejects.toMatchObject(refused);
  });

  it('keeps its owner when the log is loaded, and when it has become a snapshot', async () => {
    const { store, ann } = await open();
    const fromLog = await open(store);
    expect((await store.load('t'))?.snapshot).toBeNull();
    await expect(fromLog.rooms.update('t', 'cid', await forged(fromLog.rooms, ann.clientID))).rejects.toMatchObject(refused);
    await fromLog.rooms.close();
    expect((await store.load('t'))?.log).toEqual([]);
    const fromSnapshot = await open(store);
    await expect(fromSnapshot.rooms.update('t', 'cid', await forged(fromSnapshot.rooms, ann.clientID))).rejects.toMatchObject(refused);
  });

  it('of a document from before belongs to whoever goes on with it first', async () => {
    const { rooms, store, ann } = await open();
    await rooms.close();
    const stored = await store.load('t');
    await store.compact('t', 99, { bytes: stored?.snapshot?.bytes ?? nothing, owners: [] });
    const later = new Rooms(store);
    for (const name of ['ann', 'cid']) await later.join('t', member(name), nothing);
    // Sending again is not going on.
    await later.update('t', 'cid', Y.encodeStateAsUpdate(ann));
    draw(ann, 'next');
    await later.update('t', 'ann', Y.encodeStateAsUpdate(ann));
    await expect(later.update('t', 'cid', await forged(later, ann.clientID))).rejects.toMatchObject(refused);
  });

  it('is not taken by an edit that is refused', async () => {
    const { rooms } = await open();
    const fresh = new Y.Doc();
    draw(fresh, 'fine');
    const bad = new Y.Doc();
    bad.clientID = fresh.clientID;
    bad.getMap('annotations').set('bad', 1);
    await expect(rooms.update('t', 'cid', Y.encodeStateAsUpdate(bad))).rejects.toMatchObject({ code: 'invalid' });
    await rooms.update('t', 'ann', Y.encodeStateAsUpdate(fresh));
    expect(await ids(rooms)).toEqual(['before', 'fine']);
  });
});

it('the list of owners says what it was made from', () => {
  const list = [{ userId: 'ann', clients: [1, 2] }, { userId: null, clients: [3] }];
  const owners = new Owners(list);
  owners.claim(2, 'bob');
  owners.claim(4, 'bob');
  expect(owners.toList()).toEqual([...list, { userId: 'bob', clients: [4] }]);
});
