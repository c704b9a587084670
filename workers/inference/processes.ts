import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Reply, RequestName, Requests, WorkerSettings } from './messages.ts';

const ENTRY = fileURLToPath(new URL('./process.ts', import.meta.url));
/** Megabytes of JavaScript heap. */
const HEAP_MB = 2048;
/** What a process that runs strangers' models is not told. */
const SECRETS = /^(DATABASE_URL|REDIS_URL|EMEND_|S3_|AWS_|PG)/;
/** Characters of its last words that are kept for the log. */
const LAST_WORDS = 2000;

/**
 * Processes that answer requests, each one at a time. Slower to start than threads, but they can be ended at any moment: a thread that is inside
 * native code goes on for as long as that likes, and takes the server with it when that crashes.
 */
export class Processes {
  readonly #program: URL;
  readonly #settings: WorkerSettings;
  readonly #all = new Set<ChildProcess>();
  readonly #idle: ChildProcess[] = [];

  constructor(program: URL, settings: WorkerSettings) {
    this.#program = program;
    this.#settings = settings;
  }

  /** `signal` ends the process that is at work on it. Rejects when the process is gone, for this or any other reason. */
  async run<N extends RequestName>(message: Requests[N]['in'], { name, signal }: { name: N; signal: AbortSignal }): Promise<Reply<N>> {
    signal.throwIfAborted();
    const child = this.#idle.pop() ?? this.#start();
    const kill = (): void => { child.kill('SIGKILL'); };
    signal.addEventListener('abort', kill, { once: true });
    try {
      const answer = answerOf<N>(child);
      child.send({ name, message });
      const reply = await answer;
      this.#idle.push(child);
      return reply;
    } finally {
      signal.removeEventListener('abort', kill);
    }
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#all].map((child) => new Promise<void>((resolve) => {
      child.once('exit', () => { resolve(); });
      child.kill('SIGKILL');
    })));
  }

  #start(): ChildProcess {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !SECRETS.test(name)));
    const child = fork(ENTRY, [this.#program.href, JSON.stringify(this.#settings)], {
      env, execArgv: [`--max-old-space-size=${HEAP_MB}`, '--disable-warning=ExperimentalWarning'], serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#all.add(child);
    child.once('exit', () => {
      this.#all.delete(child);
      const at = this.#idle.indexOf(child);
      if (at >= 0) this.#idle.splice(at, 1);
    });
    child.on('error', () => undefined); // its end is what counts, and whoever waits hears of that
    return child;
  }
}

function answerOf<N extends RequestName>(child: ChildProcess): Promise<Reply<N>> {
  return new Promise((resolve, reject) => {
    let words = '';
    const hear = (chunk: Buffer): void => { words = `${words}${chunk.toString()}`.slice(-LAST_WORDS); };
    const done = (): void => {
      child.off('message', answered).off('exit', died);
      child.stderr?.off('data', hear);
    };
    // Only process.ts is at the other end, which sends nothing else.
    const answered = (reply: Reply<N>): void => { done(); resolve(reply); };
    const died = (code: number | null, by: string | null): void => { done(); reject(new Error(`the process ended (${by ?? `exit code ${String(code)}`}) ${words.trim()}`)); };
    child.on('message', answered).once('exit', died);
    child.stderr?.on('data', hear);
  });
}
