/** Grouping a project's images: each new one is compared with all that are grouped already, and joins their group or stays alone. */
import { Grouping, type Member } from '#core/dataset/grouping.ts';
import type { PrismaClient } from '#prisma';
import { breather } from '../../breather.ts';

/** Images per statement and transaction. */
const CHUNK = 500;
/** The longest first comparison that anybody has to wait for: a million images. */
const PATIENCE_MS = 6 * 3600 * 1000;

export interface Linking {
  signal?: AbortSignal;
  progress?: (done: number, total: number) => void;
}

/** Compares what was not compared yet. Cut off anywhere, it goes on there the next time. One at a time per project, also among several nodes. Returns how many were compared. */
export async function linkProject(db: PrismaClient, projectId: string, linking: Linking = {}): Promise<number> {
  if ((await db.image.count({ where: { projectId, groupId: null } })) === 0) return 0;
  return db.$transaction(async (lock) => {
    await lock.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`likeness ${projectId}`}, 0))`;
    return link(db, projectId, linking);
  }, { timeout: PATIENCE_MS, maxWait: 60_000 });
}

/** All images of a project as members; some hundred bytes each. */
export async function membersOf(db: PrismaClient, projectId: string): Promise<Member[]> {
  const rows = await db.image.findMany({ where: { projectId }, orderBy: { id: 'asc' }, select: { id: true, phash: true, family: true, groupId: true } });
  return rows.map((r) => ({ id: r.id, hash: r.phash, family: r.family, group: r.groupId }));
}

export async function thumbsOf(db: PrismaClient, ids: readonly string[]): Promise<Map<string, Uint8Array>> {
  const rows = await db.likeness.findMany({ where: { imageId: { in: [...ids] } } });
  return new Map(rows.map((r) => [r.imageId, r.thumb]));
}

async function link(db: PrismaClient, projectId: string, { signal, progress }: Linking): Promise<number> {
  const members = await membersOf(db, projectId);
  const grouping = new Grouping();
  grouping.known(members.filter((m) => m.group !== null));
  const fresh = members.filter((m) => m.group === null);
  const breathe = breather();
  let written = 0;
  for (let at = 0; at < fresh.length; at += CHUNK) {
    const chunk = fresh.slice(at, at + CHUNK);
    const own = await thumbsOf(db, chunk.map((m) => m.id));
    for (const member of chunk) {
      signal?.throwIfAborted();
      await grouping.add(member, own.get(member.id) ?? null, (ids) => thumbsOf(db, ids));
      await breathe();
    }
    await write(db, projectId, grouping, chunk.map((m) => m.id));
    written += chunk.length;
    progress?.(written, fresh.length);
  }
  return written;
}

/** The groups of a chunk, and those that it has joined, in one transaction. */
async function write(db: PrismaClient, projectId: string, grouping: Grouping, ids: readonly string[]): Promise<void> {
  const lost = grouping.takeLost();
  await db.$transaction([
    db.$executeRaw`UPDATE "Image" i SET "groupId" = n.root FROM unnest(${ids.map((id) => grouping.root(id))}::text[], ${[...ids]}::text[]) AS n(root, id) WHERE i.id = n.id`,
    db.$executeRaw`UPDATE "Image" i SET "groupId" = n.root FROM unnest(${lost.map((id) => grouping.root(id))}::text[], ${lost}::text[]) AS n(root, old) WHERE i."projectId" = ${projectId} AND i."groupId" = n.old`,
  ]);
}
