import { EmendError } from '#core/errors.ts';
import type { PrismaClient } from '#prisma';
import type { Bus, Person } from '../../context.ts';
import { settlePair } from './copies.ts';
import { LEASE_MS } from './handOut.ts';

interface Parts {
  db: PrismaClient;
  bus: Bus;
}

/** Lays a task aside: it is neither handed out again nor trained on, until somebody opens it again. */
export async function skip(parts: Parts, taskId: string, person: Person, reason: string | undefined): Promise<void> {
  const { count } = await parts.db.task.updateMany({
    where: { id: taskId, state: { in: ['pending', 'assigned'] } },
    data: { state: 'skipped', skipReason: reason ?? null, assigneeId: person.id, leaseUntil: null },
  });
  if (count > 0) await parts.db.$transaction((tx) => settlePair(tx, taskId));
  else await refuseUnless(parts.db, taskId, 'skipped', 'This image has been submitted already, so it was not skipped. Open it again ("Back") first.');
  await tell(parts, taskId, person);
}

export async function flag(parts: Parts, taskId: string, person: Person, flagged: boolean): Promise<void> {
  await parts.db.task.update({ where: { id: taskId }, data: { flagged } });
  await tell(parts, taskId, person);
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
