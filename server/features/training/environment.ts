/**
 * The trainer's own Python environment: made on first use, from locked requirements, by `uv` (the one on the PATH, else one that pip puts into the new
 * environment). Its directory carries the hash of the requirements, so that an upgrade makes a new one and a half-made one is never used.
 */
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EmendError } from '#core/errors.ts';
import { findPython, run } from './python.ts';

const REQUIREMENTS = fileURLToPath(new URL('../../../workers/trainer/requirements.txt', import.meta.url));
const PROBE = 'import json, platform, torch, ultralytics; print("PROBE " + json.dumps({"ultralytics": ultralytics.__version__, "torch": torch.__version__, '
  + '"python": platform.python_version(), "gpus": torch.cuda.device_count() if torch.cuda.is_available() else 0, "device": torch.cuda.get_device_name(0) if torch.cuda.is_available() else "cpu"}))';

export interface Versions {
  ultralytics: string;
  torch: string;
  python: string;
  /** Name of the first GPU, or "cpu". */
  device: string;
  /** GPUs that PyTorch can use. */
  gpus: number;
}

export interface TrainerEnvironment {
  /** The interpreter to run the trainer with. */
  python: string;
  versions: Versions;
}

export interface EnvironmentOptions {
  dataDir: string;
  /** Words for the screen, and a share 0..1 where it is known. */
  onProgress?: (message: string, share: number | null) => void;
  signal?: AbortSignal;
}

/** EMEND_CACHE lets several data directories (tests, containers) share one environment. */
async function directory(dataDir: string): Promise<string> {
  const hash = createHash('sha256').update(await readFile(REQUIREMENTS)).digest('hex').slice(0, 12);
  return join(process.env['EMEND_CACHE'] || dataDir, `trainer-${hash}`);
}

const interpreter = (dir: string): string => (process.platform === 'win32' ? join(dir, 'Scripts', 'python.exe') : join(dir, 'bin', 'python'));

/** What is there already, without making anything. EMEND_TRAINER_PYTHON names a ready interpreter. */
export async function presentEnvironment(dataDir: string): Promise<TrainerEnvironment | undefined> {
  const given = process.env['EMEND_TRAINER_PYTHON'];
  if (given) return { python: given, versions: await probe(given) };
  const dir = await directory(dataDir);
  try {
    const versions = parseVersions(await readFile(join(dir, 'ready.json'), 'utf8'));
    await access(interpreter(dir));
    return versions && { python: interpreter(dir), versions };
  } catch {
    return undefined;
  }
}

const making = new Map<string, Promise<TrainerEnvironment>>();

/** The environment, made if it is not there. Two callers at once wait for one making. Throws EmendError with what to do. */
export async function ensureEnvironment(options: EnvironmentOptions): Promise<TrainerEnvironment> {
  const present = await presentEnvironment(options.dataDir);
  if (present) return present;
  const dir = await directory(options.dataDir);
  const running = making.get(dir) ?? make(dir, options).finally(() => making.delete(dir));
  making.set(dir, running);
  return running;
}

async function make(dir: string, { onProgress, signal }: EnvironmentOptions): Promise<TrainerEnvironment> {
  const say = onProgress ?? (() => undefined);
  const python = await findPython();
  if (!python) throw new EmendError('unavailable', 'Training needs Python 3.10 or newer, and none is on the PATH. Install Python (with its venv module) and start the run again; correcting works without it.');
  // Made beside and moved into place: another process that makes the same one (a shared EMEND_CACHE) is not disturbed. Python finds its packages
  // relative to the interpreter, so a moved environment works; only its console scripts, which nothing here calls, would not.
  const part = `${dir}.part-${process.pid}`;
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true });
  try {
    say('Making a Python environment for the trainer', null);
    const uv = await findUv(python.command, part, signal, say);
    await install(uv, interpreter(part), say, signal);
    say('Checking the trainer’s packages', null);
    const versions = await probe(interpreter(part));
    await writeFile(join(part, 'ready.json'), JSON.stringify(versions));
    await moveInto(part, dir);
    return { python: interpreter(dir), versions };
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    if (signal?.aborted) throw new EmendError('gone', 'Making the trainer’s environment was cancelled. The next run begins it again.');
    throw error;
  }
}

/** A half-made environment of an older start gives way; a finished one, made by another process meanwhile, stays. */
async function moveInto(part: string, dir: string): Promise<void> {
  const finished = await access(join(dir, 'ready.json')).then(() => true, () => false);
  if (finished) return rm(part, { recursive: true, force: true });
  await rm(dir, { recursive: true, force: true });
  await rename(part, dir);
}

/** The uv to install with; the virtual environment at `dir` is made either way. */
async function findUv(python: string, dir: string, signal: AbortSignal | undefined, say: (message: string, share: null) => void): Promise<string> {
  const onPath = await run('uv', ['--version'], { signal });
  if (onPath.code === 0) {
    await must(run('uv', ['venv', '--quiet', '--python', python, '--clear', dir], { signal }), 'The trainer’s Python environment could not be made');
    return 'uv';
  }
  await must(run(python, ['-m', 'venv', dir], { signal }), 'The trainer’s Python environment could not be made. On Debian and Ubuntu, install the package python3-venv');
  say('Fetching the installer', null);
  await must(run(interpreter(dir), ['-m', 'pip', 'install', '--quiet', 'uv'], { signal }), 'The installer (uv) could not be fetched. Check the connection to the Python package index');
  return process.platform === 'win32' ? join(dir, 'Scripts', 'uv.exe') : join(dir, 'bin', 'uv');
}

async function install(uv: string, python: string, say: (message: string, share: number | null) => void, signal: AbortSignal | undefined): Promise<void> {
  say('Downloading PyTorch and Ultralytics (about 3 GB, once)', null);
  const installing = run(uv, ['pip', 'install', '--python', python, '--require-hashes', '-r', REQUIREMENTS], {
    signal,
    env: { UV_LINK_MODE: 'copy', UV_NO_PROGRESS: '1' },
    onLine: (line) => { say(describe(line), null); },
  });
  await must(installing, 'The trainer’s packages could not be installed. Check the connection to the Python package index and the free disk space (6 GB)');
}

/** uv's lines ("Downloading torch (869.2MiB)", "Prepared 97 packages in 12s") as words for the screen. */
export function describe(line: string): string {
  const download = /^\s*Downloading (\S+) \(([^)]+)\)/.exec(line);
  if (download) return `Downloading ${download[1] ?? ''} (${(download[2] ?? '').replace('iB', 'B').replace(/([\d.]+)/, '$1 ')}), of about 3 GB in all`;
  if (/^\s*(Resolved|Prepared|Downloaded|Building)/.test(line)) return line.trim();
  if (/^\s*Installed/.test(line)) return line.trim();
  return 'Installing the trainer’s packages';
}

async function must(outcome: ReturnType<typeof run>, sentence: string): Promise<void> {
  const { code, tail } = await outcome;
  if (code !== 0) throw new EmendError('unavailable', `${sentence}. Then start the run again.`, tail.split('\n').slice(-6).join('\n').slice(0, 1500));
}

async function probe(python: string): Promise<Versions> {
  const { code, tail } = await run(python, ['-c', PROBE], { env: { YOLO_OFFLINE: 'true', YOLO_AUTOINSTALL: 'false' } });
  const versions = parseVersions(/^PROBE (.*)$/m.exec(tail)?.[1] ?? '');
  if (code === 0 && versions) return versions;
  throw new EmendError('unavailable', 'The trainer’s packages are installed but cannot be loaded. Delete the folder trainer-… in the data directory and start the run again.', tail.slice(-1500));
}

function parseVersions(text: string): Versions | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const field = (name: string): string => String(Reflect.get(value, name) ?? '');
    const device = field('device');
    // Environments that were made before GPUs were counted say only whether there is one.
    const gpus = Number(Reflect.get(value, 'gpus') ?? (device === 'cpu' ? 0 : 1));
    return { ultralytics: field('ultralytics'), torch: field('torch'), python: field('python'), device, gpus };
  } catch {
    return undefined;
  }
}
