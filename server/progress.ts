/** How far a team is, counted in images: an image that two people correct counts once, and is done when the first of them has submitted. */
import { Prisma, type PrismaClient } from '#prisma';
import { visibleTask, type Eyes } from './blind.ts';

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
  /** Of these, only what the eyes may know of: a colleague's flag on a blind copy must not be read from the sum. */
  flagged: number;
}

const NONE: Progress = { images: 0, predicted: 0, submitted: 0, corrected: 0, left: 0, skipped: 0, flagged: 0 };
type Db = Pick<PrismaClient, '$queryRaw'>;

/** One row per image of the tasks that fit; whatever a measuring copy does is not progress. */
const perImage = (where: Prisma.Sql, eyes: Eyes): Prisma.Sql => Prisma.sql`
  SELECT "imageId", min("projectId") AS "projectId", bool_or("predictionSetId" IS NOT NULL) AS predicted, bool_or(flagged AND ${visibleTask(eyes, 't')}) AS flagged,
    bool_or(state = 'submitted' AND NOT measures) AS submitted, bool_or(state = 'submitted' AND NOT measures AND NOT blind AND outcome = 'corrected') AS corrected,
    bool_or(state IN ('pending', 'assigned') AND NOT measures) AS open
  FROM "Task" t WHERE ${where} GROUP BY "imageId"`;
const COUNTS = Prisma.sql`count(*)::int AS images, count(*) FILTER (WHERE predicted)::int AS predicted, count(*) FILTER (WHERE submitted)::int AS submitted,
  count(*) FILTER (WHERE corrected)::int AS corrected, count(*) FILTER (WHERE open AND NOT submitted)::int AS left,
  count(*) FILTER (WHERE NOT open AND NOT submitted)::int AS skipped, count(*) FILTER (WHERE flagged)::int AS flagged`;

/** Of the iteration in work, and whatever of an earlier one is still open: the one rule that every screen counts by. Flags as far as `eyes` may see them. */
export async function progressOfQueue(db: Db, projectId: string, iterationId: string, eyes: Eyes): Promise<Progress> {
  return (await progressOfQueues(db, [iterationId], eyes)).get(projectId) ?? NONE;
}

/** The same for several projects, by project; an iteration of each. Flags are those of reviewers' eyes where nobody is shown them. */
export async function progressOfQueues(db: Db, iterationIds: readonly string[], eyes: Eyes = null): Promise<Map<string, Progress>> {
  if (iterationIds.length === 0) return new Map();
  const ids = Prisma.join([...iterationIds]);
  const rows = await db.$queryRaw<(Progress & { projectId: string })[]>`
    SELECT "projectId", ${COUNTS} FROM (${perImage(Prisma.sql`"projectId" IN (SELECT "projectId" FROM "Iteration" WHERE id IN (${ids})) AND ("iterationId" IN (${ids}) OR state IN ('pending', 'assigned'))`, eyes)}) i GROUP BY "projectId"`;
  return new Map(rows.map(({ projectId, ...counts }) => [projectId, counts]));
}

export function progressIn(all: ReadonlyMap<string, Progress>, projectId: string): Progress {
  return all.get(projectId) ?? NONE;
}
