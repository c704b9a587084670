/** Random edits, disconnects, duplicates and reordering; afterwards every replica, the room and the store hold the same document. */
import * as Y from 'yjs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import * as ops from '#core/annotation/doc.ts';
import type { Prediction } from '#core/annotation/schema.ts';
import type { Delay } from './committer.ts';
import { MemoryRoomStore } from './memoryRoomStore.ts';
import type { Member } from './room.ts';
import { Rooms } from './rooms.ts';

const TASK = 'task';
const predictions: Prediction[] = [0, 1, 2, 3].map((i) => ({ id: `p${i}`, class: 0, box: [i * 50, 0, 40, 40], score: 0.9 }));
/** Timers never fire by themselves: the test flushes by hand. */
const byHand: Delay = () => () => undefined;

class Client {
  readonly doc = new Y.Doc();
  readonly inbox: Uint8Array[] = [];
  outbox: Uint8Array[] = [];
  member: Member | undefined;
  #drawn = 0;
  readonly name: string;
  readonly rooms: Rooms;

  constructor(rooms: Rooms, name: string) {
    this.rooms = rooms;
    this.name = name;
    this.doc.on('update', (update: Uint8Array, origin: unknown) => { if (origin !== 'remote' && this.member) this.outbox.push(update); });
  }

  async connect(): Promise<void> {
    if (this.member) return;
    const member: Member = {
      id: `${this.name}-${Math.random()}`, readOnly: false, person: { id: this.name, name: this.name, email: '', admin: false },
      send: (name, message) => { if (name === 'room:update' && 'update' in message && this.member?.id === member.id) this.inbox.push(message.update); },
      close: () => { this.member = undefined; },
    };
    const joined = await this.rooms.join(TASK, member, Y.encodeStateVector(this.doc));
    this.member = member;
    Y.applyUpdate(this.doc, joined.update, 'remote');
    this.outbox.push(Y.encodeStateAsUpdate(this.doc, joined.stateVector));
  }

  async disconnect(): Promise<void> {
    const { member } = this;
    this.member = undefined;
    this.outbox = [];
    this.inbox.length = 0;
    if (member) await this.rooms.leave(TASK, member);
  }

  edit(kind: number, n: number): void {
    const act: ops.Act = { origin: { kind: 'person', user: this.name, client: this.name }, user: this.name, now: 1 };
    const seen = { predictions, threshold: 0.25 };
    const ids = [...ops.annotationsOf(this.doc).keys()];
    const id = ids[n % Math.max(1, ids.length)];
    const prediction = predictions[n % predictions.length];
    if (kind === 0) ops.drawBox(this.doc, act, seen, `${this.name}${this.#drawn++}`, [n, n, 10 + n, 10], n % 2);
    else if (kind === 1 && prediction) ops.rejectPrediction(this.doc, act, prediction.id);
    else if (kind === 2 && prediction) ops.restorePrediction(this.doc, act, prediction.id);
    else if (kind === 3 && id !== undefined) ops.setBox(this.doc, act, seen, id, [n, 1, 20, 20]);
    else if (kind === 4 && id !== undefined) ops.removeAnnotation(this.doc, act, id);
    else if (id !== undefined) ops.setClass(this.doc, act, id, n % 3);
  }

  /** Sends what waits; `twice` as after a lost acknowledgement. */
  async send(twice: boolean): Promise<void> {
    const { member } = this;
    if (!member) return;
    for (const update of this.outbox.splice(0)) {
      const sent = [this.rooms.update(TASK, member.id, update), ...(twice ? [this.rooms.update(TASK, member.id, update)] : [])];
      await Promise.all([...sent, this.rooms.with(TASK, (room) => room.settled())]);
    }
  }

  receive(order: number): void {
    const waiting = this.inbox.splice(0);
    if (order % 2) waiting.reverse();
    for (const update of waiting) Y.applyUpdate(this.doc, update, 'remote');
  }
}

const plain = (doc: Y.Doc): unknown => ({ annotations: ops.annotationsOf(doc).toJSON(), verdicts: ops.verdictsOf(doc).toJSON() });

const step = fc.record({ client: fc.nat(3), what: fc.constantFrom('edit', 'edit', 'edit', 'send', 'receive', 'connect', 'disconnect', 'unload'), kind: fc.nat(5), n: fc.nat(60) });

it('converges whatever happens to the connections', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
    const store = new MemoryRoomStore([TASK]);
    const rooms = new Rooms(store, byHand);
    const clients = ['ann', 'bob', 'cy', 'di'].map((name) => new Client(rooms, name));
    for (const s of steps) {
      const client = clients[s.client];
      if (!client) continue;
      if (s.what === 'edit') client.edit(s.kind, s.n);
      else if (s.what === 'send') await client.send(s.n % 3 === 0);
      else if (s.what === 'receive') client.receive(s.n);
      else if (s.what === 'connect') await client.connect();
      else if (s.what === 'disconnect') await client.disconnect();
      else await rooms.unload(TASK);
    }
    for (const client of clients) await client.connect();
    for (const client of clients) await client.send(false);
    for (const client of clients) client.receive(0);
    const stored = new Y.Doc();
    for (const update of (await store.load(TASK))?.updates ?? []) Y.applyUpdate(stored, update);
    for (const client of clients) expect(plain(client.doc)).toEqual(plain(stored));
    await rooms.with(TASK, async (room) => { expect(plain(room.doc)).toEqual(plain(stored)); });
    expect(ops.contentProblem(stored)).toBeUndefined();
  }), { numRuns: 60 });
});
