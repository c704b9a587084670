/** A started app for one journey: the real server in a process of its own, with its own data directory and port. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../server/ports.ts';

const ROOT = join(import.meta.dirname, '../..');

export interface Emend {
  /** Signs the first administrator in when opened. */
  url: string;
  dataDir: string;
  output: () => string;
  /** Of the server's process. */
  pid: () => number;
  /** As Ctrl-C does. */
  stop: () => Promise<number | null>;
  /** As a crash does; the data stay. */
  kill: () => Promise<void>;
  /** Starts again on the same data and port; resolves with the new address. */
  restart: () => Promise<string>;
  /** Stops and removes everything. */
  remove: () => Promise<void>;
}

export interface EmendOptions {
  env?: Record<string, string>;
}

export async function startEmend({ env = {} }: EmendOptions = {}): Promise<Emend> {
  const dataDir = await mkdtemp(join(tmpdir(), 'emend-e2e-'));
  // As root, PostgreSQL runs under another account and must be able to enter; else its cluster would lie elsewhere and stay behind.
  await chmod(dataDir, 0o755);
  const port = await freePort();
  let output = '';
  let child: ChildProcess;
  const launch = async (): Promise<string> => {
    child = spawn(process.execPath, [join(ROOT, 'server', 'main.ts')], {
      cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, EMEND_DATA: dataDir, EMEND_PORT: String(port), EMEND_CACHE: process.env['EMEND_CACHE'] ?? join(homedir(), '.cache', 'emend'), ...env },
    });
    const ready = new Promise<string>((resolve, reject) => {
      const hear = (chunk: Buffer): void => {
        output += chunk.toString();
        const url = /ready: (http\S+)/.exec(output);
        if (url?.[1] !== undefined) resolve(url[1]);
      };
      child.stdout?.on('data', hear);
      child.stderr?.on('data', hear);
      child.once('exit', (code) => { reject(new Error(`the server ended with ${String(code)}:\n${output}`)); });
    });
    return ready;
  };
  const url = await launch();
  const stop = async (): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    await ended;
    return child.exitCode;
  };
  return {
    url, dataDir, stop, output: () => output, pid: () => child.pid ?? 0,
    async kill() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
    async restart() {
      output = '';
      return launch();
    },
    async remove() {
      await stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
