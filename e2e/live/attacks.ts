/** What an attacker with an account, or without one, sends to the socket. Each tells what the server answered. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import * as encoding from 'lib0/encoding';
import { io, type Socket } from 'socket.io-client';
import * as Y from 'yjs';
import * as ops from '#core/annotation/doc.ts';
import type { Box } from '#core/geometry/box.ts';
import { newId } from '#core/ids.ts';
import { MAX_EVENT_BYTES, PROTOCOL_VERSION } from '#core/protocol.ts';
import type { Person } from './stage.ts';

export interface Target {
  origin: string;
  /** An annotator of the project. */
  attacker: Person;
  viewer: Person;
  task: string;
}
export interface Attack {
  name: string;
  /** The code of the refusal, `cut` when the connection was closed, or `dropped` where nothing is answered. */
  run: (target: Target) => Promise<string>;
  expected: RegExp;
}

/** Without types: an attacker knows none. */
type Raw = Socket;

async function connect({ origin }: Target, { cookie }: Person, headers: Record<string, string> = {}): Promise<Raw> {
  const socket = io(origin, { transports: ['websocket'], extraHeaders: { cookie, origin, ...headers }, forceNew: true, reconnection: false });
  await new Promise<void>((done) => { socket.once('connect', done); socket.once('connect_error', () => { done(); }); });
  return socket;
}

async function ask(socket: Raw, name: string, ...message: unknown[]): Promise<string> {
  if (!socket.connected) return 'cut';
  const cut = new Promise<string>((done) => { socket.once('disconnect', () => { done('cut'); }); });
  const answer = socket.timeout(5000).emitWithAck(name, ...message).then(codeOf, () => (socket.connected ? 'dropped' : 'cut'));
  return Promise.race([answer, cut]);
}

function codeOf(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null || !('ok' in answer)) return 'dropped';
  return 'problem' in answer && typeof answer.problem === 'object' && answer.problem !== null && 'code' in answer.problem ? String(answer.problem.code) : 'accepted';
}

const joining = (task: string): object => ({ task, protocol: PROTOCOL_VERSION, client: newId(), stateVector: Y.encodeStateVector(new Y.Doc()) });

/** In the room, as somebody who may be there. */
async function inRoom(target: Target, person = target.attacker): Promise<Raw> {
  const socket = await connect(target, person);
  await ask(socket, 'room:join', joining(target.task));
  return socket;
}

/** One update into the room; the answer to it. */
function update(name: string, bytes: () => Uint8Array, expected = /^invalid$/): Attack {
  return { name, expected, run: (target) => withSocket(inRoom(target), (socket) => ask(socket, 'room:update', { task: target.task, update: bytes() })) };
}

/** Many events as fast as they go; the most frequent answer that is no success. */
function flood(name: string, count: number, event: (socket: Raw, target: Target, i: number) => Promise<string> | undefined, expected: RegExp): Attack {
  return {
    name, expected,
    run: (target) => withSocket(inRoom(target), async (socket) => {
      const answers: Promise<string>[] = [];
      for (let i = 0; i < count && socket.connected; i++) {
        const answer = event(socket, target, i);
        if (answer) answers.push(answer);
        if (i % 500 === 499) await sleep(1);
      }
      const refusals = (await Promise.all(answers)).filter((code) => code !== 'accepted');
      return refusals[0] ?? (socket.connected ? 'dropped' : 'cut');
    }),
  };
}

async function withSocket(opened: Promise<Raw>, work: (socket: Raw) => Promise<string>): Promise<string> {
  const socket = await opened;
  try {
    return await work(socket);
  } finally {
    socket.close();
  }
}

const act: ops.Act = { origin: { kind: 'remote' }, user: 'mallory', now: 1 };
const edited = (change: (doc: Y.Doc) => void): Uint8Array => {
  const doc = new Y.Doc();
  change(doc);
  return Y.encodeStateAsUpdate(doc);
};
const drawn = (id = newId(), box: Box = [1, 1, 5, 5]): Uint8Array => edited((doc) => { ops.drawBox(doc, act, { predictions: [], threshold: 0 }, id, box, 0); });
const annotation = (fields: object): Uint8Array => edited((doc) => doc.getMap('annotations').set(newId(), new Y.Map(Object.entries({ class: 0, box: [0, 0, 1, 1], kind: 'drawn', by: 'mallory', at: 1, ...fields }))));
const many = (count: number, one: (doc: Y.Doc) => void): Uint8Array => edited((doc) => { doc.transact(() => { for (let i = 0; i < count; i++) one(doc); }); });
const VERDICTS = many(1500, (doc) => { ops.rejectPrediction(doc, act, newId()); });
const UNKNOWN_CLASSES = many(500, (doc) => { ops.put(doc, act, newId(), { class: 9998, box: [1, 1, 5, 5], kind: 'drawn', by: 'mallory', at: 1 }); });
/** As y-protocols writes it: [count, client, clock, JSON]. */
function presence(client: number): Uint8Array {
  const encoder = encoding.createEncoder();
  for (const n of [1, client, 1]) encoding.writeVarUint(encoder, n);
  encoding.writeVarString(encoder, JSON.stringify({ cursor: [1, 1], junk: 'x'.repeat(2000) }));
  return encoding.toUint8Array(encoder);
}
function far(): Uint8Array {
  const doc = new Y.Doc();
  ops.drawBox(doc, act, { predictions: [], threshold: 0 }, 'a', [1, 1, 5, 5], 0);
  const before = Y.encodeStateVector(doc);
  ops.setClass(doc, act, 'a', 1);
  return Y.encodeStateAsUpdate(doc, before);
}
/** What a page would send next if the first client id in the document were its own. */
function stolen(socket: Raw, { task }: Target): Promise<string> {
  const doc = new Y.Doc();
  return socket.emitWithAck('room:join', joining(task)).then((joined: { update: Uint8Array }) => {
    Y.applyUpdate(doc, new Uint8Array(joined.update));
    const before = Y.encodeStateVector(doc);
    doc.clientID = [...doc.store.clients.keys()][0] ?? 1;
    for (let i = 0; i < 50; i++) ops.drawBox(doc, act, { predictions: [], threshold: 0 }, newId(), [1, 1, 5, 5], 0);
    return ask(socket, 'room:update', { task, update: Y.encodeStateAsUpdate(doc, before) });
  });
}
/** The 26 bytes of yjs#687: read as V2 they ask for 2^53 structs. */
const BOMB = Uint8Array.from([0, 0, 6, 255, 255, 255, 255, 255, 255, 255, 15, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0]);

const UPDATES: readonly Attack[] = [
  update('random bytes', () => randomBytes(5000)),
  update('a truncated update', () => drawn().slice(0, 20)),
  update('a V2 update', () => Y.encodeStateAsUpdateV2(docOf(drawn()))),
  update('the V2 bomb of yjs#687', () => BOMB),
  update('a count of 2^53 structs', () => Uint8Array.from([255, 255, 255, 255, 255, 255, 255, 15, 1, 1, 1])),
  update('edits that build on missing ones', far),
  update('a clock far in the future', () => Uint8Array.from([1, 1, 1, 255, 255, 255, 255, 15, 0, 1, 0])),
  update('an unknown root', () => edited((doc) => doc.getMap('__proto__').set('polluted', 1))),
  update('__proto__ as an id', () => edited((doc) => doc.getMap('annotations').set('__proto__', { class: 0 }))),
  update('constructor as an id', () => drawn('constructor')),
  update('prototype as an id', () => drawn('prototype')),
  update('a class that the project does not have', () => annotation({ class: 9998 })),
  update('a box far outside the picture', () => drawn(newId(), [900_000, 900_000, 10, 10])),
  update('a replaced prediction that is not there', () => annotation({ of: [newId(), newId()] })),
  update('a verdict about a prediction that is not there', () => edited((doc) => { ops.rejectPrediction(doc, act, newId()); })),
  update('NaN and infinite boxes', () => annotation({ box: [Number.NaN, 0, Number.POSITIVE_INFINITY, 1] })),
  update('a list of 20 000 clicks', () => annotation({ points: Array.from({ length: 20_000 }, () => [1, 1, 1]) })),
  update('a name of 200 kB', () => annotation({ by: 'x'.repeat(200_000) })),
  update('values nested 5 000 deep', () => annotation({ edited: nested(5000) })),
  update('a mask that is longer than any picture', () => annotation({ mask: { rle: { size: [1e9, 1e9], counts: '0' }, box: [0, 0, 1, 1], model: 'm', score: 1 } })),
  { ...update('a viewer who edits', () => drawn(), /^(forbidden|read_only)$/), run: (target) => withSocket(inRoom(target, target.viewer), (socket) => ask(socket, 'room:update', { task: target.task, update: drawn() })) },
];

const EVENTS: readonly Attack[] = [
  { name: 'an event of 1 MB', expected: /^cut$/, run: (target) => withSocket(inRoom(target), (socket) => ask(socket, 'room:update', { task: target.task, update: randomBytes(4 * MAX_EVENT_BYTES) })) },
  { name: 'another protocol version', expected: /^protocol_version$/, run: (target) => withSocket(connect(target, target.attacker), (socket) => ask(socket, 'room:join', { ...joining(target.task), protocol: 99 })) },
  { name: 'a task that is not theirs', expected: /^(forbidden|not_found)$/, run: (target) => withSocket(connect(target, target.attacker), (socket) => ask(socket, 'room:join', joining(newId()))) },
  { name: 'an edit without having joined', expected: /^unavailable$/, run: (target) => withSocket(connect(target, target.attacker), (socket) => ask(socket, 'room:update', { task: target.task, update: drawn() })) },
  { name: 'an unknown event, and __proto__ as one', expected: /^bad_request$/, run: (target) => withSocket(inRoom(target), async (socket) => (await ask(socket, 'constructor', {}), ask(socket, '__proto__', { task: target.task }))) },
  { name: 'edits under a colleague\'s client id', expected: /^invalid$/, run: (target) => withSocket(connect(target, target.attacker), (socket) => stolen(socket, target)) },
  { name: 'a message of the wrong shape', expected: /^invalid$/, run: (target) => withSocket(inRoom(target), (socket) => ask(socket, 'room:join', [[[{ task: { $ne: null } }]]])) },
  { name: 'a message nested 20 000 deep', expected: /^(invalid|cut|dropped)$/, run: (target) => withSocket(inRoom(target), (socket) => ask(socket, 'room:join', nested(20_000))) },
  { name: 'a packet that promises ten million attachments', expected: /^cut$/, run: (target) => withSocket(inRoom(target), (socket) => rawPacket(socket, '4510000000-["room:update",{"_placeholder":true,"num":0}]')) },
  { name: 'no cookie', expected: /^cut$/, run: async (target) => withSocket(connect(target, { name: 'nobody', cookie: '' }), (socket) => ask(socket, 'room:join', joining(target.task))) },
  { name: 'a page of another origin', expected: /^cut$/, run: async (target) => withSocket(connect(target, target.attacker, { origin: 'https://evil.example' }), (socket) => ask(socket, 'room:join', joining(target.task))) },
];

const FLOODS: readonly Attack[] = [
  flood('5 000 edits at once', 5000, (socket, { task }, i) => ask(socket, 'room:update', { task, update: drawn(`flood${i % 5}`) }), /^(too_many|cut)$/),
  flood('5 000 joins at once', 5000, (socket, { task }) => ask(socket, 'room:join', joining(task)), /^(too_many|cut)$/),
  flood('20 000 presences at once', 20_000, (socket, { task }) => { socket.emit('room:presence', { task, update: randomBytes(60) }); return undefined; }, /^(dropped|cut)$/),
  flood('5 000 pieces of 40 kB', 5000, (socket, { task }, i) => (i % 50 === 0 ? ask(socket, 'room:part', { task, part: randomBytes(40_000), index: i % 64, last: false }) : undefined), /^(invalid|unavailable|too_many|cut)$/),
  flood('2 000 random updates', 2000, (socket, { task }) => ask(socket, 'room:update', { task, update: randomBytes(400) }), /^(invalid|too_many|cut)$/),
  flood('90 000 verdicts about predictions that are not there', 60, (socket, { task }) => ask(socket, 'room:update', { task, update: VERDICTS }), /^(invalid|too_many)$/),
  flood('30 000 annotations of unknown classes', 60, (socket, { task }) => ask(socket, 'room:update', { task, update: UNKNOWN_CLASSES }), /^(invalid|too_many)$/),
  flood('3 000 presences under as many names of clients', 3000, (socket, { task }, i) => { socket.emit('room:presence', { task, update: presence(1000 + i) }); return undefined; }, /^(dropped|cut)$/),
  { name: '200 connections without an account', expected: /^cut$/, run: async (target) => {
    const sockets = await Promise.all(Array.from({ length: 200 }, () => connect(target, { name: 'nobody', cookie: '' })));
    const open = sockets.filter((socket) => socket.connected);
    for (const socket of sockets) socket.close();
    return open.length === 0 ? 'cut' : 'accepted';
  } },
];

export const ATTACKS: readonly Attack[] = [...UPDATES, ...EVENTS, ...FLOODS];

function docOf(bytes: Uint8Array): Y.Doc {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, bytes);
  return doc;
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

/** Text straight into the WebSocket, past the client library. */
async function rawPacket(socket: Raw, text: string): Promise<string> {
  const cut = new Promise<string>((done) => { socket.once('disconnect', () => { done('cut'); }); });
  const transport: unknown = Reflect.get(socket.io.engine.transport, 'ws');
  if (typeof transport === 'object' && transport !== null) Reflect.apply(Reflect.get(transport, 'send'), transport, [text]);
  return Promise.race([cut, sleep(3000).then(() => 'dropped')]);
}
