import { EmendError } from '#core/errors.ts';
import type { PrismaClient } from '#prisma';
import type { Bus, Person } from '../../context.ts';
import { readSettings } from '../projects/index.ts';
import { lockPair, refuseInHand, settlePair } from './copies.ts';
import { LEASE_MS } from './handOut.ts';
import { queueAfterFlag, reviewStateOf } from './reviews.ts';

interface Parts {
  db: PrismaClient;
  bus: Bus;
}

/** Lays a task aside: it is neither handed out again nor trained on, until somebody opens it again. @throws EmendError `conflict` while a colleague has it in hand. */
export async function skip(parts: Parts, taskId: string, person: Person, reason: string | undefined): Promise<void> {
  const count = await parts.db.$transaction(async (tx) => {
    await lockPair(tx, taskId);
    await refuseInHand(tx, taskId, person, (holder) => `So it was not skipped; ${holder} submits or skips it.`);
    const skipped = await tx.task.updateMany({
      where: { id: taskId, state: { in: ['pending', 'assigned'] } },
      data: { state: 'skipped', skipReason: reason ?? null, assigneeId: person.id, leaseUntil: null },
    });
    if (skipped.count > 0) await settlePair(tx, taskId);
    return skipped.count;
  });
  if (count === 0) await refuseUnless(parts.db, taskId, 'skipped', 'This image has been submitted already, so it was not skipped. Open it again ("Back") first.');
  await tell(parts, taskId, person);
}

/** Asks for a second look. What is submitted already goes to the reviewers at once, anything else with its submit. */
export async function flag(parts: Parts, taskId: string, person: Person, flagged: boolean, note?: string): Promise<void> {
  const row = await parts.db.$transaction(async (tx) => {
    await lockPair(tx, taskId);
    const task = await tx.task.findUniqueOrThrow({ where: { id: taskId }, select: { id: true, state: true, review: true, reviewReason: true, project: { select: { settings: true } } } });
    const data = { flagged, flagNote: flagged ? (note?.trim() || null) : null };
    return tx.task.update({ where: { id: taskId }, data: { ...data, ...queueAfterFlag({ ...task, flagged }, readSettings(task.project.settings).review) }, select: { projectId: true, review: true } });
  });
  await tell(parts, taskId, person);
  parts.bus.emit(row.projectId, { type: 'review', task: taskId, state: reviewStateOf(row.review), by: person.id });
}

/** "Back": the task is in the person's hands again, with its document as it was. Its revisions stay; the next submit makes another. */
export async function reopen(parts: Parts, taskId: string, person: Person): Promise<void> {
  const { count } = await parts.db.task.updateMany({
    where: { id: taskId, state: { in: ['submitted', 'skipped'] } },
    data: { state: 'assigned', outcome: null, submittedAt: null, skipReason: null, dirty: true, assigneeId: person.id, leaseUntil: new Date(Date.now() + LEASE_MS) },
  });
  if (count === 0) {
    const row = await parts.db.task.findUnique({ where: { id: taskId }, select: { assigneeId: true, leaseUntil: true } });
    const elsewhere = row?.assigneeId && row.assigneeId !== person.id && row.leaseUntil && row.leaseUntil > new Date();
    if (elsewhere) throw new EmendError('conflict', 'Somebody else has this image open again already. You can join them there.');
  }
  await tell(parts, taskId, person);
}

async function refuseUnless(db: PrismaClient, taskId: string, state: string, message: string): Promise<void> {
  const row = await db.task.findUnique({ where: { id: taskId }, select: { state: true } });
  if (row?.state !== state) throw new EmendError('conflict', message);
}

async function tell({ db, bus }: Parts, taskId: string, person: Person): Promise<void> {
  const row = await db.task.findUniqueOrThrow({ where: { id: taskId }, select: { projectId: true, imageId: true, state: true } });
  bus.emit(row.projectId, { type: 'task', task: taskId, image: row.imageId, state: row.state, by: person.id });
  bus.emit(row.projectId, { type: 'loop' });
}
