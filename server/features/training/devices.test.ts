import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Devices, type Lease } from './devices.ts';

const never = new AbortController().signal;
const ask = (devices: Devices, wanted: string, gpus: number, who = wanted, signal = never, onWait: (holders: string) => void = () => undefined): Promise<Lease> => devices.acquire({ wanted, gpus, who, signal, onWait });
/** A turn of the event loop: enough for every promise that can go on. */
const turn = (): Promise<void> => new Promise((done) => { setImmediate(done); });

describe('devices', () => {
  it('hold one run each: GPUs side by side, the CPU where there is none', async () => {
    const devices = new Devices();
    expect((await ask(devices, 'auto', 2)).device).toBe('0');
    expect((await ask(devices, 'auto', 2)).device).toBe('1');
    expect((await ask(devices, 'cpu', 2)).device).toBe('cpu');
    expect((await ask(new Devices(), 'auto', 0)).device).toBe('cpu');
    await expect(ask(devices, '0,5', 2)).rejects.toMatchObject({ code: 'invalid' });
    await expect(ask(devices, '0', 0)).rejects.toMatchObject({ code: 'invalid' });
  });

  it('are waited for in turn; who waits is told for whom, and may give up', async () => {
    const devices = new Devices();
    const first = await ask(devices, 'auto', 0, 'run 1');
    const told: string[] = [];
    const abort = new AbortController();
    const second = ask(devices, 'auto', 0, 'run 2', abort.signal, (holders) => told.push(holders));
    const third = ask(devices, 'cpu', 0, 'run 3', never, (holders) => told.push(holders));
    expect(told).toEqual(['run 1', 'run 1']);
    abort.abort('cancelled');
    await expect(second).rejects.toThrow();
    first.release();
    first.release();
    expect((await third).device).toBe('cpu');
  });

  it('are not overtaken by a smaller wish', async () => {
    const devices = new Devices();
    const one = await ask(devices, '0', 2);
    const both = ask(devices, '0,1', 2);
    let later: string | null = null;
    void ask(devices, '1', 2).then((lease) => { later = lease.device; });
    await turn();
    expect(later, 'number 1 is free, but kept for the run that waits for both').toBeNull();
    one.release();
    expect((await both).device).toBe('0,1');
  });

  it('are never given twice, and everybody gets their turn', async () => {
    const wish = fc.constantFrom('auto', 'cpu', '0', '1', '2', '0,1', '1,2', '0,1,2');
    await fc.assert(fc.asyncProperty(fc.array(wish, { maxLength: 12 }), fc.infiniteStream(fc.nat(20)), async (wishes, order) => {
      const devices = new Devices();
      const held: Lease[] = [];
      let served = 0;
      for (const [i, wanted] of wishes.entries()) void ask(devices, wanted, 3, `run ${i}`).then((lease) => { held.push(lease); served++; });
      for (let steps = 0; served < wishes.length || held.length > 0; steps++) {
        await turn();
        const names = held.flatMap((lease) => lease.device.split(','));
        expect(new Set(names).size, 'no device has two').toBe(names.length);
        const [gone] = held.splice(order.next().value % Math.max(1, held.length), 1);
        gone?.release();
        expect(steps, 'nobody waits for ever').toBeLessThan(100);
      }
    }), { numRuns: 60 });
  });
});
