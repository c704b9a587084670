/** What every RoomStore must do. Run by the tests of each. */
import { expect, it } from 'vitest';
import { RoomSealed, updatesOf, type RoomStore, type StoredDoc } from './roomStore.ts';

export interface StoreUnderTest {
  store: RoomStore;
  /** A task with an empty document. */
  task: () => Promise<string>;
  seal: (taskId: string, sealed: boolean) => Promise<void>;
  userId: string;
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const snapshot = (...values: number[]) => ({ bytes: bytes(...values), owners: [{ userId: 'ann', clients: [7, 2 ** 32 - 1] }, { userId: null, clients: [8] }] });
const all = (stored: StoredDoc | undefined) => (stored ? updatesOf(stored).map((u) => [...u]) : undefined);

export function acceptsRoomStore(make: () => Promise<StoreUnderTest>): void {
  it('knows nothing of an unknown task', async () => {
    const { store } = await make();
    expect(await store.load('nobody')).toBeUndefined();
    expect(await store.facts('nobody', true)).toBeUndefined();
    await expect(store.append('nobody', [{ bytes: bytes(1), userId: null }])).rejects.toThrow(RoomSealed);
  });

  it('gives back what was appended, in order and numbered from 1', async () => {
    const { store, task, userId } = await make();
    const id = await task();
    expect(await store.load(id)).toEqual({ snapshot: null, log: [], seq: 0 });
    expect(await store.append(id, [{ bytes: bytes(1, 2), userId }, { bytes: bytes(3), userId: null }])).toBe(2);
    expect(await store.append(id, [{ bytes: bytes(0, 255), userId }])).toBe(3);
    const loaded = await store.load(id);
    expect(all(loaded)).toEqual([[1, 2], [3], [0, 255]]);
    expect(loaded?.log.map((e) => e.userId)).toEqual([userId, null, userId]);
    expect(loaded).toMatchObject({ seq: 3, snapshot: null });
  });

  it('numbers concurrent appends without gaps or doubles', async () => {
    const { store, task, userId } = await make();
    const id = await task();
    const seqs = await Promise.all(Array.from({ length: 20 }, (_, i) => store.append(id, [{ bytes: bytes(i), userId }])));
    expect(seqs.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect((await store.load(id))?.log).toHaveLength(20);
  });

  it('replaces the log by a snapshot and keeps what came later', async () => {
    const { store, task, userId } = await make();
    const id = await task();
    for (const n of [1, 2, 3]) await store.append(id, [{ bytes: bytes(n), userId }]);
    await store.compact(id, 2, snapshot(12));
    expect(all(await store.load(id))).toEqual([[12], [3]]);
    // An older snapshot that arrives late changes nothing.
    await store.compact(id, 1, { bytes: bytes(99), owners: [] });
    expect(all(await store.load(id))).toEqual([[12], [3]]);
    expect(await store.append(id, [{ bytes: bytes(4), userId }])).toBe(4);
    const loaded = await store.load(id);
    expect(loaded).toMatchObject({ seq: 4, snapshot: { owners: snapshot().owners } });
    expect(loaded?.log).toHaveLength(2);
  });

  it('takes nothing for a sealed task, and writes again when it is open', async () => {
    const { store, task, seal, userId } = await make();
    const id = await task();
    await seal(id, true);
    await expect(store.append(id, [{ bytes: bytes(1), userId }])).rejects.toThrow(RoomSealed);
    expect(await store.load(id)).toEqual({ snapshot: null, log: [], seq: 0 });
    await seal(id, false);
    expect(await store.append(id, [{ bytes: bytes(1), userId }])).toBe(1);
  });
}
