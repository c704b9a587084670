/** Downloads with resume and SHA-256, on plain Node 20 without dependencies: used by `npm run models` and by the server. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** A connection that brings nothing for this long is given up; the part that came is kept. */
const STALL_MS = 60_000;

/** What went wrong, in words for the person: what happened, what it means, what to do. */
export class FetchError extends Error {}

/** The name under which a file of the manifest lies in the models directory: the pair is found by it. */
export function fileName(model, file) {
  return `${model.name}.${file.role}.onnx`;
}

/** SHA-256 of a file, in hex. */
export async function sha256Of(file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

async function sizeOf(file) {
  return stat(file).then((s) => s.size, () => 0);
}

/**
 * Fetches all files of a model into `directory`. A file that is there and right is left alone; one that was cut off goes on where it
 * stopped. `onProgress({ file, done, total })` in bytes, `total` null when the server does not say.
 * @throws FetchError
 */
export async function fetchModel(model, directory, { onProgress = () => {}, signal } = {}) {
  if (model.files.length === 0) throw new FetchError(`${model.title} has no published ONNX files, so it cannot be fetched. Convert it: ${model.convert}`);
  await mkdir(directory, { recursive: true });
  const paths = [];
  for (const file of model.files) {
    const target = path.join(directory, fileName(model, file));
    paths.push(target);
    if ((await sizeOf(target)) > 0 && (await sha256Of(target)) === file.sha256) continue;
    await fetchFile(file, target, (done, total) => onProgress({ file: path.basename(target), done, total }), signal);
  }
  return paths;
}

async function fetchFile(file, target, report, signal) {
  const part = `${target}.part`;
  await download(file.url, part, report, signal);
  const found = await sha256Of(part);
  if (found !== file.sha256) {
    await rm(part, { force: true });
    throw new FetchError(`${path.basename(target)} arrived with the wrong content (SHA-256 ${found.slice(0, 12)}…, expected ${file.sha256.slice(0, 12)}…). It was thrown away and nothing was changed. Try again; if it stays so, the file at its source has changed.`);
  }
  await rename(part, target);
}

async function download(url, part, report, signal) {
  const have = await sizeOf(part);
  const stall = new AbortController();
  const stop = signal ? AbortSignal.any([signal, stall.signal]) : stall.signal;
  let timer = setTimeout(() => stall.abort(), STALL_MS);
  try {
    const answer = await fetch(url, { signal: stop, headers: have > 0 ? { range: `bytes=${have}-` } : {} });
    if (answer.status === 416) {
      await answer.body?.cancel();
      return; // everything was there already; the hash decides
    }
    if (!answer.ok || !answer.body) throw new FetchError(`${new URL(url).host} answered ${answer.status} for ${url}. Nothing was changed. Try later, or fetch the file by hand.`);
    const resumed = answer.status === 206;
    const length = Number(answer.headers.get('content-length') ?? NaN);
    const total = Number.isFinite(length) ? length + (resumed ? have : 0) : null;
    let done = resumed ? have : 0;
    report(done, total);
    const meter = new Transform({
      transform(chunk, _encoding, next) {
        clearTimeout(timer);
        timer = setTimeout(() => stall.abort(), STALL_MS);
        done += chunk.length;
        report(done, total);
        next(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(answer.body), meter, createWriteStream(part, { flags: resumed ? 'a' : 'w' }), { signal: stop });
    if (total !== null && done < total) throw new FetchError(`The connection to ${new URL(url).host} ended early. What came is kept; run the same command again to go on.`);
  } catch (error) {
    if (error instanceof FetchError) throw error;
    if (signal?.aborted) throw new FetchError('Cancelled. What came is kept; run the same command again to go on.');
    throw new FetchError(reachable(url, part, error, stall.signal.aborted));
  } finally {
    clearTimeout(timer);
  }
}

function reachable(url, part, error, stalled) {
  const why = stalled ? 'it sent nothing for a minute' : (error?.cause?.code ?? error?.cause?.message ?? error?.message ?? 'no reason given');
  return `${new URL(url).host} cannot be reached (${why}). What came is kept and nothing else was changed. Try again with a network, or fetch ${url} on another machine and put it at ${part.replace(/\.part$/, '')}.`;
}
