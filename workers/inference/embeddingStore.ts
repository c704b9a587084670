/** Embeddings on disk: what a restart or a full memory would have to encode again in seconds is read in milliseconds. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Embedding } from './messages.ts';

const Side = Type.Integer({ minimum: 1 });
const Header = Type.Object({
  format: Type.Literal('emend-embedding-1'),
  image: Type.Object({ width: Side, height: Side }),
  tensors: Type.Array(Type.Object({ name: Type.String(), dims: Type.Array(Side), floats: Type.Integer({ minimum: 0 }) })),
});

const SUFFIX = '.embedding';
/** Bytes of the header's length, which stands before it. */
const PREFIX = 4;

export interface StoreStatus {
  readonly entries: number;
  readonly bytes: number;
  readonly hits: number;
}

/**
 * One file per embedding below a directory, at most `budget` bytes in all; the one unused for longest goes first. A file that is torn or of another
 * format is nothing, and goes. Two servers on one directory would only count wrongly.
 */
export class EmbeddingStore {
  readonly #directory: string;
  readonly #budget: number;
  /** File name → bytes, in order of use. */
  #known: Promise<Map<string, number>> | null = null;
  #status: StoreStatus = { entries: 0, bytes: 0, hits: 0 };

  constructor(directory: string, budget: number) {
    this.#directory = directory;
    this.#budget = budget;
  }

  get status(): StoreStatus {
    return this.#status;
  }

  async get(key: string): Promise<Embedding | null> {
    const known = await (this.#known ??= this.#list());
    const file = nameOf(key);
    const bytes = known.get(file);
    if (bytes === undefined) return null;
    const full = path.join(this.#directory, file);
    const embedding = await readFile(full).then(unpack, () => null);
    known.delete(file);
    if (embedding === null) {
      await rm(full, { force: true });
    } else {
      known.set(file, bytes); // put last: a Map keeps the order of insertion, which makes it the order of use
      const now = new Date();
      await utimes(full, now, now).catch(() => undefined);
    }
    this.#count(known, embedding === null ? 0 : 1);
    return embedding;
  }

  /** Written under another name first, so that a crash leaves no half of it. An embedding larger than the budget is not kept. */
  async put(key: string, embedding: Embedding): Promise<void> {
    const known = await (this.#known ??= this.#list());
    const file = nameOf(key);
    const parts = pack(embedding);
    const bytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
    if (bytes > this.#budget || known.has(file)) return;
    const full = path.join(this.#directory, file);
    await mkdir(this.#directory, { recursive: true });
    await writeFile(`${full}.part`, parts);
    await rename(`${full}.part`, full);
    known.set(file, bytes);
    await this.#shrink(known);
    this.#count(known, 0);
  }

  async #shrink(known: Map<string, number>): Promise<void> {
    let sum = total(known);
    for (const [file, bytes] of known) {
      if (sum <= this.#budget) return;
      known.delete(file);
      sum -= bytes;
      await rm(path.join(this.#directory, file), { force: true });
    }
  }

  #count(known: ReadonlyMap<string, number>, hits: number): void {
    this.#status = { entries: known.size, bytes: total(known), hits: this.#status.hits + hits };
  }

  /** What lies there from before, by the time of its last use; what a crash left half-written goes. */
  async #list(): Promise<Map<string, number>> {
    const names = await readdir(this.#directory).catch(() => []);
    await Promise.all(names.filter((name) => name.endsWith('.part')).map((name) => rm(path.join(this.#directory, name), { force: true })));
    const files = await Promise.all(names.filter((name) => name.endsWith(SUFFIX)).map(async (name) => {
      const { size, mtimeMs } = await stat(path.join(this.#directory, name));
      return { name, size, mtimeMs };
    }));
    const known = new Map(files.toSorted((a, b) => a.mtimeMs - b.mtimeMs).map(({ name, size }) => [name, size]));
    await this.#shrink(known);
    this.#count(known, 0);
    return known;
  }
}

function nameOf(key: string): string {
  return `${createHash('sha256').update(key).digest('hex').slice(0, 40)}${SUFFIX}`;
}

function total(known: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const bytes of known.values()) sum += bytes;
  return sum;
}

function pack({ image, tensors }: Embedding): Uint8Array[] {
  const all = Object.entries(tensors);
  const text = Buffer.from(JSON.stringify({ format: 'emend-embedding-1', image, tensors: all.map(([name, { dims, data }]) => ({ name, dims, floats: data.length })) }));
  const length = Buffer.alloc(PREFIX);
  length.writeUInt32LE(text.length);
  return [length, text, ...all.map(([, { data }]) => new Uint8Array(new Float32Array(data).buffer))];
}

function unpack(file: Buffer): Embedding | null {
  const length = file.length < PREFIX ? 0 : file.readUInt32LE();
  if (length === 0 || PREFIX + length > file.length) return null;
  const header = parse(file.toString('utf8', PREFIX, PREFIX + length));
  if (!Value.Check(Header, header)) return null;
  const tensors: Record<string, Embedding['tensors'][string]> = {};
  let at = PREFIX + length;
  for (const { name, dims, floats } of header.tensors) {
    if (dims.reduce((product, side) => product * side, 1) !== floats || at + floats * 4 > file.length) return null;
    const shared = new SharedArrayBuffer(floats * 4);
    new Uint8Array(shared).set(file.subarray(at, at + floats * 4));
    tensors[name] = { data: new Float32Array(shared), dims };
    at += floats * 4;
  }
  return at === file.length ? { id: randomUUID(), image: header.image, tensors } : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
