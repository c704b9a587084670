import { newId } from '#core/ids.ts';
import type { Prisma, PrismaClient } from '#prisma';
import { currentIteration, LEASE_MS } from '../tasks/index.ts';

/**
 * The task in which the accepted labels of an image are corrected. Of a submitted image the one that they come from: it is shown, and opened again when the person says so.
 * Of an image that came with its labels and was never given to anybody, one is made: without predictions, so that those labels are what is corrected. It is in the
 * person's hands, enters no queue while they have it, and goes again when they leave it as it was. Returns the task's id.
 */
export async function taskFor(db: PrismaClient, { projectId, imageId, personId }: { projectId: string; imageId: string; personId: string }): Promise<string> {
  const iterationId = await currentIteration(db, projectId);
  return db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT id FROM "Image" WHERE id = ${imageId} FOR UPDATE`; // two who ask at once get the same one
    const revision = await tx.revision.findFirst({ where: { imageId, task: { measures: false } }, orderBy: [{ createdAt: 'desc' }, { number: 'desc' }], select: { taskId: true } });
    if (revision) return revision.taskId;
    return (await waiting(tx, imageId)) ?? make(tx, { projectId, imageId, iterationId, personId });
  });
}

/** A task that somebody has begun, or may begin: of an image that was labelled by an import after it was queued. What nobody has touched goes by the labels from now on. */
async function waiting(tx: Prisma.TransactionClient, imageId: string): Promise<string | null> {
  const task = await tx.task.findFirst({ where: { imageId, measures: false }, orderBy: { createdAt: 'desc' }, select: { id: true } });
  if (!task) return null;
  await tx.task.updateMany({ where: { id: task.id, state: 'pending', dirty: false, docSeq: 0, revisions: { none: {} } }, data: { predictionSetId: null } });
  return task.id;
}

async function make(tx: Prisma.TransactionClient, { personId, ...place }: { projectId: string; imageId: string; iterationId: string; personId: string }): Promise<string> {
  const { id } = await tx.task.create({
    data: { id: newId(), ...place, asked: true, state: 'assigned', assigneeId: personId, leaseUntil: new Date(Date.now() + LEASE_MS), seenBy: [personId], reason: 'second look at its labels' }, select: { id: true },
  });
  return id;
}
