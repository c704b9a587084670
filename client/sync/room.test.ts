import fc from 'fast-check';
import * as Y from 'yjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ErrorCode, Problem } from '#core/errors.ts';
import { BATCH_MS } from '#core/protocol.ts';
import { isRefusal, RoomProvider, type SaveState } from './room.ts';
import { MemoryServer, type MemoryLink } from './testing/memoryServer.ts';

let server: MemoryServer;
beforeEach(() => {
  vi.useFakeTimers();
  server = new MemoryServer();
});
afterEach(() => void vi.useRealTimers());

interface Client {
  readonly doc: Y.Doc;
  readonly link: MemoryLink;
  readonly provider: RoomProvider;
  readonly states: SaveState[];
  set(key: string, value: number): void;
  get(key: string): unknown;
}
function client(doc = new Y.Doc()): Client {
  const link = server.connect();
  const provider = new RoomProvider(doc, 'task', link);
  const states: SaveState[] = [];
  provider.events.on('state', (s) => states.push(s));
  const map = doc.getMap('annotations');
  return { doc, link, provider, states, set: (key, value) => void map.set(key, value), get: (key) => map.get(key) };
}
/** Timers and promises, as far as they go by themselves; long enough for a batch and a retry. */
const settle = (ms = BATCH_MS + 50): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

const problem = (code: ErrorCode): Problem => ({ code, message: code });

describe('a server that cannot take edits for a while', () => {
  it.each(['unavailable', 'busy', 'too_many', 'failed'] as const)('answers %s: the page tries again, and everything is saved when it is over', async (code) => {
    const one = client();
    await settle();
    server.refuse = problem(code);
    one.set('a', 1);
    await settle(5000);
    expect(one.provider.state).not.toBe('saved');
    expect(one.provider.problem).toBeNull();
    one.set('b', 2);
    server.refuse = null;
    await settle(16_000);
    expect(one.provider.state).toBe('saved');
    expect(server.doc.getMap('annotations').toJSON()).toEqual({ a: 1, b: 2 });
  });

  it('closes the room of everybody: they join again, with what they have', async () => {
    const [one, two] = [client(), client()];
    await settle();
    server.refuse = problem('unavailable');
    for (const { link } of [one, two]) link.hear('room:closed', { task: 'task', problem: problem('unavailable') });
    expect(one.states).not.toContain('closed');
    one.set('a', 1);
    await settle(40_000);
    expect(one.states).not.toContain('failed');
    server.refuse = null;
    await settle(16_000);
    expect([one.provider.state, two.provider.state, two.get('a')]).toEqual(['saved', 'saved', 1]);
  });

  it('is asked less and less often', async () => {
    server.refuse = problem('unavailable');
    const one = client();
    const ask = vi.spyOn(one.link, 'ask');
    await settle(60_000);
    expect(ask.mock.calls.length).toBeLessThan(9);
    await settle(60_000);
    expect(ask.mock.calls.length).toBeGreaterThan(7);
  });

  it('ends with words when an error that nobody foresaw stays', async () => {
    const one = client();
    await settle();
    server.refuse = problem('failed');
    one.set('a', 1);
    await settle(120_000);
    expect(one.provider.state).toBe('failed');
    expect(isRefusal(problem('failed'))).toBe(false);
    expect(isRefusal(problem('invalid'))).toBe(true);
  });
});

describe('room', () => {
  it('joins, and sends nothing when there is nothing to say', async () => {
    server.doc.getMap('annotations').set('a', 1);
    server.doc.getMap('annotations').delete('a');
    const one = client();
    await settle();
    expect(one.provider.state).toBe('saved');
    expect(server.received).toEqual([]);
  });

  it('is saved only when the server has answered', async () => {
    const one = client();
    await settle();
    server.hold = true;
    one.set('a', 1);
    expect(one.provider.state).toBe('saving');
    await settle();
    expect(server.received).toHaveLength(1);
    expect(one.provider.state).toBe('saving');
    server.release();
    await settle();
    expect(one.provider.state).toBe('saved');
  });

  it('joins the edits of one moment into one message', async () => {
    const one = client();
    await settle();
    for (let i = 0; i < 20; i++) one.set(`k${i}`, i);
    await settle();
    expect(server.received).toHaveLength(1);
    expect(server.doc.getMap('annotations').size).toBe(20);
  });

  it('shows edits to the others', async () => {
    const [one, two] = [client(), client()];
    await settle();
    one.set('a', 1);
    await settle();
    expect(two.get('a')).toBe(1);
    expect(two.provider.state).toBe('saved');
    expect(server.received).toHaveLength(1);
  });

  it('keeps what is edited offline and sends it on reconnect, both ways', async () => {
    const [one, two] = [client(), client()];
    await settle();
    one.link.cut();
    expect(one.provider.state).toBe('offline');
    one.set('mine', 1);
    two.set('theirs', 2);
    await settle();
    expect(one.provider.state).toBe('offline');
    one.link.mend();
    await settle();
    expect([one.get('theirs'), two.get('mine')]).toEqual([2, 1]);
    expect(one.provider.state).toBe('saved');
  });

  it('sends again what was under way when the connection went', async () => {
    const one = client();
    await settle();
    server.hold = true;
    one.set('a', 1);
    await settle();
    one.link.cut();
    server.release();
    one.link.mend();
    await settle();
    expect(one.provider.state).toBe('saved');
    expect(server.doc.getMap('annotations').get('a')).toBe(1);
  });

  it('sends deletions that were made offline', async () => {
    const one = client();
    await settle();
    one.set('a', 1);
    await settle();
    one.link.cut();
    one.doc.getMap('annotations').delete('a');
    one.link.mend();
    await settle();
    expect(server.doc.getMap('annotations').has('a')).toBe(false);
    expect(server.received).toHaveLength(2);
  });

  it('keeps edits that are made before the join is answered', async () => {
    server.hold = true;
    const one = client();
    one.set('early', 1);
    await settle();
    server.release();
    await settle();
    expect(server.doc.getMap('annotations').get('early')).toBe(1);
    expect(one.provider.state).toBe('saved');
  });

  it('waits and tries again while the server is busy', async () => {
    const one = client();
    await settle();
    server.refuse = { code: 'busy', message: 'busy' };
    one.set('a', 1);
    await settle();
    expect(one.provider.state).not.toBe('saved');
    server.refuse = null;
    await settle(4000);
    expect(one.provider.state).toBe('saved');
    expect(server.doc.getMap('annotations').get('a')).toBe(1);
  });

  it('says why when the server refuses, and stops', async () => {
    const one = client();
    await settle();
    const said: string[] = [];
    one.provider.events.on('closed', (p) => said.push(p.message));
    server.refuse = { code: 'invalid', message: 'This update does not fit.' };
    one.set('a', 1);
    await settle();
    expect(one.provider.state).toBe('failed');
    expect(said).toEqual(['This update does not fit.']);
    await expect(one.provider.whenSaved(1000)).rejects.toMatchObject({ code: 'invalid' });
  });

  it('ends when the room is closed under it, and says whether everything was saved', async () => {
    const one = client();
    await settle();
    one.link.hear('room:closed', { task: 'other', problem: { code: 'gone', message: 'no' } });
    expect(one.provider.state).toBe('saved');
    one.link.hear('room:closed', { task: 'task', problem: { code: 'gone', message: 'Ben submitted this picture.' } });
    expect(one.provider.problem?.message).toBe('Ben submitted this picture.');
    expect(one.provider.state).toBe('closed');
    const two = client();
    await settle();
    server.hold = true;
    two.set('late', 1);
    two.link.hear('room:closed', { task: 'task', problem: { code: 'conflict', message: 'Too late.' } });
    expect(two.provider.state).toBe('failed');
  });

  it('resolves whenSaved after the acknowledgement, and gives up after a while offline', async () => {
    const one = client();
    await settle();
    one.set('a', 1);
    const saved = one.provider.whenSaved(5000).then(() => server.doc.getMap('annotations').get('a'));
    await settle();
    expect(await saved).toBe(1);
    one.link.cut();
    one.set('b', 1);
    const late = expect(one.provider.whenSaved(5000)).rejects.toMatchObject({ code: 'unavailable' });
    await settle(6000);
    await late;
  });

  it('shows presence to those who were there and to newcomers, and takes it back', async () => {
    const one = client();
    one.provider.awareness.setLocalState({ user: { id: 'ada', name: 'Ada' } });
    await settle();
    const two = client();
    two.provider.awareness.setLocalState({ user: { id: 'ben', name: 'Ben' } });
    await settle(500);
    expect(two.provider.awareness.getStates().get(one.doc.clientID)).toEqual({ user: { id: 'ada', name: 'Ada' } });
    expect(one.provider.awareness.getStates().get(two.doc.clientID)).toEqual({ user: { id: 'ben', name: 'Ben' } });
    two.provider.destroy();
    await settle();
    expect(one.provider.awareness.getStates().has(two.doc.clientID)).toBe(false);
  });

  it('goes on under the id that it began with when Yjs gives the document another one', async () => {
    const [one, two] = [client(), client()];
    one.provider.awareness.setLocalState({ user: 'one' });
    await settle();
    one.link.cut();
    one.set('mine', 1);
    // Somebody writes under this document's id: Yjs notices that when the page is back.
    const forged = new Y.Doc();
    forged.clientID = one.doc.clientID;
    for (const key of ['x', 'y', 'z']) forged.getMap('annotations').set(key, 1);
    Y.applyUpdate(server.doc, Y.encodeStateAsUpdate(forged));
    const before = one.doc.clientID;
    one.link.mend();
    await settle();
    expect(one.doc.clientID).not.toBe(before);
    one.provider.awareness.setLocalState({ user: 'moved' });
    one.set('later', 2);
    await settle();
    expect(one.provider.state).toBe('saved');
    expect([...two.provider.awareness.getStates().values()]).toContainEqual({ user: 'moved' });
    expect(one.provider.awareness.getLocalState()).toEqual({ user: 'moved' });
    expect(server.doc.getMap('annotations').get('later')).toBe(2);
    one.provider.destroy();
    await settle();
    expect([...two.provider.awareness.getStates().values()]).not.toContainEqual({ user: 'moved' });
  });

  it('sends nothing of a document that may only be read', async () => {
    server.readOnly = true;
    const doc = new Y.Doc();
    doc.getMap('annotations').set('kept by this browser', 1);
    const access: boolean[] = [];
    const one = client(doc);
    one.provider.events.on('access', (readOnly) => access.push(readOnly));
    await settle();
    expect([server.received.length, access]).toEqual([0, [true]]);
    // "Saved" would be a lie: this browser holds what nobody else does.
    expect([one.provider.state, one.provider.problem?.code]).toEqual(['failed', 'read_only']);
  });

  it('sends a backlog of two megabytes in pieces, and what is edited meanwhile after it', async () => {
    const one = client();
    await settle();
    one.link.cut();
    const text = 'x'.repeat(2000);
    for (let i = 0; i < 1000; i++) one.doc.getMap('annotations').set(`k${i}`, `${text}${i}`);
    one.link.mend();
    await vi.advanceTimersByTimeAsync(0);
    server.hold = true;
    one.set('later', 1);
    await settle();
    expect(one.provider.state).toBe('saving');
    expect(server.doc.getMap('annotations').has('later')).toBe(server.doc.getMap('annotations').size === 1001);
    server.release();
    await settle();
    expect(one.provider.state).toBe('saved');
    expect(server.doc.getMap('annotations').size).toBe(1001);
    expect(server.doc.store.pendingStructs).toBeNull();
  });

  it('begins a large backlog again when the connection goes in the middle of it', async () => {
    const one = client();
    await settle();
    one.link.cut();
    for (let i = 0; i < 300; i++) one.doc.getMap('annotations').set(`k${i}`, `${'y'.repeat(2000)}${i}`);
    server.hold = true;
    one.link.mend();
    await settle();
    one.link.cut();
    server.release();
    expect(one.provider.state).toBe('offline');
    one.link.mend();
    await settle(5000);
    expect(one.provider.state).toBe('saved');
    expect(server.doc.getMap('annotations').size).toBe(300);
  });

  it('converges whatever is cut, held and edited', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('edit' as const), who: fc.nat(2), key: fc.constantFrom('a', 'b', 'c'), value: fc.nat(9) }),
      fc.record({ kind: fc.constantFrom('cut' as const, 'mend' as const, 'hold' as const, 'release' as const, 'wait' as const), who: fc.nat(2) }),
    );
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      server = new MemoryServer();
      const clients = [client(), client(), client()];
      for (const s of steps) {
        if (s.kind === 'hold') server.hold = true;
        else if (s.kind === 'release') server.release();
        else if (s.kind === 'wait') await settle();
        else if (s.kind === 'edit') clients[s.who]?.set(s.key, s.value);
        else clients[s.who]?.link[s.kind]();
      }
      server.release();
      for (const c of clients) if (!c.link.connected) c.link.mend();
      await settle(10_000);
      for (const c of clients) {
        expect(c.provider.state).toBe('saved');
        expect(c.doc.getMap('annotations').toJSON()).toEqual(server.doc.getMap('annotations').toJSON());
        c.provider.destroy();
      }
    }), { numRuns: 60 });
  });
});
