import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import fp from 'fastify-plugin';
import { EmendError } from '#core/errors.ts';
import type { Blobs } from '../context.ts';

/**
 * Content-addressed files: <dir>/ab/cdef…, named by SHA-256. A blob is written to <dir>/tmp, flushed to the disk and then renamed, so a name
 * that exists always holds all of its bytes, whatever crashed.
 */
export function fileBlobs(dir: string): Blobs {
  const place = (sha256: string): string => {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new EmendError('not_found', 'There is no such file.');
    return join(dir, sha256.slice(0, 2), sha256.slice(2));
  };
  const has = (sha256: string): Promise<boolean> => access(place(sha256)).then(() => true, () => false);

  return {
    has,
    put: async (bytes) => {
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      if (!(await has(sha256))) await store(dir, Readable.from([bytes]), place);
      return sha256;
    },
    putFile: (path) => store(dir, createReadStream(path), place),
    get: async (sha256) => readFile(place(sha256)).catch(gone),
    path: async (sha256) => {
      if (!(await has(sha256))) return gone();
      return place(sha256);
    },
  };
}

function gone(): never {
  throw new EmendError('not_found', 'A stored file is missing from the data directory. Restore the directory from a backup.');
}

async function store(dir: string, source: Readable, place: (sha256: string) => string): Promise<string> {
  const temporary = join(dir, 'tmp', randomUUID());
  await mkdir(dirname(temporary), { recursive: true });
  const hash = createHash('sha256');
  const tee = new Transform({ transform(chunk: Buffer, _encoding, done) { hash.update(chunk); done(null, chunk); } });
  try {
    await pipeline(source, tee, createWriteStream(temporary, { flush: true }));
    const sha256 = hash.digest('hex');
    const target = place(sha256);
    await mkdir(dirname(target), { recursive: true });
    await rename(temporary, target);
    await flushDirectory(dirname(target));
    return sha256;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** The rename itself is only durable when the directory is; Windows knows no such thing. */
async function flushDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** `app.blobs`. */
export default fp(async (app) => {
  const dir = join(app.config.dataDir, 'blobs');
  // What a crash left half-written has no name yet and is nobody's.
  await rm(join(dir, 'tmp'), { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  app.decorate('blobs', fileBlobs(dir));
}, { name: 'blobs' });
