/**
 * Applies prisma/migrations/<name>/migration.sql in the order of their names and records them in `_prisma_migrations`, in Prisma's own
 * format, so that Prisma's tools see the same history. Needs no engine and no network.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { EmendError } from '#core/errors.ts';

export const MIGRATIONS_DIR = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));
/** Prisma's own key for "somebody migrates this database". */
const MIGRATION_LOCK = 72_707_369;

const TABLE = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ, migration_name VARCHAR(255) NOT NULL,
  logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)`;

export interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

export async function readMigrations(dir: string = MIGRATIONS_DIR): Promise<Migration[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  const names = entries.filter((e) => e.isDirectory()).map((e) => e.name).toSorted();
  return Promise.all(names.map(async (name) => {
    const sql = await readFile(join(dir, name, 'migration.sql'), 'utf8');
    return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
  }));
}

/**
 * Brings the database to this code's schema; each migration in a transaction of its own. Several nodes may start at once: one migrates,
 * the others wait. Returns the names that were applied now.
 * @throws EmendError `unavailable` when the database cannot be reached; `conflict` when its schema is newer or was changed by hand.
 */
export async function migrate(url: string, migrations?: readonly Migration[]): Promise<string[]> {
  const known = migrations ?? await readMigrations();
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  await client.connect().catch((error: unknown) => { throw unreachable(url, error); });
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await client.query(TABLE);
    const applied = await readApplied(client);
    checkHistory(known, applied);
    const pending = known.filter((m) => !applied.has(m.name));
    for (const migration of pending) await apply(client, migration);
    return pending.map((m) => m.name);
  } finally {
    await client.end();
  }
}

async function readApplied(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ migration_name: string; checksum: string }>(
    'SELECT migration_name, checksum FROM "_prisma_migrations" WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  );
  return new Map(rows.map((r) => [r.migration_name, r.checksum]));
}

function checkHistory(known: readonly Migration[], applied: ReadonlyMap<string, string>): void {
  const unknown = [...applied.keys()].filter((name) => !known.some((m) => m.name === name));
  if (unknown.length) {
    throw new EmendError('conflict', `The database was made by a newer Emend (it has the migration "${unknown.toSorted().at(-1)}"). Nothing was changed; start that newer version, or use another database.`);
  }
  const edited = known.find((m) => applied.has(m.name) && applied.get(m.name) !== m.checksum);
  if (edited) throw new EmendError('conflict', `The migration "${edited.name}" differs from the one that made this database. Nothing was changed; restore the file from the release that you use.`);
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  try {
    await client.query('BEGIN');
    await client.query(migration.sql);
    await client.query(
      'INSERT INTO "_prisma_migrations" (id, checksum, finished_at, migration_name, applied_steps_count) VALUES ($1, $2, now(), $3, 1)',
      [randomUUID(), migration.checksum, migration.name],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw new EmendError('failed', `The migration "${migration.name}" could not be applied and was rolled back: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** One sentence for a database that cannot be used; names host and database, never the password. */
export function unreachable(url: string, error: unknown): EmendError {
  const { hostname, port, pathname } = new URL(url);
  const why = error instanceof Error ? reason(error) : String(error);
  return new EmendError('unavailable', `The database "${pathname.slice(1)}" at ${hostname}:${port || '5432'} cannot be used: ${why}. Check DATABASE_URL and that PostgreSQL runs, then start again.`);
}

function reason(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  const known: Record<string, string> = {
    ECONNREFUSED: 'nothing listens there', ENOTFOUND: 'there is no such host', ETIMEDOUT: 'it does not answer',
    '28P01': 'it refuses the user or the password', '28000': 'it refuses the user', '3D000': 'it has no such database',
  };
  return known[code] ?? (error.message.includes('timeout') ? 'it does not answer' : error.message || code);
}
