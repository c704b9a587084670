import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Gate } from './gate.ts';

describe('Gate', () => {
  it('never lets more pass than its width, runs everything in order, and ends empty', async () => {
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.scheduler(), fc.integer({ min: 0, max: 20 }), async (width, scheduler, count) => {
      const gate = new Gate(width, 100);
      let inside = 0;
      const started: number[] = [];
      const all = Array.from({ length: count }, (_, i) => gate.pass(async () => {
        started.push(i);
        inside += 1;
        expect(inside).toBeLessThanOrEqual(width);
        await scheduler.schedule(Promise.resolve());
        inside -= 1;
      }));
      await scheduler.waitFor(Promise.all(all));
      expect(started).toEqual(Array.from({ length: count }, (_, i) => i));
      expect([gate.running, gate.queued]).toEqual([0, 0]);
    }));
  });

  it('what waits can be taken back; what runs goes on', async () => {
    const gate = new Gate(1, 2);
    const abort = new AbortController();
    let end = (): void => undefined;
    const first = gate.pass(() => new Promise<string>((resolve) => { end = () => { resolve('done'); }; }), abort.signal);
    const second = gate.pass(() => Promise.resolve('never'), abort.signal);
    const third = gate.pass(() => Promise.resolve('third'));
    expect(gate.full).toBe(true);
    abort.abort();
    await expect(second).rejects.toThrow();
    end();
    expect(await Promise.all([first, third])).toEqual(['done', 'third']);
    expect([gate.running, gate.queued]).toEqual([0, 0]);
  });

  it('failing work gives its place back', async () => {
    const gate = new Gate(1, 1);
    await expect(gate.pass(() => Promise.reject(new Error('x')))).rejects.toThrow('x');
    expect(await gate.pass(() => Promise.resolve(1))).toBe(1);
  });

  it('lets who is hurried go before all that wait, once, and forgets who has begun', async () => {
    const gate = new Gate(1, 10);
    const order: string[] = [];
    const tickets = { a: {}, b: {}, c: {} };
    const first = Promise.withResolvers<undefined>();
    const all = [gate.pass(() => first.promise), ...Object.entries(tickets).map(([name, ticket]) => gate.pass(async () => { order.push(name); await Promise.resolve(); }, undefined, ticket))];
    gate.hurry(tickets.b);
    gate.hurry(tickets.c);
    gate.hurry({});
    first.resolve(undefined);
    await Promise.all(all);
    gate.hurry(tickets.a);
    expect(order).toEqual(['c', 'b', 'a']);
    expect([gate.running, gate.queued]).toEqual([0, 0]);
  });
});
