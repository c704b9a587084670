/**
 * Random edits, disconnects, duplicates, reordering, writes that fail half-way, crashes of the server, closed tabs, and a forger who writes under the others' client
 * ids; afterwards every replica, the room and the store hold the same document, and everything that was ever acknowledged is in it.
 */
import * as Y from 'yjs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import * as ops from '#core/annotation/doc.ts';
import type { Prediction } from '#core/annotation/schema.ts';
import { EmendError } from '#core/errors.ts';
import type { Delay } from './committer.ts';
import { MemoryRoomStore } from './memoryRoomStore.ts';
import type { Member } from './room.ts';
import { updatesOf } from './roomStore.ts';
import { Rooms } from './rooms.ts';

const TASK = 'task';
const predictions: Prediction[] = [0, 1, 2, 3].map((i) => ({ id: `p${i}`, class: 0, box: [i * 50, 0, 40, 40], score: 0.9 }));
/** Timers never fire by themselves: the test flushes by hand. */
const byHand: Delay = () => () => undefined;

/** What a crash does to the store: the write under way is committed and nobody hears of it, or it never was. */
class BreakingStore extends MemoryRoomStore {
  down: 'no' | 'before commit' | 'after commit' = 'no';

  override async append(...entry: Parameters<MemoryRoomStore['append']>): Promise<number> {
    if (this.down === 'before commit') return never();
    const seq = await super.append(...entry);
    return this.down === 'after commit' ? never() : seq;
  }
}
const never = (): Promise<never> => new Promise(() => undefined);

interface Server {
  rooms: Rooms;
  /** Every update that was acknowledged, by whichever server. */
  acknowledged: Uint8Array[];
}

class Client {
  doc = new Y.Doc();
  readonly inbox: Uint8Array[] = [];
  outbox: Uint8Array[] = [];
  member: Member | undefined;
  #drawn = 0;
  /** Of this page and of those before it. */
  readonly #ids = new Set<number>();
  readonly name: string;
  readonly server: Server;

  constructor(server: Server, name: string) {
    this.server = server;
    this.name = name;
    this.#listen();
  }

  #listen(): void {
    this.#ids.add(this.doc.clientID);
    this.doc.on('update', (update: Uint8Array, origin: unknown) => { if (origin !== 'remote' && this.member) this.outbox.push(update); });
  }

  /** The tab is closed, and with it what was never sent. */
  forget(): void {
    this.doc = new Y.Doc();
    this.#listen();
    this.cut();
  }

  /** The connection is gone, as the client sees it. */
  cut(): void {
    this.member = undefined;
    this.outbox = [];
    this.inbox.length = 0;
  }

  async connect(): Promise<void> {
    if (this.member) return;
    const member: Member = {
      id: `${this.name}-${Math.random()}`, readOnly: false, person: { id: this.name, name: this.name, email: '', admin: false },
      send: (name, message) => { if (name === 'room:update' && 'update' in message && this.member?.id === member.id) this.inbox.push(message.update); },
      close: () => { this.member = undefined; },
    };
    const joined = await this.server.rooms.join(TASK, member, Y.encodeStateVector(this.doc));
    this.member = member;
    Y.applyUpdate(this.doc, joined.update, 'remote');
    this.outbox.push(Y.encodeStateAsUpdate(this.doc, joined.stateVector));
  }

  async disconnect(): Promise<void> {
    const { member } = this;
    this.cut();
    if (member) await this.server.rooms.leave(TASK, member);
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

  /** Sends what waits; `twice` as after a lost acknowledgement. Resolves when it is acknowledged. */
  async send(twice: boolean): Promise<void> {
    const { member } = this;
    const { rooms } = this.server;
    if (!member) return;
    for (const update of this.outbox.splice(0)) {
      const sent = [this.#say(rooms, member, update), ...(twice ? [this.#say(rooms, member, update)] : [])];
      await Promise.all([...sent, rooms.with(TASK, (room) => room.settled())]);
    }
  }

  /** Sends what waits into a server that is about to crash: no answer will come. */
  sendInVain(): void {
    const { member } = this;
    const { rooms } = this.server;
    if (member) for (const update of this.outbox.splice(0)) void this.#say(rooms, member, update);
    void rooms.with(TASK, (room) => room.settled());
  }

  async #say(rooms: Rooms, member: Member, update: Uint8Array): Promise<void> {
    await rooms.update(TASK, member.id, update);
    this.server.acknowledged.push(update);
  }

  /** Edits under a client id that is somebody else's, as read from the document. They must not be taken. */
  async forge(n: number): Promise<void> {
    const { member } = this;
    const copy = new Y.Doc();
    Y.applyUpdate(copy, Y.encodeStateAsUpdate(this.doc));
    const strangers = [...copy.store.clients.keys()].filter((client) => !this.#ids.has(client)).toSorted((a, b) => a - b);
    const victim = strangers[n % Math.max(1, strangers.length)];
    if (!member || victim === undefined) return;
    const before = Y.encodeStateVector(copy);
    copy.clientID = victim;
    for (let i = 0; i <= n % 4; i++) ops.drawBox(copy, { origin: { kind: 'person', user: this.name, client: this.name }, user: this.name, now: 1 }, { predictions: [], threshold: 0 }, `decoy${i}`, [n, n, 5, 5], 0);
    // Whoever lags behind sends under numbers that the server has long given: those it knows already, and leaves out.
    const taken = this.server.rooms.update(TASK, member.id, Y.encodeStateAsUpdate(copy, before)).then(() => 'taken', (error: unknown) => (error instanceof EmendError ? error.code : String(error)));
    await this.server.rooms.with(TASK, (room) => room.settled());
    expect(['invalid', 'taken']).toContain(await taken);
  }

  receive(order: number): void {
    const waiting = this.inbox.splice(0);
    if (order % 2) waiting.reverse();
    for (const update of waiting) Y.applyUpdate(this.doc, update, 'remote');
  }
}

const plain = (doc: Y.Doc): unknown => ({ annotations: ops.annotationsOf(doc).toJSON(), verdicts: ops.verdictsOf(doc).toJSON() });

const WHAT = ['edit', 'edit', 'edit', 'edit', 'send', 'receive', 'connect', 'connect', 'disconnect', 'unload', 'crash', 'forget', 'forge', 'forge'] as const;
const step = fc.record({ client: fc.nat(3), what: fc.constantFrom(...WHAT), kind: fc.nat(5), n: fc.nat(60) });

/** The server dies with a write under way, and another takes its place on the same store. */
async function crash(server: Server, store: BreakingStore, clients: readonly Client[], n: number): Promise<void> {
  store.down = n % 2 ? 'before commit' : 'after commit';
  for (const client of clients) client.sendInVain();
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  server.rooms = new Rooms(store, byHand);
  store.down = 'no';
  for (const [i, client] of clients.entries()) {
    // Some tabs die with the server: nobody can send again what it has lost.
    if ((n >> i) % 2) client.forget();
    else client.cut();
  }
}

/** Updates that change nothing in a document that holds them already. */
function allIn(doc: Y.Doc, updates: readonly Uint8Array[]): boolean {
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
  let news = 0;
  copy.on('update', () => { news += 1; });
  for (const update of updates) Y.applyUpdate(copy, update);
  return news === 0;
}

it('converges whatever happens to the connections, the tabs and the server', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), async (steps) => {
    const store = new BreakingStore([TASK]);
    const server: Server = { rooms: new Rooms(store, byHand), acknowledged: [] };
    const clients = ['ann', 'bob', 'cy', 'di'].map((name) => new Client(server, name));
    const eve = new Client(server, 'eve');
    for (const s of steps) {
      const client = clients[s.client];
      if (!client) continue;
      if (s.what === 'edit') client.edit(s.kind, s.n);
      else if (s.what === 'send') await client.send(s.n % 3 === 0);
      else if (s.what === 'receive') client.receive(s.n);
      else if (s.what === 'connect') await client.connect();
      else if (s.what === 'disconnect') await client.disconnect();
      else if (s.what === 'unload') await server.rooms.unload(TASK);
      else if (s.what === 'forge') {
        await eve.connect();
        eve.receive(0);
        await eve.forge(s.n);
      }
      else if (s.what === 'crash') await crash(server, store, [...clients, eve], s.n);
      else {
        await client.disconnect();
        client.forget();
      }
    }
    for (const client of clients) await client.connect();
    for (const client of clients) await client.send(false);
    for (const client of clients) client.receive(0);
    const stored = new Y.Doc();
    const kept = await store.load(TASK);
    for (const update of kept ? updatesOf(kept) : []) Y.applyUpdate(stored, update);
    for (const client of clients) expect(plain(client.doc)).toEqual(plain(stored));
    await server.rooms.with(TASK, async (room) => { expect(plain(room.doc)).toEqual(plain(stored)); });
    expect([...ops.annotationsOf(stored).keys()].filter((id) => id.startsWith('decoy'))).toEqual([]);
    expect(allIn(stored, server.acknowledged)).toBe(true);
    expect(ops.contentProblem(stored)).toBeUndefined();
  }), { numRuns: 150 });
});
