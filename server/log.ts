import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import { EmendError } from '#core/errors.ts';
import type { Config } from './config.ts';
import type { Log } from './context.ts';

const MAX_BYTES = 20 * 1024 * 1024;

/**
 * The log goes to `<dataDir>/emend.log`, JSON lines, so that the terminal keeps to what a person needs. A log of more than 20 MB becomes
 * `emend.log.1` at the next start. Written at once: the lines before a crash are the ones that matter.
 */
export function openLog({ dataDir, logLevel }: Pick<Config, 'dataDir' | 'logLevel'>): Log {
  const file = join(dataDir, 'emend.log');
  try {
    makeDirectory(dataDir);
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size > MAX_BYTES) renameSync(file, `${file}.1`);
    appendFileSync(file, '');
  } catch (error) {
    throw new EmendError('unavailable', `The data directory ${dataDir} cannot be written to (${error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason'}). Give this user the right to, or set EMEND_DATA to another directory.`);
  }
  return pino({ level: logLevel, redact: ['req.headers.authorization', 'req.headers.cookie'] }, pino.destination({ dest: file, sync: true }));
}

/** Level by level: Node's own `recursive` never returns where a file system answers ENOENT to every mkdir, as /proc does. */
function makeDirectory(dir: string): void {
  try {
    mkdirSync(dir);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST' && statSync(dir).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(dir) === dir) throw error;
    makeDirectory(dirname(dir));
    mkdirSync(dir);
  }
}
