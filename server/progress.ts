/** How far a team is, counted in images: an image that two people correct counts once, and is done when the first of them has submitted. */
import { Prisma, type PrismaClient } from '#prisma';

export interface Progress {
  images: number;
  /** With a prediction set. */
  predicted: number;
  submitted: number;
  /** Of the submitted, not "ok"; how the first of two went is not told before the second is done. */
  corrected: number;
  /** Still to be done: nobody has submitted it, and it is not laid aside. */
  left: number;
  skipped: number;
  flagged: number;
}

const NONE: Progress = { images: 0, predicted: 0, submitted: 0, corrected: 0, left: 0, skipped: 0, flagged: 0 };
type Db = Pick<PrismaClient, '$queryRaw'>;

/** One row per image of the tasks that fit; whatever a measuring copy does is not progress. */
const perImage = (where: Prisma.Sql): Prisma.Sql => Prisma.sql`
  SELECT "imageId", min("projectId") AS "projectId", bool_or("predictionSetId" IS NOT NULL) AS predicted, bool_or(flagged) AS flagged,
    bool_or(state = 'submitted' AND NOT measures) AS submitted, bool_or(state = 'submitted' AND NOT measures AND NOT blind AND outcome = 'corrected') AS corrected,
    bool_or(state IN ('pending', 'assigned') AND NOT measures) AS open
  FROM "Task" WHERE ${where} GROUP BY "imageId"`;
const COUNTS = Prisma.sql`count(*)::int AS images, count(*) FILTER (WHERE predicted)::int AS predicted, count(*) FILTER (WHERE submitted)::int AS submitted,
  count(*) FILTER (WHERE corrected)::int AS corrected, count(*) FILTER (WHERE open AND NOT submitted)::int AS left,
  count(*) FILTER (WHERE NOT open AND NOT submitted)::int AS skipped, count(*) FILTER (WHERE flagged)::int AS flagged`;

/** Of the iteration in work, and whatever of an earlier one is still open: the one rule that every screen counts by. */
export async function progressOfQueue(db: Db, projectId: string, iterationId: string): Promise<Progress> {
  return (await progressOfQueues(db, [iterationId])).get(projectId) ?? NONE;
}

/** The same for several projects, by project; an iteration of each. */
export async function progressOfQueues(db: Db, iterationIds: readonly string[]): Promise<Map<string, Progress>> {
  if (iterationIds.length === 0) return new Map();
  const ids = Prisma.join([...iterationIds]);
  const rows = await db.$queryRaw<(Progress & { projectId: string })[]>`
    SELECT "projectId", ${COUNTS} FROM (${perImage(Prisma.sql`"projectId" IN (SELECT "projectId" FROM "Iteration" WHERE id IN (${ids})) AND ("iterationId" IN (${ids}) OR state IN ('pending', 'assigned'))`)}) i GROUP BY "projectId"`;
  return new Map(rows.map(({ projectId, ...counts }) => [projectId, counts]));
}

export function progressIn(all: ReadonlyMap<string, Progress>, projectId: string): Progress {
  return all.get(projectId) ?? NONE;
}
