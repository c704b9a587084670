/** The second task of images that two people correct without seeing each other. Which copy is the label and which one measures is decided by who submits first. */
import { isOverlapped } from '#core/agreement/overlap.ts';
import { newId } from '#core/ids.ts';
import { EmendError } from '#core/errors.ts';
import type { Prisma, PrismaClient } from '#prisma';
import type { Person } from '../../context.ts';
import { readSettings } from '../projects/index.ts';

type Db = Prisma.TransactionClient;

export interface NewTask {
  projectId: string;
  imageId: string;
  iterationId: string;
  predictionSetId?: string;
  priority?: number;
  reason?: string;
}

/** Gives an image its task, and a second one when it belongs to the project's overlap. Returns the new task's id; null = the image has one in this iteration. */
export async function createTask(db: Db, task: NewTask): Promise<string | null> {
  const project = await db.project.findUniqueOrThrow({ where: { id: task.projectId }, select: { settings: true } });
  const twice = isOverlapped(task.imageId, readSettings(project.settings).overlap);
  const id = newId();
  const { count } = await db.task.createMany({ data: [{ ...task, id, blind: twice }], skipDuplicates: true });
  if (count === 0) return null;
  if (twice) await db.task.createMany({ data: [{ ...task, id: newId(), copy: 1, blind: true }], skipDuplicates: true });
  return id;
}

/** After the project's share has changed: images that nobody has begun get their second task, or lose one that nobody has touched. Idempotent. True = something changed. */
export async function followOverlap(db: PrismaClient, projectId: string): Promise<boolean> {
  return db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT id FROM "Project" WHERE id = ${projectId} FOR UPDATE`; // one after the other: each reads the settings in force
    const { settings } = await tx.project.findUniqueOrThrow({ where: { id: projectId }, select: { settings: true } });
    const { overlap } = readSettings(settings);
    const open = await tx.task.findMany({
      where: { projectId, state: 'pending', dirty: false, docSeq: 0, revisions: { none: {} } },
      select: { id: true, imageId: true, iterationId: true, predictionSetId: true, priority: true, reason: true, copy: true, blind: true },
    });
    const lost = open.filter((t) => t.copy === 1 && !isOverlapped(t.imageId, overlap));
    const gone = await removeTasks(tx, lost.map((t) => t.id));
    const single = lost.filter((t) => gone.has(t.id)).map((t) => t.imageId);
    await tx.task.updateMany({ where: { projectId, copy: 0, blind: true, imageId: { in: single } }, data: { blind: false } });
    const alone = open.filter((t) => t.copy === 0 && !t.blind && isOverlapped(t.imageId, overlap));
    const added = alone.map(({ id: _id, ...task }) => ({ ...task, id: newId(), projectId, copy: 1, blind: true }));
    await tx.task.createMany({ data: added, skipDuplicates: true });
    await tx.task.updateMany({ where: { id: { in: alone.map((t) => t.id) } }, data: { blind: true } });
    return gone.size + added.length > 0;
  }, { timeout: 60_000 });
}

interface Locked {
  id: string;
  state: string;
  blind: boolean;
  seenBy: string[];
}

/** The tasks of one image in one iteration, locked in one order, so that two submits of a pair take turns. */
export async function lockPair(tx: Db, taskId: string): Promise<Locked[]> {
  return tx.$queryRaw<Locked[]>`
    SELECT t.id, t.state, t.blind, t."seenBy" FROM "Task" t JOIN "Task" one ON one."imageId" = t."imageId" AND one."iterationId" = t."iterationId"
    WHERE one.id = ${taskId} ORDER BY t.copy FOR UPDATE OF t`;
}

/** Whether this person makes their outcome of one of two copies without having seen the other, or having been able to: a skip ends the blindness too. */
export function isMadeBlind(pair: readonly Locked[], taskId: string, userId: string): boolean {
  return pair.some((t) => t.id === taskId && t.blind) && !pair.some((t) => t.id !== taskId && t.seenBy.includes(userId));
}

/**
 * Nobody ends an image under a colleague's hands. The row must be locked, or the colleague could take it a moment later.
 * @throws EmendError `conflict` while somebody else holds the live lease; what is only kept for them, or has run out, is no obstacle.
 */
export async function refuseInHand(tx: Db, taskId: string, person: Person, consequence: (holder: string) => string): Promise<void> {
  const [holder] = await tx.$queryRaw<{ name: string }[]>`
    SELECT u.name FROM "Task" t JOIN "User" u ON u.id = t."assigneeId"
    WHERE t.id = ${taskId} AND t.state = 'assigned' AND NOT t.reserved AND t."leaseUntil" > now() AT TIME ZONE 'UTC' AND u.id <> ${person.id}`;
  if (holder) throw new EmendError('conflict', `${holder.name} has this image in hand now. ${consequence(holder.name)}`);
}

/** When neither copy is open any more, both may be seen. */
export async function settlePair(tx: Db, taskId: string): Promise<void> {
  const pair = await lockPair(tx, taskId);
  if (pair.some(({ state }) => state === 'pending' || state === 'assigned')) return;
  await tx.task.updateMany({ where: { id: { in: pair.map((t) => t.id) }, blind: true }, data: { blind: false } });
}

/**
 * Moves the open tasks of a project to its next iteration, pairs together. A copy whose image is done stays behind: where somebody has begun, to be finished
 * as a measure of that iteration; where nobody has, there is no use for it any more and it goes.
 */
export async function moveOpenTasks(tx: Db, projectId: string, iterationId: string): Promise<void> {
  const stay = await tx.$queryRaw<{ id: string; untouched: boolean }[]>`
    SELECT t.id, (t.state = 'pending' AND NOT t.dirty AND t."docSeq" = 0) AS untouched FROM "Task" t
    WHERE t."projectId" = ${projectId} AND t.state IN ('pending', 'assigned', 'skipped') AND EXISTS (
      SELECT 1 FROM "Task" o JOIN "Revision" r ON r."taskId" = o.id WHERE o."imageId" = t."imageId" AND o."iterationId" = t."iterationId" AND o.copy <> t.copy)`;
  const untouched = stay.filter((t) => t.untouched).map((t) => t.id);
  for (const id of untouched) {
    const others = (await lockPair(tx, id)).filter((t) => t.id !== id);
    if (!(await removeTasks(tx, [id])).has(id)) continue;
    if (others.every(({ state }) => state === 'submitted' || state === 'skipped')) await tx.task.updateMany({ where: { id: { in: others.map((t) => t.id) } }, data: { blind: false } });
  }
  await tx.task.updateMany({ where: { projectId, state: { in: ['pending', 'assigned', 'skipped'] }, id: { notIn: stay.map((t) => t.id) } }, data: { iterationId } });
}

/** Takes away tasks that hold nothing, and says which. The conditions are in the statement: somebody may have begun since they were read. */
async function removeTasks(tx: Db, ids: string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const gone = await tx.$queryRaw<{ id: string }[]>`
    DELETE FROM "Task" t WHERE t.id = ANY(${ids}::text[]) AND t.state = 'pending' AND NOT t.dirty AND t."docSeq" = 0
      AND NOT EXISTS (SELECT 1 FROM "Revision" r WHERE r."taskId" = t.id) RETURNING t.id`;
  return new Set(gone.map((t) => t.id));
}
