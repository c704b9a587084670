/** Old exports: a zip can be made again at any time, disk space cannot. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PrismaClient } from '#prisma';

/** A link to a finished export works this long. */
export const EXPORT_DAYS = 7;

/**
 * Removes zips that are older than EXPORT_DAYS, and what a kill left half written. Files of exports that are under way are not touched; one that is just
 * being downloaded is removed by name only, its bytes go when the download ends. Returns how many went.
 */
export async function sweepExports(db: PrismaClient, dataDir: string, now: number): Promise<number> {
  const dir = join(dataDir, 'exports');
  const names = await readdir(dir).catch(() => []);
  const working = await db.job.findMany({ where: { kind: 'export', state: { in: ['queued', 'running'] } }, select: { id: true } });
  const busy = new Set(working.map(({ id }) => id));
  let removed = 0;
  for (const name of names) {
    const [, id, part] = /^(\w+)\.zip(\.part)?$/.exec(name) ?? [];
    if (id === undefined || busy.has(id)) continue;
    const age = now - (await stat(join(dir, name)).then((s) => s.mtimeMs, () => now));
    if (part === undefined && age < EXPORT_DAYS * 86_400_000) continue;
    await rm(join(dir, name), { force: true });
    removed += 1;
  }
  return removed;
}
