import * as encoding from 'lib0/encoding';
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { describe, expect, it } from 'vitest';
import { MemoryRoomStore } from './memoryRoomStore.ts';
import { readPresence } from './presence.ts';
import type { Member } from './room.ts';
import { Rooms } from './rooms.ts';

const nothing = Y.encodeStateVector(new Y.Doc());
const ann = { id: 'ann', name: 'Ann', email: '', admin: false };

function state(value: Record<string, unknown>): Uint8Array {
  const awareness = new Awareness(new Y.Doc());
  awareness.setLocalState(value);
  const update = encodeAwarenessUpdate(awareness, [awareness.clientID]);
  awareness.destroy();
  return update;
}
/** As a hostile client writes it. */
function raw(client: number, clock: number, value: unknown): Uint8Array {
  const encoder = encoding.createEncoder();
  for (const n of [1, client, clock]) encoding.writeVarUint(encoder, n);
  encoding.writeVarString(encoder, JSON.stringify(value));
  return encoding.toUint8Array(encoder);
}

/** A member that sees the others as a page does. */
class Onlooker implements Member {
  readonly readOnly = false;
  readonly person: Member['person'];
  readonly #awareness = new Awareness(new Y.Doc());
  readonly id: string;
  constructor(id: string, person = id) {
    this.id = id;
    this.person = { id: person, name: person, email: '', admin: false };
  }
  send: Member['send'] = (name, message) => { if (name === 'room:presence' && 'update' in message) applyAwarenessUpdate(this.#awareness, message.update, 'remote'); };
  close(): void { /* Nobody is sent away here. */ }
  /** [name, x of the cursor] of everybody else that is shown. */
  get sees(): [string, number | undefined][] {
    const others = [...this.#awareness.getStates()].filter(([id]) => id !== this.#awareness.clientID).map(([, s]) => s);
    return others.map((s): [string, number | undefined] => [String(s['user'].name), s['cursor']?.[0]]).toSorted();
  }
}

async function open(...people: Onlooker[]): Promise<Rooms> {
  const rooms = new Rooms(new MemoryRoomStore(['t']));
  for (const person of people) await rooms.join('t', person, nothing);
  return rooms;
}

describe('presence', () => {
  it('carries the sender\'s true name', () => {
    expect(readPresence(state({ user: { id: 'bob', name: 'Bob' }, cursor: [1, 2] }), ann)).toEqual({ user: { id: 'ann', name: 'Ann' }, cursor: [1, 2] });
  });

  it('drops what does not fit, and leaves out what the protocol does not know', () => {
    expect(readPresence(state({ cursor: 'here' }), ann)).toBeUndefined();
    expect(readPresence(Uint8Array.from([9, 9, 9]), ann)).toBeUndefined();
    expect(readPresence(state({ tool: 'x'.repeat(20_000) }), ann)).toBeUndefined();
    expect(readPresence(state({ cursor: [1, 2], junk: 'x'.repeat(5000), user: { id: 'bob', name: 'Bob', more: 1 } }), ann)).toEqual({ user: { id: 'ann', name: 'Ann' }, cursor: [1, 2] });
    expect(readPresence(raw(1, 1, [1, 2]), ann)).toBeUndefined();
  });

  it('shows what a picture and a screen can have, nothing else', () => {
    const honest = { cursor: [-20.5, 700], drawing: [1, 2, 0, 40], viewport: [320, 240, 64], canvas: [1, 2000] };
    expect(readPresence(state(honest), ann)).toMatchObject(honest);
    for (const wrong of [
      { viewport: [1e300, 1e300, 1e300], canvas: [1e-300, 1e-300] }, { viewport: [0, 0, 65] }, { viewport: [0, 0, 0] }, { viewport: [0, 0, -3] }, { viewport: [1e9, 0, 1] }, { viewport: [0, 0, 1e-30] },
      { canvas: [0.5, 10] }, { canvas: [1e9, 10] }, { cursor: [1e308, 0] }, { drawing: [0, 0, 1e308, 1] }, { drawing: [9, 9, -5, -5] },
    ]) expect(readPresence(state(wrong), ann)).toBeUndefined();
    // JSON has no infinity, but numbers that become one.
    const encoder = encoding.createEncoder();
    for (const n of [1, 7, 1]) encoding.writeVarUint(encoder, n);
    encoding.writeVarString(encoder, '{"cursor":[1e999,5]}');
    expect(readPresence(encoding.toUint8Array(encoder), ann)).toBeUndefined();
  });

  it('reaches the others, is told to who comes later, and ends with who leaves', async () => {
    const [a, bob, cy] = [new Onlooker('ann'), new Onlooker('bob'), new Onlooker('cy')];
    const rooms = await open(a, bob);
    await rooms.presence('t', 'ann', state({ cursor: [1, 2] }));
    expect(bob.sees).toEqual([['ann', 1]]);
    await rooms.join('t', cy, nothing);
    expect(cy.sees).toEqual([['ann', 1]]);
    await rooms.leave('t', a);
    expect([bob.sees, cy.sees]).toEqual([[], []]);
  });

  it('cannot be taken from somebody by their client id, whatever the clock', async () => {
    const [bob, cat, rev] = [new Onlooker('bob'), new Onlooker('cat'), new Onlooker('rev')];
    const rooms = await open(bob, cat, rev);
    const bobs = 12_345;
    await rooms.presence('t', 'cat', raw(bobs, 2 ** 31, { cursor: [1, 1] }));
    await rooms.presence('t', 'bob', raw(bobs, 5, { cursor: [9, 9] }));
    expect(rev.sees).toEqual([['bob', 9], ['cat', 1]]);
    await rooms.presence('t', 'cat', raw(bobs, 2 ** 31 + 1, null));
    expect(rev.sees).toEqual([['bob', 9]]);
    await rooms.presence('t', 'bob', raw(bobs, 1, { cursor: [10, 9] }));
    expect(rev.sees).toEqual([['bob', 10]]);
    // Two tabs of one person are two cursors.
    const second = new Onlooker('bob2', 'bob');
    await rooms.join('t', second, nothing);
    await rooms.presence('t', 'bob2', raw(bobs, 5, { cursor: [20, 9] }));
    expect(rev.sees).toEqual([['bob', 10], ['bob', 20]]);
  });

  it('is one for each connection, however many client ids it claims, and goes with it', async () => {
    const [mallory, bob] = [new Onlooker('mallory'), new Onlooker('bob')];
    const rooms = await open(mallory, bob);
    for (let i = 0; i < 50; i++) await rooms.presence('t', 'mallory', raw(1000 + i, 1, { cursor: [i, i] }));
    expect(bob.sees).toEqual([['mallory', 49]]);
    await rooms.leave('t', mallory);
    expect(bob.sees).toEqual([]);
  });
});
