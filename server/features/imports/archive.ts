/** Unpacking a zip into the upload area: streamed, counted, whole or not at all. */
import { Transform, type Readable } from 'node:stream';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { EmendError } from '#core/errors.ts';
import type { ImportProblem } from '#core/api/import.ts';
import type { AreaEntry, UploadArea } from './area.ts';
import { isNoise, safePath } from './paths.ts';

export interface ZipLimits { entries: number; bytes: number; /** Unpacked ÷ packed of one entry, from a megabyte on. */ ratio: number }

const RATIO_FROM = 1024 * 1024;
const SYMLINK = 0o120000;
/** How yauzl says that it refuses a name. */
const OUTSIDE = /^(absolute path|invalid relative path|invalid characters in fileName)/;

export interface Unpacked { entries: AreaEntry[]; problems: ImportProblem[] }

/** @throws EmendError when the archive is broken or hostile: then nothing of it is kept. */
export async function unpack(area: UploadArea, archive: AreaEntry, limits: ZipLimits, signal: AbortSignal): Promise<Unpacked> {
  const result: Unpacked = { entries: [], problems: [] };
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(area.place(archive.file), { lazyEntries: true, validateEntrySizes: true, strictFileNames: false, autoClose: false });
    if (zip.entryCount > limits.entries) throw refuse(`holds ${zip.entryCount} entries; at most ${limits.entries} are taken`);
    const entries = await readDirectory(zip);
    refuseOverlaps(entries, archive.bytes);
    if (entries.reduce((sum, e) => sum + e.uncompressedSize, 0) > limits.bytes) throw refuse('unpacks to more than this server takes');
    for (const entry of entries) {
      signal.throwIfAborted();
      await take(area, archive, zip, entry, limits, result);
    }
    if (entries.length === 0) result.problems.push({ level: 'error', code: 'zip-empty', file: archive.path, line: null, message: 'This archive holds no files. Nothing comes of it; pack the files again.' });
    return result;
  } catch (error) {
    await area.discard(result.entries);
    if (error instanceof EmendError || signal.aborted) throw error;
    throw refuse(error instanceof Error && OUTSIDE.test(error.message) ? 'holds a path that leads outside of it' : 'is broken');
  } finally {
    zip?.close();
  }
}

async function readDirectory(zip: ZipFile): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of zip.eachEntry()) entries.push(entry);
  return entries;
}

/** Entries that share bytes are how a few kilobytes become petabytes (Fifield, 2019: a better zip bomb). */
function refuseOverlaps(entries: readonly Entry[], size: number): void {
  const sorted = [...entries].sort((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader);
  for (const [i, entry] of sorted.entries()) {
    const end = entry.relativeOffsetOfLocalHeader + 30 + entry.compressedSize;
    if (end > (sorted[i + 1]?.relativeOffsetOfLocalHeader ?? size)) throw refuse('has entries that overlap');
  }
}

async function take(area: UploadArea, archive: AreaEntry, zip: ZipFile, entry: Entry, limits: ZipLimits, result: Unpacked): Promise<void> {
  const name = entry.fileName;
  if (name.endsWith('/') || isNoise(name)) return;
  const path = safePath(name);
  const leave = (code: string, message: string): void => {
    result.problems.push({ level: 'error', code, file: `${archive.path}: ${(path ?? name).replace(/[\u0000-\u001f\u007f]/g, '?').slice(0, 200)}`, line: null, message });
  };
  if (path === null) throw refuse('holds a path that leads outside of it, or hides what it is');
  if (((entry.externalFileAttributes >>> 16) & 0o170000) === SYMLINK) { leave('zip-link', 'This entry is a link. It is left out; put the file itself into the archive.'); return; }
  if (entry.isEncrypted()) { leave('zip-encrypted', 'This entry is encrypted. It is left out; pack it without a password.'); return; }
  if (/\.(zip|tar|gz|tgz|7z|rar|bz2|xz)$/i.test(path)) { leave('zip-nested', 'This is an archive within an archive. It is left out; unpack it and send it by itself.'); return; }
  if (entry.uncompressedSize > RATIO_FROM && entry.uncompressedSize > entry.compressedSize * limits.ratio) throw refuse('unpacks to far more than pictures and labels can');
  const stream: Readable = await zip.openReadStreamPromise(entry);
  result.entries.push(await area.store(path, stream.pipe(counter(entry.uncompressedSize, stream)), archive.path));
}

/** Ends a stream that gives more than its entry said. yauzl checks it too; this does not depend on that. */
function counter(expected: number, source: Readable): Transform {
  let seen = 0;
  const tap = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      done(seen > expected ? refuse('is broken: an entry is larger than it says') : null, chunk);
    },
  });
  source.on('error', (error) => tap.destroy(error));
  return tap;
}

function refuse(what: string): EmendError {
  return new EmendError('invalid', `The archive ${what}. Nothing of it is taken; pack the files again.`);
}
