/** Restore: the content of an earlier version as the newest one. Nothing is deleted; what is submitted afterwards counts on top of it. */
import type { DatasetVersionDto } from '#core/api/dataset.ts';
import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { DatasetVersion, Prisma, PrismaClient } from '#prisma';
import { note as tell } from '../../activity.ts';
import { findVersion, readVersion } from './versions.ts';

/** @throws EmendError `conflict` when the newest version has this content already. */
export async function restore(db: PrismaClient, versionId: string, note: string | null, personId: string): Promise<DatasetVersionDto> {
  const wanted = await findVersion(db, versionId);
  const id = await db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT id FROM "Project" WHERE id = ${wanted.projectId} FOR UPDATE`; // one freeze at a time: versions are numbered
    const head = await tx.datasetVersion.findFirstOrThrow({ where: { projectId: wanted.projectId }, orderBy: { number: 'desc' } });
    if (head.hash === wanted.hash) throw new EmendError('conflict', `The newest version, ${head.number}, has the content of version ${wanted.number} already. There is nothing to restore.`);
    const made = await copyVersion(tx, wanted, head, note, personId);
    await tx.iteration.updateMany({ where: { projectId: wanted.projectId, endedAt: null }, data: { datasetVersionId: made.id } });
    await tell(tx, wanted.projectId, personId, 'froze', `restored dataset version ${wanted.number} as version ${made.number}`);
    return made.id;
  }, { timeout: 120_000 });
  return readVersion(db, id);
}

async function copyVersion(tx: Prisma.TransactionClient, wanted: DatasetVersion, head: DatasetVersion, note: string | null, personId: string): Promise<DatasetVersion> {
  const { projectId, hash } = wanted;
  const made = await tx.datasetVersion.create({
    data: { id: newId(), projectId, number: head.number + 1, parentId: head.id, hash, classes: wanted.classes ?? [], ...(wanted.classFates === null ? {} : { classFates: wanted.classFates }), stats: wanted.stats ?? {}, note, restoredFromId: wanted.id, createdById: personId },
  });
  await tx.$executeRaw`
    INSERT INTO "DatasetItem" ("datasetVersionId", "imageId", source, split, "revisionId", "baselineId", "predictionSetId", instances, "labelsHash", fresh)
    SELECT ${made.id}, "imageId", source, split, "revisionId", "baselineId", "predictionSetId", instances, "labelsHash", fresh FROM "DatasetItem" WHERE "datasetVersionId" = ${wanted.id}`;
  // What is there now: only what comes later counts on top of the restored version.
  await tx.$executeRaw`
    INSERT INTO "RestoreMark" ("datasetVersionId", "imageId", "revisionId", "baselineId")
    SELECT ${made.id}, i.id,
      (SELECT r.id FROM "Revision" r JOIN "Task" t ON t.id = r."taskId" AND NOT t.measures WHERE r."imageId" = i.id ORDER BY r."createdAt" DESC, r.number DESC LIMIT 1),
      (SELECT b.id FROM "BaselineLabel" b WHERE b."imageId" = i.id ORDER BY b."createdAt" DESC LIMIT 1)
    FROM "Image" i WHERE i."projectId" = ${projectId}`;
  // Split and exclusion belong to the content: the next freeze starts from here.
  await tx.$executeRaw`
    UPDATE "Image" i SET split = d.split, excluded = false FROM "DatasetItem" d
    WHERE d."datasetVersionId" = ${made.id} AND d."imageId" = i.id AND (i.split <> d.split OR i.excluded)`;
  return made;
}
