import { newId } from '#core/ids.ts';
import { encodeBrief } from '#core/next/brief.ts';
import { FRONT } from '#core/next/front.ts';
import { encodeVector } from '#core/next/look.ts';
import { PredictionSchema, type Prediction } from '#core/annotation/schema.ts';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { PrismaClient } from '#prisma';
import { createTask } from '../tasks/index.ts';

/** An image that waits to be corrected. */
export interface WaitingImage {
  readonly id: string;
  readonly sha256: string;
  readonly displaySha256: string | null;
  readonly orientation: number;
}

const Predictions = Type.Array(PredictionSchema);

/**
 * The images whose labels nobody has given yet: neither by an import nor by a submitted task. Oldest first. The others are left in peace:
 * what was labelled stays labelled.
 */
export async function waitingImages(db: PrismaClient, projectId: string): Promise<WaitingImage[]> {
  return db.image.findMany({
    where: { projectId, excluded: false, baselines: { none: {} }, revisions: { none: {} } },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    select: { id: true, sha256: true, displaySha256: true, orientation: true },
  });
}

/** Images with labels that this model has not predicted, oldest first. */
export async function labelledWithout(db: PrismaClient, projectId: string, modelId: string): Promise<WaitingImage[]> {
  return db.$queryRaw<WaitingImage[]>`
    SELECT i.id, i.sha256, i."displaySha256", i.orientation FROM "Image" i WHERE i."projectId" = ${projectId} AND NOT i.excluded
      AND (EXISTS (SELECT 1 FROM "Revision" r WHERE r."imageId" = i.id) OR EXISTS (SELECT 1 FROM "BaselineLabel" b WHERE b."imageId" = i.id))
      AND NOT EXISTS (SELECT 1 FROM "PredictionSet" p WHERE p."imageId" = i.id AND p."modelId" = ${modelId})
    ORDER BY i."createdAt", i.id`;
}

export async function findSet(db: PrismaClient, imageId: string, modelId: string): Promise<{ id: string; instances: Prediction[] } | null> {
  const row = await db.predictionSet.findUnique({ where: { imageId_modelId: { imageId, modelId } }, select: { id: true, instances: true } });
  return row && { id: row.id, instances: Value.Parse(Predictions, row.instances) };
}

export interface NewSet {
  readonly imageId: string;
  readonly modelId: string;
  readonly instances: readonly Prediction[];
  readonly floor: number;
  readonly ms: number;
  readonly provider: string;
  /** How the model sees the picture, where it says so. */
  readonly features: Float32Array | null;
}

/** Sets are immutable and one per image and model, and so are vectors: when somebody else has just written it, theirs counts. */
export async function saveSet(db: PrismaClient, { features, ...set }: NewSet): Promise<{ id: string; instances: readonly Prediction[] }> {
  const id = newId();
  await db.$transaction([
    db.predictionSet.createMany({ data: [{ id, ...set, instances: [...set.instances], brief: encodeBrief(set.instances) }], skipDuplicates: true }),
    ...(features === null ? [] : [db.featureVector.createMany({ data: [vectorRow(set.imageId, set.modelId, features)], skipDuplicates: true })]),
  ]);
  return (await findSet(db, set.imageId, set.modelId)) ?? { id, instances: set.instances };
}

export async function saveVector(db: PrismaClient, imageId: string, modelId: string, features: Float32Array): Promise<void> {
  await db.featureVector.createMany({ data: [vectorRow(imageId, modelId, features)], skipDuplicates: true });
}

function vectorRow(imageId: string, modelId: string, features: Float32Array): { imageId: string; modelId: string; values: Uint8Array<ArrayBuffer> } {
  return { imageId, modelId, values: encodeVector(features) };
}

/**
 * Images that the model has not told yet how it sees them: waiting ones that have their predictions (made before vectors were kept), and labelled ones, of
 * which `limit` are enough to tell what is new from (the same ones every time).
 */
export async function unseenImages(db: PrismaClient, projectId: string, modelId: string, limit: number): Promise<WaitingImage[]> {
  return db.$queryRaw<WaitingImage[]>`
    WITH labelled AS (
      SELECT i.id FROM "Image" i WHERE i."projectId" = ${projectId} AND NOT i.excluded
        AND (EXISTS (SELECT 1 FROM "Revision" r WHERE r."imageId" = i.id) OR EXISTS (SELECT 1 FROM "BaselineLabel" b WHERE b."imageId" = i.id))
      ORDER BY i.sha256 LIMIT ${limit}
    ), predicted AS (
      SELECT p."imageId" AS id FROM "PredictionSet" p WHERE p."modelId" = ${modelId} AND p."imageId" IN (SELECT t."imageId" FROM "Task" t WHERE t."projectId" = ${projectId} AND t.state IN ('pending', 'assigned'))
    )
    SELECT i.id, i.sha256, i."displaySha256", i.orientation FROM "Image" i
    WHERE i.id IN (SELECT id FROM labelled UNION SELECT id FROM predicted) AND NOT EXISTS (SELECT 1 FROM "FeatureVector" f WHERE f."imageId" = i.id AND f."modelId" = ${modelId})
    ORDER BY i.sha256`;
}

/** Every image of the project that the model has not told yet how it sees it, in the order of their hashes. */
export async function imagesWithoutVector(db: PrismaClient, projectId: string, modelId: string): Promise<WaitingImage[]> {
  return db.image.findMany({
    where: { projectId, excluded: false, features: { none: { modelId } } }, orderBy: { sha256: 'asc' }, select: { id: true, sha256: true, displaySha256: true, orientation: true },
  });
}

/** The iteration that is under way; the first one is opened here, and an open one without a model gets this one. */
export async function openIteration(db: PrismaClient, projectId: string, modelId: string): Promise<string> {
  return db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT id FROM "Project" WHERE id = ${projectId} FOR UPDATE`; // two nodes must not open two
    const latest = await tx.iteration.findFirst({ where: { projectId }, orderBy: { number: 'desc' } });
    if (latest && latest.endedAt === null) {
      if (latest.modelId === null) await tx.iteration.update({ where: { id: latest.id }, data: { modelId } });
      return latest.id;
    }
    const made = await tx.iteration.create({ data: { id: newId(), projectId, number: (latest?.number ?? 0) + 1, modelId } });
    return made.id;
  });
}

export interface TaskPlan {
  readonly projectId: string;
  readonly imageId: string;
  readonly iterationId: string;
  readonly predictionSetId: string;
  readonly priority: number;
  readonly reason: string;
}

/**
 * Gives the image its task, or its untouched tasks the new prediction set. A task with unsubmitted edits, or in somebody's hands, keeps the set that
 * those edits were made against; so does its second copy, since two people can only be compared on the same predictions. Returns the task's id where
 * something changed.
 */
export async function assignSet(db: PrismaClient, plan: TaskPlan): Promise<string | null> {
  const { projectId, imageId, iterationId, predictionSetId, priority, reason } = plan;
  return db.$transaction(async (tx) => {
    const open = await tx.$queryRaw<{ id: string; bound: boolean; same: boolean }[]>`
      SELECT id, dirty OR (state = 'assigned' AND "leaseUntil" > now() AT TIME ZONE 'UTC') AS bound, "predictionSetId" IS NOT DISTINCT FROM ${predictionSetId} AND "iterationId" = ${iterationId} AS same
      FROM "Task" WHERE "imageId" = ${imageId} AND state IN ('pending', 'assigned') ORDER BY copy FOR UPDATE`;
    if (open.length === 0) return createTask(tx, { projectId, imageId, iterationId, predictionSetId, priority, reason });
    if (open.some((t) => t.bound) || open.every((t) => t.same)) return null;
    const ids = { in: open.map((t) => t.id) };
    await tx.task.updateMany({ where: { id: ids }, data: { predictionSetId, iterationId, state: 'pending', assigneeId: null, leaseUntil: null } });
    // What a person put in front stays there, whatever the new model thinks of it.
    await tx.task.updateMany({ where: { id: ids, priority: { lt: FRONT } }, data: { priority, reason } });
    return open[0]?.id ?? null;
  });
}
