/** The built-in PostgreSQL of a started Emend, by connections of the test's own. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Emend } from '../harness/emend.ts';

const postmaster = async ({ dataDir }: Emend): Promise<string[]> => (await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n');

/** A connection; its breaking is no news. End it yourself. */
export async function connectTo(emend: Emend): Promise<pg.Client> {
  const password = (await readFile(join(emend.dataDir, 'postgres.password'), 'utf8')).trim();
  const client = new pg.Client({ connectionString: `postgresql://postgres:${password}@127.0.0.1:${(await postmaster(emend))[3]?.trim() ?? ''}/emend` });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** False when it lies where an earlier kill has left it: on a busy machine it takes a while to be started again. */
export async function killDatabase(emend: Emend): Promise<boolean> {
  const [pid] = await postmaster(emend);
  try {
    return process.kill(Number(pid), 'SIGKILL');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

export interface Held {
  /** Resolves when somebody stands in the middle of their transaction, waiting to write the table. */
  reached: () => Promise<void>;
  release: () => Promise<void>;
}

/** Who wants to write a table waits, with all that they have written before it uncommitted, until it is released: so a kill hits the middle for certain. */
export async function hold(emend: Emend, table: string): Promise<Held> {
  const [holder, watcher] = [await connectTo(emend), await connectTo(emend)];
  await holder.query('BEGIN');
  await holder.query(`LOCK TABLE "${table}" IN SHARE MODE`);
  return {
    async reached() {
      for (const deadline = Date.now() + 120_000; Date.now() < deadline; await sleep(10)) {
        const { rows } = await watcher.query<{ n: number }>('SELECT count(*)::int AS n FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE c.relname = $1 AND NOT l.granted', [table]);
        if ((rows[0]?.n ?? 0) > 0) return;
      }
      throw new Error(`nobody came to write ${table}`);
    },
    async release() {
      await Promise.all([holder, watcher].map((client) => client.end().catch(() => undefined)));
    },
  };
}
