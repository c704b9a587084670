/** The server that is played on: a process of its own on one snapshot, asked as its one administrator. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Static, TSchema } from 'typebox';
import { startEmend, type Emend } from '../../e2e/harness/emend.ts';
import { ask, call, signIn, type Person } from '../../e2e/live/stage.ts';

/** Ticks of /proc in a second. */
const TICKS = 100;

export class Host {
  readonly origin: string;
  readonly person: Person;
  readonly #emend: Emend;

  private constructor(emend: Emend, person: Person) {
    this.#emend = emend;
    this.origin = new URL(emend.url).origin;
    this.person = person;
  }

  /** `person`: signed in before on the state that the database was copied from; null = the first start. One thread for everything that calculates, so that times can be compared. */
  static async start(dataDir: string, databaseUrl: string, person: Person | null): Promise<Host> {
    const emend = await startEmend({ env: { EMEND_DATA: dataDir, DATABASE_URL: databaseUrl, EMEND_DEMO: '0', OMP_NUM_THREADS: process.env['OMP_NUM_THREADS'] ?? '1' } });
    return new Host(emend, person ?? { name: 'admin', cookie: await signIn(emend.url) });
  }

  ask<T extends TSchema>(schema: T, method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<Static<T>> {
    return ask(this.origin, this.person, schema, method, path, body);
  }

  call(method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<unknown> {
    return call(this.origin, this.person, method, path, body);
  }

  /** Processor time of all ended child processes (the trainer) so far, in seconds; 0 where there is no /proc. */
  async childSeconds(): Promise<number> {
    const stat = await readFile(`/proc/${this.#emend.pid()}/stat`, 'utf8').catch(() => '');
    // After the name in brackets: state is field 3, cutime 16, cstime 17.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[13] ?? 0) + Number(fields[14] ?? 0)) / TICKS;
  }

  stop(): Promise<void> {
    return this.#emend.remove();
  }
}

export async function until(done: () => Promise<boolean>, every = 300): Promise<void> {
  while (!(await done())) await sleep(every);
}
