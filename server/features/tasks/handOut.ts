/** Who works on what. A task in hand is `assigned` with a lease; when the lease ends, it is anybody's again. */
import type { Holder } from '#core/api/image.ts';
import { EmendError } from '#core/errors.ts';
import { Prisma, type PrismaClient } from '#prisma';
import { takeTurns, unseen } from '../../blind.ts';

/** Whoever has a task open has its lease renewed (leases.ts); this long it lives without: enough for the page to open, or for a script without a socket. */
export const LEASE_MS = 5 * 60_000;
/** The image after the present one is kept for its person this long, so that two people who submit together do not meet on it. */
const RESERVE_MS = 3 * 60_000;
/** With fewer images left than this, nothing is reserved: the last ones are for whoever comes. */
const RESERVE_FROM = 10;

/**
 * The lease has run out. For two rounds of the sweeper (leases.ts) it is the sweeper's: it knows who has the image open beside the one who went, and a
 * stranger must not get it meanwhile.
 */
const LAPSED = Prisma.sql`(t.state = 'assigned' AND (t."leaseUntil" IS NULL OR t."leaseUntil" < now() AT TIME ZONE 'UTC' - interval '10 seconds'))`;
const inHandOf = (userId: string): Prisma.Sql => Prisma.sql`(t.state = 'assigned' AND t."assigneeId" = ${userId})`;
/** What a reviewer sent back waits this long for whoever submitted it, before it is anybody's. */
export const RETURNED_MS = 24 * 3_600_000;
const notKept = (userId: string): Prisma.Sql =>
  Prisma.sql`(t."returnedToId" IS NULL OR t."returnedToId" = ${userId} OR t."returnedAt" < now() AT TIME ZONE 'UTC' - ${RETURNED_MS}::int * interval '1 millisecond')`;
/** Kept for a colleague who has not opened it. */
const RESERVED = Prisma.sql`(t.state = 'assigned' AND t.reserved)`;
const take = (userId: string, leaseMs: number, reserved = false): Prisma.Sql => Prisma.sql`
  UPDATE "Task" SET state = 'assigned', 
    reserved = ${reserved} AND NOT (state = 'assigned' AND "assigneeId" = ${userId} AND NOT reserved), "assigneeId" = ${userId}, "leaseUntil" = now() AT TIME ZONE 'UTC' + ${leaseMs}::int * interval '1 millisecond',
    "seenBy" = CASE WHEN ${userId} = ANY("seenBy") THEN "seenBy" ELSE array_append("seenBy", ${userId}) END`;

export interface Wish {
  projectId: string;
  userId: string;
  /** Tasks that must not be handed out, such as the one that is just being submitted. */
  except?: readonly string[];
  leaseMs?: number;
  /** Only kept for later: then nothing is taken that is kept for somebody else. */
  reserve?: boolean;
  /** Only what the model has looked at: it is on its way to the others. */
  predicted?: boolean;
}

/**
 * Hands one open task of a project out: the person's own one that they have in hand, else one that a reviewer sent back to them, else one that they left
 * with unsubmitted edits, else one whose lease has run out, else the most urgent that nobody has begun, else one that is only kept for a colleague. One statement with SKIP LOCKED, so that any number
 * of people who ask at the same moment all get different ones. null = nothing is left.
 */
export async function handOut(db: PrismaClient, wish: Wish): Promise<string | null> {
  // A row that somebody else's statement holds for a moment (a flag, a claim that fails) may be the last one: then it is worth waiting for.
  return (await pick(db, wish, Prisma.sql`FOR UPDATE OF t SKIP LOCKED`)) ?? (await pick(db, wish, Prisma.sql`FOR UPDATE OF t`));
}

async function pick(db: PrismaClient, { projectId, userId, except = [], leaseMs = LEASE_MS, reserve: later = false, predicted = false }: Wish, lock: Prisma.Sql): Promise<string | null> {
  // Each is looked for only when the one before found nothing, by the index of state and priority.
  const first = (which: Prisma.Sql): Prisma.Sql => Prisma.sql`(
    SELECT t.id FROM "Task" t WHERE t."projectId" = ${projectId} AND ${which} AND NOT (t.id = ANY(${[...except]}::text[])) AND ${unseen(userId)} AND ${notKept(userId)}
    ORDER BY t.priority DESC, t.copy, t.id LIMIT 1 ${lock})`;
  const ready = predicted ? Prisma.sql`t."predictionSetId" IS NOT NULL` : Prisma.sql`TRUE`;
  const begun = Prisma.sql`t.state = 'pending' AND t.dirty AND ${userId} = ANY(t."seenBy")`;
  const [, rows] = await db.$transaction([
    takeTurns(db, projectId, userId),
    db.$queryRaw<{ id: string }[]>`
      ${take(userId, leaseMs, later)} WHERE id = COALESCE(
        ${first(inHandOf(userId))}, ${first(Prisma.sql`t.state = 'pending' AND t."returnedToId" = ${userId}`)}, ${first(begun)}, ${first(Prisma.sql`${LAPSED} AND ${ready}`)}, ${first(Prisma.sql`t.state = 'pending' AND ${ready}`)},
        ${later ? Prisma.sql`NULL` : first(Prisma.sql`${RESERVED} AND ${ready}`)}
      ) RETURNING id`,
  ]);
  return rows[0]?.id ?? null;
}

/** Takes a certain task into one's hands, when nobody else has it and no reviewer sent it back to somebody else. False = so it is, or it is done: one may still look on and help. */
export async function claim(db: PrismaClient, projectId: string, taskId: string, userId: string): Promise<boolean> {
  const [, count] = await db.$transaction([
    takeTurns(db, projectId, userId),
    db.$executeRaw`${take(userId, LEASE_MS)} WHERE id = (SELECT t.id FROM "Task" t WHERE t.id = ${taskId} AND (t.state = 'pending' OR ${inHandOf(userId)} OR ${LAPSED} OR ${RESERVED}) AND ${unseen(userId)} AND ${notKept(userId)} FOR UPDATE)`,
  ]);
  return count === 1;
}

/** Keeps the next image for somebody who works through many. */
export async function reserve(db: PrismaClient, wish: Wish, current: string): Promise<void> {
  const pending = await db.task.count({ where: { projectId: wish.projectId, state: 'pending' } });
  if (pending >= RESERVE_FROM) await handOut(db, { ...wish, except: [current], leaseMs: RESERVE_MS, reserve: true });
}

/** Which colleague has a task in hand right now, or is to get it back from the reviewers; null = nobody, or this person. */
export async function holderOf(db: PrismaClient, taskId: string, userId: string): Promise<Holder | null> {
  const [row] = await db.$queryRaw<Holder[]>`
    SELECT u.id, u.name FROM "Task" t JOIN "User" u ON u.id = CASE WHEN t.state = 'assigned' THEN t."assigneeId" ELSE t."returnedToId" END
    WHERE t.id = ${taskId} AND u.id <> ${userId} AND (
      (t.state = 'assigned' AND NOT t.reserved AND t."leaseUntil" > now() AT TIME ZONE 'UTC') OR (t.state = 'pending' AND NOT ${notKept(userId)}))`;
  return row ?? null;
}

/** The iteration that is worked on: the newest. */
export async function currentIteration(db: PrismaClient, projectId: string): Promise<string> {
  const row = await db.iteration.findFirst({ where: { projectId }, orderBy: { number: 'desc' }, select: { id: true } });
  if (!row) throw new EmendError('not_found', 'This project has no images yet. Import some first.');
  return row.id;
}
