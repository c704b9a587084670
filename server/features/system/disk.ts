import type { Dirent } from 'node:fs';
import { lstat, readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { SystemDto } from '#core/api/system.ts';

/** A walk over a million files takes seconds; nobody needs the size newer than this. */
const FRESH_MS = 60_000;
const sizes = new Map<string, { at: number; bytes: Promise<number> }>();

/** Bytes of all files below the data directory, and bytes that are free on its disk. */
export async function diskUse(dataDir: string): Promise<SystemDto['disk']> {
  const [dataBytes, disk] = await Promise.all([size(dataDir), statfs(dataDir)]);
  return { dataBytes, freeBytes: disk.bavail * disk.bsize };
}

function size(dir: string): Promise<number> {
  const known = sizes.get(dir);
  if (known && Date.now() - known.at < FRESH_MS) return known.bytes;
  const bytes = walk(dir);
  sizes.set(dir, { at: Date.now(), bytes });
  return bytes;
}

/** Links are not followed. What vanishes or cannot be entered meanwhile (PostgreSQL's own files) counts as nothing. */
async function walk(dir: string): Promise<number> {
  const entries: Dirent[] = await readdir(dir, { withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) bytes += await walk(path);
    else if (entry.isFile()) bytes += await lstat(path).then((s) => s.size, () => 0);
  }
  return bytes;
}
