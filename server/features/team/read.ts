/** The Team screen's figures, from the rows themselves. */
import type { Lease, Pace, Team, TeamPerson } from '#core/api/team.ts';
import { HOUR_MS, PAUSE_MS, throughput } from '#core/team/throughput.ts';
import type { PrismaClient } from '#prisma';
import { atLeast, isRole, type ProjectRole } from '../../access.ts';
import type { Person } from '../../context.ts';
import { eyesOf } from '../../blind.ts';
import { progressOfQueue } from '../../progress.ts';
import { readSettings } from '../projects/index.ts';
import { currentIteration } from '../tasks/index.ts';

export interface Asking {
  projectId: string;
  person: Person;
  role: ProjectRole;
  /** When their day began. */
  today: Date;
}

export async function readTeam(db: PrismaClient, asking: Asking, now = new Date()): Promise<Team> {
  const { projectId } = asking;
  const iterationId = await currentIteration(db, projectId);
  const [iteration, progress, times, paces, overlap, leases, open] = await Promise.all([
    db.iteration.findUniqueOrThrow({ where: { id: iterationId }, select: { number: true, project: { select: { settings: true } } } }),
    progressOfQueue(db, projectId, iterationId, eyesOf(asking.person, asking.role)),
    submitTimes(db, projectId, new Date(now.getTime() - HOUR_MS - PAUSE_MS)),
    readPaces(db, projectId, iterationId, asking.today, now),
    readOverlap(db, projectId, iterationId),
    readLeases(db, projectId),
    db.task.count({ where: { projectId, state: { in: ['pending', 'assigned'] } } }),
  ]);
  const { images, submitted, corrected, left, skipped, flagged } = progress;
  return {
    now: now.toISOString(), iteration: iteration.number, images, submitted, corrected, left, skipped, flagged, open, ...throughput(times, open, now.getTime()),
    lastHour: sum(paces, 'lastHour'), today: sum(paces, 'today'),
    overlap: { share: readSettings(iteration.project.settings).overlap, ...overlap }, leases,
    people: await readPeople(db, asking, paces),
  };
}

interface PaceRow extends Pace {
  id: string;
  lastSubmitAt: Date;
}

function sum(rows: readonly PaceRow[], key: 'lastHour' | 'today'): number {
  return rows.reduce((total, row) => total + row[key], 0);
}

/** Of every person who has submitted in the iteration or today. */
async function readPaces(db: PrismaClient, projectId: string, iterationId: string, today: Date, now: Date): Promise<PaceRow[]> {
  const hour = new Date(now.getTime() - HOUR_MS).toISOString();
  const since = today.toISOString();
  const rows = await db.$queryRaw<{ id: string; lastHour: number; today: number; images: number; ms: number; correctedMs: number; corrections: number; corrected: number; lastSubmitAt: Date }[]>`
    SELECT "submittedById" AS id, max("createdAt") AS "lastSubmitAt",
      count(*) FILTER (WHERE "createdAt" > ${hour}::timestamp)::int AS "lastHour", count(*) FILTER (WHERE "createdAt" >= ${since}::timestamp)::int AS today,
      count(*) FILTER (WHERE own)::int AS images, COALESCE(sum("timeMs") FILTER (WHERE own), 0)::float8 AS ms,
      COALESCE(sum("timeMs") FILTER (WHERE own AND status = 'corrected'), 0)::float8 AS "correctedMs",
      COALESCE(sum(corrections) FILTER (WHERE own), 0)::int AS corrections, count(*) FILTER (WHERE own AND status = 'corrected')::int AS corrected
    FROM (
      SELECT r.*, r."iterationId" = ${iterationId} AS own FROM "Revision" r
      WHERE r."iterationId" = ${iterationId} OR (r."iterationId" IN (SELECT id FROM "Iteration" WHERE "projectId" = ${projectId}) AND r."createdAt" >= LEAST(${hour}::timestamp, ${since}::timestamp))
    ) r GROUP BY "submittedById"`;
  return rows.map(({ ms, correctedMs, corrections, corrected, ...row }) => ({
    ...row, secondsPerImage: row.images ? ms / row.images / 1000 : null, secondsPerCorrection: corrections ? correctedMs / corrections / 1000 : null, correctedShare: row.images ? corrected / row.images : null,
  }));
}

async function submitTimes(db: PrismaClient, projectId: string, since: Date): Promise<number[]> {
  const rows = await db.revision.findMany({ where: { createdAt: { gt: since }, task: { projectId } }, select: { createdAt: true } });
  return rows.map((row) => row.createdAt.getTime());
}

/** Images with two tasks, and how many of them both people have done. */
async function readOverlap(db: PrismaClient, projectId: string, iterationId: string): Promise<{ images: number; done: number }> {
  const [row] = await db.$queryRaw<{ images: number; done: number }[]>`
    SELECT count(*)::int AS images, count(*) FILTER (WHERE done)::int AS done FROM (
      SELECT bool_and(state = 'submitted') AS done FROM "Task" WHERE "projectId" = ${projectId} AND ("iterationId" = ${iterationId} OR state IN ('pending', 'assigned'))
      GROUP BY "imageId", "iterationId" HAVING count(*) = 2) pairs`;
  return row ?? { images: 0, done: 0 };
}

async function readLeases(db: PrismaClient, projectId: string): Promise<Lease[]> {
  const rows = await db.task.findMany({
    where: { projectId, state: 'assigned', leaseUntil: { gt: new Date() } }, orderBy: { leaseUntil: 'desc' }, take: 200,
    select: { id: true, imageId: true, assigneeId: true, leaseUntil: true, image: { select: { name: true } } },
  });
  const people = await db.user.findMany({ where: { id: { in: rows.flatMap((r) => r.assigneeId ?? []) } }, select: { id: true, name: true } });
  return rows.flatMap((row) => {
    const holder = people.find((p) => p.id === row.assigneeId);
    return holder && row.leaseUntil ? [{ task: row.id, image: row.imageId, name: row.image.name, holder, until: row.leaseUntil.toISOString() }] : [];
  });
}

/** The members, and whoever else has worked here. Reviewers see everybody's pace, others their own. */
async function readPeople(db: PrismaClient, { projectId, person, role }: Asking, paces: readonly PaceRow[]): Promise<TeamPerson[]> {
  const [members, others] = await Promise.all([
    db.membership.findMany({ where: { projectId }, select: { role: true, user: { select: { id: true, name: true } } } }),
    db.user.findMany({ where: { id: { in: paces.map((p) => p.id) }, memberships: { none: { projectId } } }, select: { id: true, name: true } }),
  ]);
  const all = [...members.map((m) => ({ ...m.user, role: isRole(m.role) ? m.role : 'viewer' as const })), ...others.map((u) => ({ ...u, role: 'admin' as const }))];
  return all.map((user) => {
    const pace = paces.find((p) => p.id === user.id);
    const mine = atLeast(role, 'reviewer') || user.id === person.id;
    const { id: _id, lastSubmitAt, ...figures } = pace ?? { id: user.id, lastSubmitAt: null, lastHour: 0, today: 0, images: 0, secondsPerImage: null, secondsPerCorrection: null, correctedShare: null };
    return { ...user, lastSubmitAt: mine ? (lastSubmitAt?.toISOString() ?? null) : null, pace: mine ? figures : null };
  }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
