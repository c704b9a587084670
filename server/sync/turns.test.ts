import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Turns } from './turns.ts';

const idle = (): Promise<void> => new Promise((done) => { setImmediate(done); });

it('lets owners alternate and keeps the order of each', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.nat(3), { maxLength: 60 }), async (owners) => {
    const turns = new Turns();
    const rows = [{}, {}, {}, {}];
    const ran: [owner: number, n: number][] = [];
    owners.forEach((owner, n) => { turns.add(rows[owner] ?? {}, () => ran.push([owner, n])); });
    expect(ran, 'nothing runs at once').toEqual([]);
    while (ran.length < owners.length) await idle();
    for (const owner of [0, 1, 2, 3]) expect(ran.filter(([o]) => o === owner).map(([, n]) => n)).toEqual(owners.flatMap((o, n) => (o === owner ? [n] : [])));
    // Whoever has little to say is done after as many rounds, however much the others have.
    const counts = [0, 1, 2, 3].map((owner) => owners.filter((o) => o === owner).length);
    for (const [owner, count] of counts.entries()) {
      const last = ran.findLastIndex(([o]) => o === owner);
      expect(last + 1).toBeLessThanOrEqual(counts.reduce((sum, other) => sum + Math.min(other, count), 0));
    }
  }));
});

it('lets timers and sockets in between, and forgets who has gone', async () => {
  const turns = new Turns();
  const [flooder, other] = [{}, {}];
  let ran = 0;
  for (let i = 0; i < 1000; i++) turns.add(flooder, () => { ran += 1; });
  let heard = -1;
  turns.add(other, () => { heard = ran; });
  await idle();
  await idle();
  await idle();
  expect(heard).toBeGreaterThanOrEqual(0);
  expect(heard).toBeLessThan(5);
  turns.drop(flooder);
  const before = ran;
  await idle();
  await idle();
  expect(ran).toBe(before);
});

it('is waited for by work that goes on with many others at the same moment', async () => {
  const turns = new Turns();
  const owner = {};
  const order: number[] = [];
  const works = Array.from({ length: 5 }, async (_, n) => {
    await turns.take(owner);
    order.push(n);
  });
  await idle();
  await idle();
  expect(order.length, 'one for each turn of the event loop').toBeLessThan(4);
  await Promise.all(works);
  expect(order).toEqual([0, 1, 2, 3, 4]);
});
