import { describe, expect, it } from 'vitest';
import { Outbox } from './outbox.ts';

function storage(initial: Record<string, string> = {}): Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> & { data: Map<string, string> } {
  const data = new Map(Object.entries(initial));
  return { data, getItem: (k) => data.get(k) ?? null, setItem: (k, v) => void data.set(k, v), removeItem: (k) => void data.delete(k) };
}
const letter = (task: string) => ({ task, name: `${task}.png`, timeMs: 5, predictionSetId: null });

describe('the outbox', () => {
  it('keeps submits until they are taken, each task once, apart for every person and project', () => {
    const kept = storage();
    const mine = new Outbox(() => ({ user: 'ana', project: 'p1' }), kept);
    mine.put(letter('t1'));
    mine.put(letter('t2'));
    mine.put({ ...letter('t1'), timeMs: 9 });
    expect(new Outbox(() => ({ user: 'ana', project: 'p1' }), kept).list()).toEqual([letter('t2'), { ...letter('t1'), timeMs: 9 }]);
    expect(new Outbox(() => ({ user: 'bo', project: 'p1' }), kept).list()).toEqual([]);
    mine.take('t1');
    mine.take('t2');
    expect(kept.data.size).toBe(0);
  });

  it('survives what others have written there, and a storage that refuses', () => {
    for (const text of ['{', '[1]', '[{"task":"../x"}]', 'null']) expect(new Outbox(() => ({ user: 'a', project: 'p' }), storage({ 'emend:outbox:a:p': text })).list()).toEqual([]);
    const full = { ...storage(), setItem: () => { throw new DOMException('full', 'QuotaExceededError'); } };
    expect(() => new Outbox(() => ({ user: 'a', project: 'p' }), full).put(letter('t'))).not.toThrow();
  });
});
