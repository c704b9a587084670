import { Prisma } from '#prisma';
import type { Scene } from './scene.ts';

/** One image with accepted labels: what its findings are to be worked out from now, and what they were. */
export interface Standing {
  imageId: string;
  basis: string;
  /** null = never looked at. */
  was: string | null;
  predicted: boolean;
}

/**
 * The images with labels that count, as a freeze would take them. Images that two people correct without seeing each other are left out until both are done: nobody
 * who may still get one of the copies is to be told what is in the other, nor what a model thinks of it.
 */
function labelled({ projectId, model, hash }: Scene): Prisma.Sql {
  return Prisma.sql`
    SELECT i.id AS "imageId", concat_ws(' ', r.id, b.id, p.id, v.id, ${hash}::text) AS basis, s.basis AS was, p.id IS NOT NULL AS predicted
    FROM "Image" i
    LEFT JOIN LATERAL (
      SELECT x.id, t.review FROM "Revision" x JOIN "Task" t ON t.id = x."taskId" AND NOT t.measures WHERE x."imageId" = i.id ORDER BY x."createdAt" DESC, x.number DESC LIMIT 1
    ) r ON true
    LEFT JOIN LATERAL (SELECT id FROM "BaselineLabel" WHERE "imageId" = i.id ORDER BY "createdAt" DESC LIMIT 1) b ON true
    LEFT JOIN "PredictionSet" p ON p."imageId" = i.id AND p."modelId" = ${model?.id ?? null}::text
    LEFT JOIN (SELECT id FROM "DatasetVersion" WHERE "projectId" = ${projectId} AND "restoredFromId" IS NOT NULL ORDER BY number DESC LIMIT 1) v ON true
    LEFT JOIN "SecondLook" s ON s."imageId" = i.id
    WHERE i."projectId" = ${projectId} AND NOT i.excluded AND (r.id IS NOT NULL OR b.id IS NOT NULL) AND r.review IS DISTINCT FROM 'returned'
      AND NOT EXISTS (SELECT 1 FROM "Task" t WHERE t."imageId" = i.id AND t.blind)`;
}

export async function standingOf(db: Prisma.TransactionClient, scene: Scene, imageIds: readonly string[]): Promise<Standing[]> {
  return db.$queryRaw<Standing[]>`SELECT * FROM (${labelled(scene)}) l WHERE l."imageId" = ANY(${[...imageIds]}::text[])`;
}

/** Images whose findings are missing or out of date, oldest images first. */
export async function changed(db: Prisma.TransactionClient, scene: Scene, limit: number): Promise<string[]> {
  const rows = await db.$queryRaw<{ imageId: string }[]>`SELECT l."imageId" FROM (${labelled(scene)}) l WHERE l.was IS DISTINCT FROM l.basis ORDER BY l."imageId" LIMIT ${limit}`;
  return rows.map((row) => row.imageId);
}

export async function countStanding(db: Prisma.TransactionClient, scene: Scene): Promise<{ images: number; looked: number; unpredicted: number }> {
  const [row] = await db.$queryRaw<{ images: number; looked: number; unpredicted: number }[]>`
    SELECT count(*)::int AS images, count(*) FILTER (WHERE l.was = l.basis AND (l.predicted OR ${scene.model === null}))::int AS looked, count(*) FILTER (WHERE NOT l.predicted)::int AS unpredicted FROM (${labelled(scene)}) l`;
  return row ?? { images: 0, looked: 0, unpredicted: 0 };
}

/** Findings of images that are not among the labelled ones any more are forgotten. */
export async function forget(db: Prisma.TransactionClient, scene: Scene): Promise<void> {
  const gone = await db.$queryRaw<{ imageId: string }[]>`
    SELECT s."imageId" FROM "SecondLook" s WHERE s."projectId" = ${scene.projectId} AND s."imageId" NOT IN (SELECT l."imageId" FROM (${labelled(scene)}) l)`;
  const imageId = { in: gone.map((row) => row.imageId) };
  if (gone.length === 0) return;
  await db.finding.deleteMany({ where: { imageId } });
  await db.secondLook.deleteMany({ where: { imageId } });
}
