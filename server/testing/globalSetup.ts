/** One real PostgreSQL for the whole run: EMEND_TEST_DATABASE_URL where it is set (its user must be able to create databases), else the built-in one. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startEmbedded, type EmbeddedDatabase } from '../database/embedded.ts';
import { migrate } from '../database/migrate.ts';
import { makeBoss, prepareQueues } from '../plugins/jobs/index.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Any database of the test server: the place to create others from. */
    databaseUrl: string;
    /** Migrated, with the job queues made; copied for every test file. */
    templateDatabase: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(tmpdir(), 'emend-test-'));
  // As root, PostgreSQL runs under another account, which must be able to enter.
  await chmod(dir, 0o755);
  const external = process.env['EMEND_TEST_DATABASE_URL'];
  // Nothing here has to survive a power cut.
  const embedded: EmbeddedDatabase | undefined = external ? undefined : await startEmbedded(dir, { settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } });
  const url = external ?? embedded?.url ?? '';
  const template = `emend_template_${process.pid}`;
  await makeTemplate(url, template);
  project.provide('databaseUrl', url);
  project.provide('templateDatabase', template);
  return async () => {
    await execute(url, `DROP DATABASE IF EXISTS ${template}`);
    await embedded?.stop();
    await rm(dir, { recursive: true, force: true });
  };
}

async function makeTemplate(url: string, name: string): Promise<void> {
  await execute(url, `CREATE DATABASE ${name}`);
  const own = withDatabase(url, name);
  await migrate(own);
  const boss = makeBoss(own);
  await prepareQueues(boss);
  await boss.stop({ close: true, graceful: false });
}

export async function execute(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

export function withDatabase(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}
