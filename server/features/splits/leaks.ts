/** Groups of like pictures that lie in several splits: found, shown, repaired when a person says so. */
import type { Static } from 'typebox';
import type { AlikeImages, LeakCount, Repaired, RepairLeaks } from '#core/api/splits.ts';
import { alike } from '#core/dataset/likeness.ts';
import { splitName } from '#core/dataset/split.ts';
import { EmendError } from '#core/errors.ts';
import { Prisma, type PrismaClient } from '#prisma';
import { note } from '../../activity.ts';
import { thumbsOf } from './link.ts';
import { moveImages, type Mover } from './moves.ts';

type Db = Prisma.TransactionClient;
interface Astray { id: string; group: string; home: 'train' | 'valid' | 'test' }
const SHOWN = 100;

/** The images outside of their group's strictest split. Excluded ones are in no version, so they leak nothing. */
async function astray(db: Db, projectId: string, group: string | null): Promise<Astray[]> {
  return db.$queryRaw<Astray[]>`
    WITH leaking AS (
      SELECT "groupId", CASE WHEN bool_or(split = 'valid') THEN 'valid' WHEN bool_or(split = 'test') THEN 'test' ELSE 'train' END AS home
      FROM "Image" WHERE "projectId" = ${projectId} AND NOT excluded AND "groupId" IS NOT NULL ${group === null ? Prisma.empty : Prisma.sql`AND "groupId" = ${group}`}
      GROUP BY "groupId" HAVING count(DISTINCT split) > 1)
    SELECT i.id, i."groupId" AS "group", l.home FROM leaking l JOIN "Image" i ON i."projectId" = ${projectId} AND i."groupId" = l."groupId" AND NOT i.excluded AND i.split <> l.home
    ORDER BY i.id`;
}

export async function countLeaks(db: Db, projectId: string): Promise<Static<typeof LeakCount>> {
  const rows = await astray(db, projectId, null);
  return { groups: new Set(rows.map((r) => r.group)).size, images: rows.length };
}

/** Excludes what is astray, or moves it to its group's strictest split. */
export async function repairLeaks(db: PrismaClient, projectId: string, { how, image, reason }: Static<typeof RepairLeaks>, by: Mover): Promise<Static<typeof Repaired>> {
  const group = image === undefined ? null : await groupOf(db, projectId, image);
  return db.$transaction(async (tx) => {
    const rows = await astray(tx, projectId, group);
    if (how === 'exclude') {
      await tx.image.updateMany({ where: { id: { in: rows.map((r) => r.id) } }, data: { excluded: true } });
      if (rows.length > 0) await note(tx, projectId, by.id, 'split', `excluded ${rows.length === 1 ? 'one image' : `${rows.length} images`} with a near-duplicate in another split`);
    } else {
      for (const home of ['valid', 'test'] as const) {
        const ids = rows.filter((r) => r.home === home).map((r) => r.id);
        if (ids.length > 0) await moveImages(tx, { projectId, ids, to: home, kind: 'repair', reason, by });
      }
    }
    return { images: rows.length, left: await countLeaks(tx, projectId) };
  }, { timeout: 120_000 });
}

async function groupOf(db: Db, projectId: string, image: string): Promise<string> {
  const row = await db.image.findFirst({ where: { id: image, projectId }, select: { groupId: true } });
  if (!row) throw new EmendError('not_found', 'There is no such image in this project.');
  if (row.groupId === null) throw new EmendError('conflict', 'This image was not compared with the others yet. Nothing was changed; wait for the comparison to end.');
  return row.groupId;
}

/** The group of an image, nearest kin first. */
export async function alikeImages(db: PrismaClient, id: string): Promise<AlikeImages> {
  const image = await db.image.findUnique({ where: { id }, select: { projectId: true, groupId: true } });
  if (!image) throw new EmendError('not_found', 'There is no such image. It may belong to another project, or the address is wrong.');
  const where = image.groupId === null ? { id } : { projectId: image.projectId, groupId: image.groupId };
  const select = { id: true, name: true, width: true, height: true, split: true, excluded: true, phash: true, family: true } as const;
  const [total, rows] = await Promise.all([db.image.count({ where }), db.image.findMany({ where, orderBy: { name: 'asc' }, take: SHOWN, select })]);
  const self = rows.find((r) => r.id === id) ?? (await db.image.findUniqueOrThrow({ where: { id }, select }));
  const thumbs = await thumbsOf(db, [id, ...rows.map((r) => r.id)]);
  const likenessOf = (row: typeof self) => { const thumb = thumbs.get(row.id); return thumb && row.phash !== null ? { hash: row.phash, thumb } : null; };
  const own = likenessOf(self);
  const images = [self, ...rows.filter((r) => r.id !== id)].map((row): AlikeImages['images'][number] => {
    const theirs = likenessOf(row);
    const why = row.id === id ? 'itself' : row.family !== null && row.family === self.family ? 'family' : own && theirs && alike(own, theirs) ? 'near' : 'through';
    return { id: row.id, name: row.name, width: row.width, height: row.height, split: splitName(row.split), excluded: row.excluded, why };
  });
  const leak = image.groupId !== null && (await astray(db, image.projectId, image.groupId)).length > 0;
  return { leak, images, total };
}
