import { createHash } from 'node:crypto';
import { EmendError } from '#core/errors.ts';
import type { ImageMap, PrismaClient } from '#prisma';

/** ImageMap.basis where no model tells how it sees the images. */
export const THUMBNAILS = 'thumbnails';
/** Selections that a project keeps; an address that is older shows nothing and says so. */
const KEPT = 100;

export async function databaseNow(db: PrismaClient): Promise<Date> {
  const [row] = await db.$queryRaw<{ now: Date }[]>`SELECT (now() AT TIME ZONE 'UTC')::timestamp(3) AS now`;
  return row?.now ?? new Date();
}

/** The one of the present model, else the newest there is. */
export async function findMap(db: PrismaClient, projectId: string, modelId: string | null): Promise<ImageMap | null> {
  const own = modelId === null ? null : await db.imageMap.findUnique({ where: { projectId_basis: { projectId, basis: modelId } } });
  return own ?? db.imageMap.findFirst({ where: { projectId }, orderBy: { madeAt: 'desc' } });
}

export async function saveMap(db: PrismaClient, map: Omit<ImageMap, 'madeAt'>): Promise<void> {
  const { projectId, basis, ...rest } = map;
  const row = { ...rest, madeAt: new Date() };
  await db.imageMap.upsert({ where: { projectId_basis: { projectId, basis } }, create: { projectId, basis, ...row }, update: row });
}

/** Remembers a selection under an id that is the same for the same images. @throws EmendError `bad_request` for images of another project. */
export async function savePick(db: PrismaClient, projectId: string, images: readonly string[], createdById: string): Promise<{ id: string; images: number }> {
  const imageIds = [...new Set(images)].sort();
  const known = await db.image.count({ where: { projectId, id: { in: imageIds } } });
  if (known !== imageIds.length) throw new EmendError('bad_request', 'Some of these images are not in this project. Load the map again.');
  const id = createHash('sha256').update([projectId, ...imageIds].join(' ')).digest('hex').slice(0, 20);
  await db.$transaction(async (tx) => {
    await tx.imagePick.createMany({ data: [{ id, projectId, imageIds, createdById }], skipDuplicates: true });
    // One that is asked for again is new again.
    await tx.imagePick.update({ where: { id }, data: { createdAt: new Date() } });
    const old = await tx.imagePick.findMany({ where: { projectId }, orderBy: { createdAt: 'desc' }, skip: KEPT, select: { id: true } });
    if (old.length > 0) await tx.imagePick.deleteMany({ where: { id: { in: old.map((row) => row.id) } } });
  });
  return { id, images: imageIds.length };
}
