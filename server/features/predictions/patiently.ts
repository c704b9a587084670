import { setTimeout as sleep } from 'node:timers/promises';
import { EmendError } from '#core/errors.ts';

/** A full queue is no failure of the job: it waits for its turn. */
export async function patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof EmendError) || error.code !== 'busy') throw error;
      await sleep(250, undefined, { signal });
    }
  }
}
