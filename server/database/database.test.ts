import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { execute, withDatabase } from '../testing/globalSetup.ts';
import { connect } from './connect.ts';
import { startEmbedded } from './embedded.ts';
import { migrate, readMigrations } from './migrate.ts';
import { schemaDiff } from './schemaDiff.ts';

const server = inject('databaseUrl');
const made: string[] = [];
async function database(): Promise<string> {
  const name = `emend_migrate_${process.pid}_${made.length}`;
  made.push(name);
  await execute(server, `CREATE DATABASE ${name}`);
  return withDatabase(server, name);
}
afterAll(async () => { for (const name of made) await execute(server, `DROP DATABASE ${name} WITH (FORCE)`); });

async function columns(url: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(`SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '_prisma_migrations' ORDER BY 1, 2`);
  const indexes = await client.query(`SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> '_prisma_migrations' ORDER BY 1`);
  await client.end();
  return [...rows, ...indexes.rows];
}

describe('migrations', () => {
  it('make exactly the schema of prisma/schema.prisma', async () => {
    const [migrated, fresh] = [await database(), await database()];
    await migrate(migrated);
    await execute(fresh, await schemaDiff(fresh));
    expect(await columns(migrated)).toEqual(await columns(fresh));
  });

  it('are applied once, also when several servers start together', async () => {
    const url = await database();
    const names = (await readMigrations()).map((m) => m.name);
    const applied = await Promise.all([1, 2, 3].map(() => migrate(url)));
    expect(applied.flat()).toEqual(names);
    expect(await migrate(url)).toEqual([]);
  });

  it('refuse a database of a newer version, an edited history, and undo a failure', async () => {
    const url = await database();
    const known = await readMigrations();
    await migrate(url);
    await expect(migrate(url, [])).rejects.toThrow(/newer Emend/);
    await expect(migrate(url, known.map((m) => ({ ...m, checksum: 'other' })))).rejects.toThrow(/differs/);
    await expect(migrate(url, [...known, { name: '9999_broken', sql: 'CREATE TABLE half (id int); SELECT nonsense;', checksum: 'x' }])).rejects.toThrow(/rolled back/);
    expect(JSON.stringify(await columns(url))).not.toContain('half');
  });

  it('name a database that cannot be used in one sentence, without the password', async () => {
    const wrong = 'postgresql://me:hidden@127.0.0.1:1/emend';
    for (const use of [migrate, connect]) {
      const error = await use(wrong).then(() => new Error('connected'), (e: unknown) => (e instanceof Error ? e : new Error(String(e))));
      expect(error.message).toContain('127.0.0.1:1 cannot be used: nothing listens there');
      expect(error.message).not.toContain('hidden');
    }
  });
});

/** Started by another process, which can be killed. */
async function startedElsewhere(dir: string): Promise<{ url: string; kill: () => Promise<void> }> {
  const script = `import { startEmbedded } from ${JSON.stringify(join(import.meta.dirname, 'embedded.ts'))}; console.log((await startEmbedded(process.argv[1])).url); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [url] = await once(child.stdout, 'data');
  return { url: String(url).trim(), kill: async () => { const ended = once(child, 'exit'); child.kill('SIGKILL'); await ended; } };
}

describe('the built-in PostgreSQL', () => {
  it('is started again at the same address when it dies under the server', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'emend-embedded-'));
    await chmod(dir, 0o755);
    const told: string[] = [];
    const database = await startEmbedded(dir, { onTrouble: (what) => { told.push(what); } });
    try {
      await execute(database.url, 'CREATE TABLE kept (id int)');
      for (let n = 1; n <= 2; n++) {
        process.kill(Number((await readFile(join(dir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]), 'SIGKILL');
        await expect.poll(() => told.filter((what) => what.endsWith('runs again')).length, { timeout: 30_000 }).toBe(n);
        await execute(database.url, 'SELECT * FROM kept');
      }
    } finally {
      await database.stop();
      await rm(dir, { recursive: true, force: true });
    }
    await expect(execute(database.url, 'SELECT 1')).rejects.toThrow();
  });

  it('starts, refuses a second owner, is taken over after its owner has died, and stops', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'emend-embedded-'));
    await chmod(dir, 0o755);
    try {
      const first = await startedElsewhere(dir);
      expect((await stat(join(dir, 'postgres.password'))).mode & 0o777).toBe(0o600);
      await execute(first.url, 'CREATE TABLE kept (id int)');
      await expect(startEmbedded(dir)).rejects.toThrow(/already runs/);
      // The owner dies, the postmaster lives on.
      await first.kill();
      const second = await startEmbedded(dir);
      expect(second.url).toBe(first.url);
      await execute(second.url, 'SELECT * FROM kept');
      await second.stop();
      await expect(execute(second.url, 'SELECT 1')).rejects.toThrow();
      // The system may have given the number of a dead postmaster to another program: this one.
      const cluster = join(dir, 'postgres');
      await writeFile(join(cluster, 'postmaster.pid'), `${process.pid}\n${cluster}\n1\n54321\n`);
      const third = await startEmbedded(dir);
      await third.stop();
      expect(await readFile(join(dir, 'postgres.password'), 'utf8')).not.toBe('');
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});
