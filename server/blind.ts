/**
 * Overlapped images are corrected by two people who must not see each other's work until both are done. Everything that shows tasks or revisions asks
 * here. Reviewers and administrators see all: they settle what the two disagree on. Viewers are kept as blind as annotators: what they saw they could tell,
 * or correct tomorrow.
 */
import { EmendError } from '#core/errors.ts';
import { Prisma, type PrismaClient } from '#prisma';
import { atLeast, type ProjectRole } from './access.ts';

/** Whose eyes a list is for: the id of somebody who sees no copy but their own, or null = sees everything. */
export type Eyes = string | null;

/** Of images that two people correct blind, this role sees only what the person had in hand. */
export const isBlinded = (role: ProjectRole): boolean => !atLeast(role, 'reviewer');

export function eyesOf(person: { id: string }, role: ProjectRole): Eyes {
  return isBlinded(role) ? person.id : null;
}

/** The tasks of which these eyes may know how they stand. */
export function visibleTasks(eyes: Eyes): Prisma.TaskWhereInput {
  return eyes === null ? {} : { OR: [{ blind: false }, { seenBy: { has: eyes } }] };
}

/** The same as a condition on the task row `alias`. */
export function visibleTask(eyes: Eyes, alias: 't' | 'x'): Prisma.Sql {
  const row = Prisma.raw(alias);
  return eyes === null ? Prisma.sql`true` : Prisma.sql`(NOT ${row}.blind OR ${eyes} = ANY(${row}."seenBy"))`;
}

/** The same of a row at hand. */
export function maySee(eyes: Eyes, task: { blind: boolean; seenBy: readonly string[] }): boolean {
  return eyes === null || !task.blind || task.seenBy.includes(eyes);
}

/** The revisions that these eyes may see. */
export function visibleRevisions(eyes: Eyes): Prisma.RevisionWhereInput {
  return eyes === null ? {} : { task: visibleTasks(eyes) };
}

/** The revisions that count as an image's labels, as far as these eyes may see them. Those of the copy that only measures never do. */
export function countingRevisions(eyes: Eyes = null): Prisma.RevisionWhereInput {
  return { AND: [{ task: { measures: false } }, visibleRevisions(eyes)] };
}

/** Ids of the tasks of a project that somebody must neither be given nor see: the other copy of what they had, and one that a colleague has in hand, has submitted or laid aside. */
export async function hiddenTasks(db: PrismaClient, projectId: string, userId: string): Promise<string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT t.id FROM "Task" t WHERE t."projectId" = ${projectId} AND t.blind AND NOT ${userId} = ANY(t."seenBy") AND (
      t.state IN ('submitted', 'skipped') OR (t.state = 'assigned' AND t."leaseUntil" > now() AT TIME ZONE 'UTC') OR (t."imageId", t."iterationId") IN (SELECT o."imageId", o."iterationId" FROM "Task" o WHERE o."projectId" = ${projectId} AND o.blind AND ${userId} = ANY(o."seenBy"))
    )`;
  return rows.map((row) => row.id);
}

/** Ids of the images of which these eyes must not see the label yet: a colleague has submitted a copy, and they have the other or may get it. */
export async function hiddenImages(db: PrismaClient, projectId: string, eyes: Eyes): Promise<string[]> {
  if (eyes === null) return [];
  // Whatever became of the task since: opened again or sent back, what was submitted is still a colleague's.
  const rows = await db.task.findMany({ where: { projectId, blind: true, NOT: { seenBy: { has: eyes } }, revisions: { some: {} } }, distinct: ['imageId'], select: { imageId: true } });
  return rows.map((row) => row.imageId);
}

/** @throws EmendError `forbidden` when the task is a copy whose content this person must not see yet; whoever cannot be given one (`mayTake` false) sees none. */
export async function refuseBlindTask(db: PrismaClient, taskId: string, userId: string, mayTake = true): Promise<void> {
  const task = await db.task.findUnique({ where: { id: taskId }, select: { blind: true, seenBy: true, state: true, assigneeId: true, leaseUntil: true, imageId: true, iterationId: true, copy: true } });
  if (!task?.blind || task.seenBy.includes(userId)) return;
  const { imageId, iterationId, copy } = task;
  const other = await db.task.count({ where: { imageId, iterationId, copy: { not: copy }, seenBy: { has: userId } } });
  const held = task.state === 'assigned' && task.assigneeId !== userId && task.leaseUntil !== null && task.leaseUntil > new Date();
  if (!mayTake || other > 0 || held || task.state === 'submitted' || task.state === 'skipped') throw blind();
}

/** Condition on a task `t`: who has had one copy of an image that two people correct never gets the other. */
export const unseen = (userId: string): Prisma.Sql => Prisma.sql`NOT (t.blind AND NOT ${userId} = ANY(t."seenBy") AND EXISTS (
  SELECT 1 FROM "Task" o WHERE o."imageId" = t."imageId" AND o."iterationId" = t."iterationId" AND o.copy <> t.copy AND ${userId} = ANY(o."seenBy")))`;

/** One person's own requests take turns, or two at once could get both copies of one image. Ends with the transaction. */
export function takeTurns(db: Prisma.TransactionClient, projectId: string, userId: string): Prisma.PrismaPromise<number> {
  return db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`${projectId} ${userId}`}, 0))`;
}

/** Before somebody sees what a copy holds, or submits it: from now on it is the one that they have had. @throws EmendError `forbidden` when that is the other one. */
export async function enterCopy(db: PrismaClient, taskId: string, userId: string): Promise<void> {
  const task = await db.task.findUnique({ where: { id: taskId }, select: { blind: true, seenBy: true, projectId: true } });
  if (!task?.blind || task.seenBy.includes(userId)) return;
  const [, count] = await db.$transaction([
    takeTurns(db, task.projectId, userId),
    db.$executeRaw`
      UPDATE "Task" t SET "seenBy" = CASE WHEN ${userId} = ANY(t."seenBy") THEN t."seenBy" ELSE array_append(t."seenBy", ${userId}) END
      WHERE t.id = ${taskId} AND ${unseen(userId)}`,
  ]);
  if (count === 0) throw blind();
}

/**
 * Before somebody is shown what became of a copy. A reviewer may look into either; having looked, they have had it: what they submit of the other is no
 * measure. @throws EmendError `forbidden` for eyes that may not.
 */
export async function lookAtOutcome(db: PrismaClient, taskId: string, eyes: Eyes, userId: string): Promise<void> {
  if ((await db.task.count({ where: { id: taskId, ...visibleTasks(eyes) } })) === 0) throw blind();
  await db.$executeRaw`UPDATE "Task" SET "seenBy" = array_append("seenBy", ${userId}) WHERE id = ${taskId} AND blind AND NOT ${userId} = ANY("seenBy")`;
}

/** @throws EmendError `forbidden` */
export async function refuseBlindRevision(db: PrismaClient, revisionId: string, userId: string): Promise<void> {
  const hidden = await db.revision.count({ where: { id: revisionId, NOT: visibleRevisions(userId) } });
  if (hidden > 0) throw blind();
}

/** @throws EmendError `forbidden` for a file that holds labels which these eyes must not see yet. */
export async function refuseBlindFile(db: PrismaClient, projectId: string, eyes: Eyes, where: Prisma.DatasetItemWhereInput): Promise<void> {
  const hidden = await hiddenImages(db, projectId, eyes);
  if (hidden.length > 0 && (await db.datasetItem.count({ where: { ...where, imageId: { in: hidden } } })) > 0) {
    throw new EmendError('forbidden', 'This file holds outcomes of images that two people correct without seeing each other, and you may be the second one. Ask a reviewer for it, or wait until both have submitted.');
  }
}

function blind(): EmendError {
  return new EmendError('forbidden', 'Two people correct this image without seeing each other, to measure how well they agree, and this is the colleague\'s part. You can see it when both have submitted.');
}
