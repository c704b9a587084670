/** GrabCut's own Python environment: made on first use from locked requirements, beside the data, and named after their hash. */
import { createHash } from 'node:crypto';
import { access, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { findPython, run } from '../../server/features/training/python.ts';

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const interpreter = (directory: string): string => (process.platform === 'win32' ? join(directory, 'Scripts', 'python.exe') : join(directory, 'bin', 'python'));

async function must(outcome: ReturnType<typeof run>, sentence: string): Promise<void> {
  const { code, tail } = await outcome;
  if (code !== 0) throw new Error(`${sentence}:\n${tail}`);
}

/** The interpreter that has OpenCV. @throws Error with what to do. */
export async function python(dataDir: string): Promise<string> {
  const hash = createHash('sha256').update(await readFile(REQUIREMENTS)).digest('hex').slice(0, 12);
  const directory = resolve(process.env['EMEND_CACHE'] || dataDir, `bench-${hash}`);
  const ready = await access(interpreter(directory)).then(() => true, () => false);
  if (ready) return interpreter(directory);
  const found = await findPython();
  if (!found) throw new Error('GrabCut needs Python 3.10 or newer, and none is on the PATH.');
  console.info('Installing OpenCV for GrabCut (once, 60 MB)');
  const part = `${directory}.part-${process.pid}`; // a half-made one is never used
  try {
    await must(run(found.command, ['-m', 'venv', part]), 'The Python environment could not be made');
    await must(run(interpreter(part), ['-m', 'pip', 'install', '--quiet', '--require-hashes', '-r', REQUIREMENTS]), 'OpenCV could not be installed');
    await rename(part, directory);
  } finally {
    await rm(part, { recursive: true, force: true });
  }
  return interpreter(directory);
}
