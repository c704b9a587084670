/** The upload area of one import: files under names of our own beside an index of the paths that they claim. Nothing else knows of them. */
import { createWriteStream } from 'node:fs';
import { appendFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { ImportProblem } from '#core/api/import.ts';
import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';

const Entry = Type.Object({ path: Type.String(), file: Type.String(), bytes: Type.Integer(), /** The archive it came out of. */ from: Type.Optional(Type.String()) });
const Unpacked = Type.Object({ unpacked: Type.String() });
const Notes = Type.Array(ImportProblem);
export type AreaEntry = Static<typeof Entry>;

export interface Listing { files: AreaEntry[]; /** Stored names of archives that are unpacked already. */ unpacked: ReadonlySet<string> }

export class UploadArea {
  readonly dir: string;

  constructor(dataDir: string, importId: string) {
    this.dir = join(dataDir, 'uploads', importId);
  }

  async open(): Promise<void> {
    await mkdir(this.dir, { recursive: true });
  }

  /** Stores one stream completely or not at all, without naming it in the index. */
  async store(path: string, source: Readable, from?: string): Promise<AreaEntry> {
    const file = newId();
    const temporary = join(this.dir, `${file}.part`);
    try {
      await pipeline(source, createWriteStream(temporary));
      await rename(temporary, this.place(file));
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    return { path, file, bytes: (await stat(this.place(file))).size, ...(from === undefined ? {} : { from }) };
  }

  async storeBytes(path: string, bytes: Uint8Array | string): Promise<AreaEntry> {
    return this.store(path, Readable.from([Buffer.from(bytes)]));
  }

  /** Makes stored files part of the upload. One write for all: an archive is taken as a whole. */
  async index(entries: readonly AreaEntry[], unpacked?: string): Promise<void> {
    const lines = [...entries, ...(unpacked === undefined ? [] : [{ unpacked }])].map((entry) => `${JSON.stringify(entry)}\n`);
    await appendFile(join(this.dir, 'index.jsonl'), lines.join(''), { flush: true });
  }

  async discard(entries: readonly AreaEntry[]): Promise<void> {
    for (const { file } of entries) await rm(this.place(file), { force: true });
  }

  /** A path that was sent twice counts as sent last. */
  async list(): Promise<Listing> {
    const text = await readFile(join(this.dir, 'index.jsonl'), 'utf8').catch(() => '');
    const files = new Map<string, AreaEntry>();
    const unpacked = new Set<string>();
    for (const line of text.split('\n')) {
      const entry = parse(line);
      if (Value.Check(Entry, entry)) files.set(entry.path, entry);
      else if (Value.Check(Unpacked, entry)) unpacked.add(entry.unpacked);
    }
    return { files: [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1)), unpacked };
  }

  place(file: string): string {
    if (!/^[a-z0-9]{20}$/.test(file)) throw new EmendError('not_found', 'There is no such uploaded file.');
    return join(this.dir, file);
  }

  /** Keeps what was found in an archive: it is unpacked once, and planned as often as the answers change. */
  async note(file: string, problems: readonly ImportProblem[]): Promise<void> {
    await writeFile(join(this.dir, `${file}.problems`), JSON.stringify(problems), { flush: true });
  }

  async notes(): Promise<ImportProblem[]> {
    const all: ImportProblem[] = [];
    for (const file of (await this.list()).unpacked) {
      const value: unknown = parse(await readFile(`${this.place(file)}.problems`, 'utf8').catch(() => ''));
      if (Value.Check(Notes, value)) all.push(...value);
    }
    return all;
  }

  async saveDraft(draft: unknown): Promise<void> {
    const path = join(this.dir, 'draft.json');
    await writeFile(`${path}.part`, JSON.stringify(draft), { flush: true });
    await rename(`${path}.part`, path);
  }

  async readDraft(): Promise<unknown> {
    const text = await readFile(join(this.dir, 'draft.json'), 'utf8').catch(() => null);
    if (text === null) throw new EmendError('conflict', 'The uploaded files of this import are gone. Nothing was written; start a new import.');
    return JSON.parse(text);
  }

  async remove(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** A line that a crash cut short counts as not written. */
function parse(line: string): unknown {
  try {
    return line === '' ? null : JSON.parse(line);
  } catch {
    return null;
  }
}
