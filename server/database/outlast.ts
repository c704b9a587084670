import { setTimeout as sleep } from 'node:timers/promises';
import { isOutage } from './outage.ts';

/** A database that is away is asked again this often, and for this long: PostgreSQL's crash recovery takes seconds, an upgrade minutes. Milliseconds. */
const EVERY_MS = 500;
const MOST_MS = 10 * 60_000;

/** Does `work`, which may be done twice, again until the database is back. @throws what `work` throws for another reason, or after ten minutes. */
export async function outlast<T>(work: () => Promise<T>, mostMs = MOST_MS): Promise<T> {
  for (const deadline = Date.now() + mostMs; ; await sleep(EVERY_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!isOutage(error) || Date.now() > deadline) throw error;
    }
  }
}
