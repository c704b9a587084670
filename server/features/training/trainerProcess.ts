/** One trainer process: started with a RunSpec, heard on file descriptor 3, stopped in seconds, and never left behind. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Value } from 'typebox/value';
import { EmendError } from '#core/errors.ts';
import { TrainerEvent } from '#core/training/events.ts';
import type { RunSpec } from '#core/training/runSpec.ts';
import { toolEnvironment } from './python.ts';

const SCRIPT = fileURLToPath(new URL('../../../workers/trainer/train.py', import.meta.url));
/** After SIGTERM the trainer ends at its next batch; after this it is killed. */
const GRACE_MS = 10_000;

/** Specification, checkpoints and log of one run. */
export function runDirectory(dataDir: string, runId: string): string {
  return join(dataDir, 'runs', runId);
}

export interface TrainerOptions {
  python: string;
  spec: RunSpec;
  onEvent: (event: TrainerEvent) => void;
  onLog: (line: string) => void;
  signal: AbortSignal;
}

/** Resolves when the process has ended and all its lines were heard; throws EmendError where it failed. */
export async function runTrainer({ python, spec, onEvent, onLog, signal }: TrainerOptions): Promise<void> {
  await mkdir(spec.out, { recursive: true });
  const specFile = join(spec.out, 'run.json');
  await writeFile(specFile, JSON.stringify(spec, null, 2));
  const child = spawn(python, ['-u', SCRIPT, specFile], {
    cwd: spec.out, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'pipe'], env: toolEnvironment({ PYTHONDONTWRITEBYTECODE: '1' }),
  });
  if (child.pid !== undefined) await writeFile(join(spec.out, 'trainer.pid'), String(child.pid));
  const stop = stopper(child);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    await listen(child, onEvent, onLog);
  } finally {
    signal.removeEventListener('abort', stop);
    killGroup(child.pid, 'SIGKILL');
    await rm(join(spec.out, 'trainer.pid'), { force: true });
  }
}

async function listen(child: ChildProcess, onEvent: (event: TrainerEvent) => void, onLog: (line: string) => void): Promise<void> {
  let failure: EmendError | undefined;
  let ended = false;
  for (const stream of [child.stdout, child.stderr]) if (stream) readLog(stream, onLog);
  const events = child.stdio[3];
  if (!events || !('read' in events)) throw new EmendError('failed', 'The trainer could not be listened to. Start the run again.');
  createInterface({ input: events }).on('line', (line) => {
    const event = parseEvent(line);
    if (event?.type === 'error') failure = new EmendError('failed', event.message);
    if (event?.type === 'done' || event?.type === 'cancelled') ended = true;
    if (event) onEvent(event);
    else {
      failure ??= new EmendError('failed', 'The trainer reported something that this version does not understand. Delete its environment (trainer-… in the data directory) and start the run again.', line.slice(0, 300));
      killGroup(child.pid, 'SIGKILL'); // nothing that follows could be trusted
    }
  });
  const spawned = new Promise<never>((_, fail) => child.once('error', (error) => { fail(new EmendError('unavailable', 'The trainer could not be started.', error.message)); }));
  const [code, by] = await Promise.race([once(child, 'close'), spawned]);
  if (failure) throw failure;
  if (!ended) throw new EmendError('failed', by === null ? `The trainer ended without a result (exit code ${String(code)}). The log says more.` : `The trainer was killed (${String(by)}), often because memory ran out. Try a smaller batch or image size.`);
}

/** Progress bars redraw their line with a carriage return; the log keeps the last state of each. */
function readLog(stream: Readable, onLog: (line: string) => void): void {
  // eslint would call the escape a mistake: it is the terminal's own control sequence.
  const ansi = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*[A-Za-z]`, 'g');
  createInterface({ input: stream }).on('line', (line) => {
    const text = (line.split('\r').findLast((part) => part.trim() !== '') ?? '').replace(ansi, '').trimEnd();
    if (text !== '') onLog(text.slice(0, 1000));
  });
}

function parseEvent(line: string): TrainerEvent | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return Value.Check(TrainerEvent, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function stopper(child: ChildProcess): () => void {
  return () => {
    killGroup(child.pid, 'SIGTERM');
    setTimeout(() => { killGroup(child.pid, 'SIGKILL'); }, GRACE_MS).unref();
  };
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended already.
  }
}

/** Ends the trainer that a killed server left behind in `out`, if it is one: a process number alone proves nothing. */
export async function killOrphan(out: string): Promise<void> {
  const pid = Number(await readFile(join(out, 'trainer.pid'), 'utf8').catch(() => ''));
  if (!pid) return;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (command.includes(out)) killGroup(pid, 'SIGKILL');
  await rm(join(out, 'trainer.pid'), { force: true });
}
