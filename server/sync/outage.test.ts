/** The database goes away under the server, in each of the ways in which it can: everybody is told "unavailable", nothing is lost, and work goes on when it is back. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as Y from 'yjs';
import { afterEach, describe, expect, it } from 'vitest';
import * as ops from '#core/annotation/doc.ts';
import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { PROTOCOL_VERSION } from '#core/protocol.ts';
import { createSignInLink } from '../auth/signInLink.ts';
import { isOutage } from '../database/outage.ts';
import { testApp, type TestPerson } from '../testing/harness.ts';

const t = await testApp({ gated: true });
afterEach(async () => {
  await t.gate.open();
  await ready();
});

const seen = { predictions: [], threshold: 0.25 };
/** The pool has noticed that the database is back. */
async function ready(): Promise<void> {
  for (;;) {
    if (await t.db.$queryRaw`SELECT 1`.then(() => true, () => false)) return;
    await sleep(50);
  }
}

async function desk(): Promise<{ person: TestPerson; task: string; join: (doc: Y.Doc) => Promise<string>; edit: (doc: Y.Doc, id: string) => Promise<string>; close: () => void }> {
  const project = await t.project();
  const person = await t.person({ project: project.id });
  const { id: task } = await t.task(project);
  const socket = await person.socket();
  const codeOf = (answer: { ok: true } | { ok: false; problem: { code: string } }): string => (answer.ok ? 'ok' : answer.problem.code);
  return {
    person, task, close: () => { socket.close(); },
    async join(doc) {
      const answer = await socket.emitWithAck('room:join', { task, protocol: PROTOCOL_VERSION, client: newId(), stateVector: Y.encodeStateVector(doc) });
      if (answer.ok) Y.applyUpdate(doc, new Uint8Array(answer.update));
      return codeOf(answer);
    },
    async edit(doc, id) {
      ops.drawBox(doc, { origin: { kind: 'person', user: person.id, client: 'c' }, user: person.id, now: 1 }, seen, id, [1, 1, 20, 20], 0);
      return codeOf(await socket.emitWithAck('room:update', { task, update: Y.encodeStateAsUpdate(doc) }));
    },
  };
}

/** Longer than a permission is remembered. */
const FORGOTTEN_MS = 3200;

describe('a database that has gone', () => {
  it('is "unavailable" for joins, edits, handshakes and requests, never "failed"; afterwards everything goes on', async () => {
    const { person, task, join, edit, close } = await desk();
    const doc = new Y.Doc();
    const cookie = await cookieOf(person);
    expect(await join(doc)).toBe('ok');
    expect(await edit(doc, 'first')).toBe('ok');
    await sleep(FORGOTTEN_MS);
    await t.gate.close();
    expect(await edit(doc, 'second')).toBe('unavailable');
    expect(await join(doc)).toBe('unavailable');
    const asked = await person.get('/me');
    expect([asked.status, asked.body.code]).toEqual([503, 'unavailable']);
    expect(Number(asked.headers['retry-after'])).toBeGreaterThan(0);
    // By cookie, where the library for sessions hides what went wrong.
    const byCookie = await fetch(`${t.url}/api/v1/me`, { headers: { cookie } });
    expect([byCookie.status, await byCookie.json()]).toMatchObject([503, { code: 'unavailable' }]);
    const signIn = await fetch(`${t.url}/api/auth/sign-in/email`, { method: 'POST', headers: { origin: t.url, 'content-type': 'application/json' }, body: JSON.stringify({ email: person.email, password: 'wrong wrong wrong' }) });
    expect(signIn.status).toBe(503);
    await t.gate.open();
    await ready();
    expect(await join(doc)).toBe('ok');
    expect(await edit(doc, 'third')).toBe('ok');
    expect(await stored(task)).toEqual(['first', 'second', 'third']);
    close();
  });

  it('for a moment, between two edits: the edit waits and is saved', async () => {
    const { task, join, edit, close } = await desk();
    const doc = new Y.Doc();
    await join(doc);
    expect(await edit(doc, 'first')).toBe('ok');
    await t.gate.close();
    const answer = edit(doc, 'second');
    await sleep(700);
    await t.gate.open();
    expect(await answer).toBe('ok');
    expect((await t.db.task.findUniqueOrThrow({ where: { id: task } })).docSeq).toBeGreaterThanOrEqual(2);
    close();
  });

  it('that hangs (stopped, or its network is): joins are told so when their patience is over, and edits are saved when it goes on', async () => {
    const { task, join, edit, close } = await desk();
    const other = await desk();
    const doc = new Y.Doc();
    await join(doc);
    expect(await edit(doc, 'first')).toBe('ok');
    t.gate.hold();
    const edited = edit(doc, 'second');
    // The pool has fewer connections: the others wait for one, and give up after ten seconds.
    const joins = await Promise.all(Array.from({ length: 30 }, () => Promise.race([other.join(new Y.Doc()), sleep(13_000, 'waits')])));
    expect(new Set(joins)).toContain('unavailable');
    expect(new Set(joins)).not.toContain('failed');
    await t.gate.open();
    expect(await edited).toBe('ok');
    await ready();
    expect(await join(doc)).toBe('ok');
    expect(await stored(task)).toEqual(['first', 'second']);
    close();
    other.close();
  });
});

const stored = (task: string): Promise<string[]> => t.app.rooms.with(task, async (room) => Object.keys(ops.annotationsOf(room.doc).toJSON()).toSorted());

async function cookieOf(person: TestPerson): Promise<string> {
  const token = new URLSearchParams((await createSignInLink(t.db, person.email)).split('?')[1]).get('token');
  const answer = await fetch(`${t.url}/api/v1/sign-in`, { method: 'POST', headers: { origin: t.url, 'content-type': 'application/json' }, body: JSON.stringify({ token }) });
  return answer.headers.getSetCookie().map((one) => one.split(';')[0]).join('; ');
}

describe('an outage is told from other errors', () => {
  it('by code, however deeply it is wrapped', () => {
    for (const error of [
      Object.assign(new Error('x'), { code: 'P1001' }), Object.assign(new Error('x'), { code: 'P2010', meta: { driverAdapterError: new Error('y', { cause: { kind: 'postgres', originalCode: '57P01' } }) } }),
      new AggregateError([Object.assign(new Error('x'), { code: 'ECONNREFUSED' })]), new Error('Connection terminated unexpectedly'), new Error('timeout exceeded when trying to connect'),
      Object.assign(new Error('x'), { body: { cause: Object.assign(new Error('x'), { code: 'ECONNRESET' }) } }), Object.assign(new Error('statement timeout'), { code: '57014' }),
    ]) expect([error.message, isOutage(error)]).toEqual([error.message, true]);
  });

  it('which stay errors', () => {
    const circle: Error & { cause?: unknown } = new Error('x');
    circle.cause = circle;
    for (const error of [new Error('x'), new TypeError('y is undefined'), Object.assign(new Error('unique'), { code: 'P2002' }), new EmendError('conflict', 'no'), circle, null, 'ECONNREFUSED']) expect(isOutage(error)).toBe(false);
  });
});
