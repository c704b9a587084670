/** Who works on what. A task in hand is `assigned` with a lease; when the lease ends, it is anybody's again. */
import { EmendError } from '#core/errors.ts';
import type { PrismaClient } from '#prisma';

export const LEASE_MS = 15 * 60_000;
/** The image after the present one is kept for its person this long, so that two people who submit together do not meet on it. */
const RESERVE_MS = 3 * 60_000;
/** With fewer images left than this, nothing is reserved: the last ones are for whoever comes. */
const RESERVE_FROM = 10;

export interface Claimed {
  id: string;
}

/**
 * Hands one open task of a project out: the person's own one that they have in hand, else the most urgent one that nobody has. One statement with
 * SKIP LOCKED, so that any number of people who ask at the same moment all get different ones. null = nothing is left.
 */
export async function handOut(db: PrismaClient, projectId: string, userId: string, except: readonly string[] = [], leaseMs = LEASE_MS): Promise<string | null> {
  const rows = await db.$queryRaw<Claimed[]>`
    UPDATE "Task" SET state = 'assigned', "assigneeId" = ${userId}, "leaseUntil" = now() AT TIME ZONE 'UTC' + ${leaseMs}::int * interval '1 millisecond'
    WHERE id = (
      SELECT id FROM "Task"
      WHERE "projectId" = ${projectId} AND NOT (id = ANY(${[...except]}::text[])) AND (
        state = 'pending' OR (state = 'assigned' AND ("assigneeId" = ${userId} OR "leaseUntil" IS NULL OR "leaseUntil" < now() AT TIME ZONE 'UTC'))
      )
      ORDER BY (state = 'assigned' AND "assigneeId" = ${userId}) DESC, priority DESC, id
      LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING id`;
  return rows[0]?.id ?? null;
}

/** Takes a certain task into one's hands, when nobody else has it. False = somebody else has, or it is done: one may still look on and help. */
export async function claim(db: PrismaClient, taskId: string, userId: string): Promise<boolean> {
  const count = await db.$executeRaw`
    UPDATE "Task" SET state = 'assigned', "assigneeId" = ${userId}, "leaseUntil" = now() AT TIME ZONE 'UTC' + ${LEASE_MS}::int * interval '1 millisecond'
    WHERE id = ${taskId} AND (state = 'pending' OR (state = 'assigned' AND ("assigneeId" = ${userId} OR "leaseUntil" IS NULL OR "leaseUntil" < now() AT TIME ZONE 'UTC')))`;
  return count === 1;
}

/** Keeps the next image for somebody who works through many. */
export async function reserve(db: PrismaClient, projectId: string, userId: string, current: string): Promise<void> {
  const pending = await db.task.count({ where: { projectId, state: 'pending' } });
  if (pending >= RESERVE_FROM) await handOut(db, projectId, userId, [current], RESERVE_MS);
}

/** The iteration that is worked on: the newest. */
export async function currentIteration(db: PrismaClient, projectId: string): Promise<string> {
  const row = await db.iteration.findFirst({ where: { projectId }, orderBy: { number: 'desc' }, select: { id: true } });
  if (!row) throw new EmendError('not_found', 'This project has no images yet. Import some first.');
  return row.id;
}
