/** Finding a Python and running programs of the trainer's environment. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Outcome {
  code: number | null;
  /** The last lines of both streams. */
  tail: string;
}

/** Only what tools need to find their files and the network: never the server's own settings or secrets. */
export function toolEnvironment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const passed = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TMPDIR', 'TEMP', 'SYSTEMROOT', 'LD_LIBRARY_PATH', 'CUDA_VISIBLE_DEVICES', 'CUDA_HOME',
    'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE'];
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => passed.includes(name) || /^(UV|PIP|OMP)_/.test(name)));
  return { ...own, ...extra };
}

/** Runs a program to its end; each line of its output is handed over. Aborting kills it. */
export async function run(command: string, args: readonly string[], options: { onLine?: (line: string) => void; signal?: AbortSignal | undefined; env?: Record<string, string> } = {}): Promise<Outcome> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: toolEnvironment(options.env), ...(options.signal ? { signal: options.signal } : {}) });
  const tail: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      tail.push(line);
      if (tail.length > 30) tail.shift();
      options.onLine?.(line);
    });
  }
  const failure = new Promise<Outcome>((done) => child.once('error', (error) => { done({ code: null, tail: error.message }); }));
  return Promise.race([once(child, 'close').then(([code]): Outcome => ({ code: typeof code === 'number' ? code : null, tail: tail.join('\n') })), failure]);
}

/** The first Python ≥ 3.10 on the PATH, or nothing. */
export async function findPython(): Promise<{ command: string; version: string } | undefined> {
  for (const command of ['python3', 'python', 'python3.13', 'python3.12', 'python3.11', 'python3.10']) {
    const { code, tail } = await run(command, ['-c', 'import sys; print("%d.%d.%d" % sys.version_info[:3])']);
    const match = /^(\d+)\.(\d+)\.\d+$/m.exec(tail);
    if (code === 0 && match && Number(match[1]) === 3 && Number(match[2]) >= 10) return { command, version: match[0] };
  }
  return undefined;
}
