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
  SELECT "imageId", max("iterationId") AS "iterationId", bool_or("predictionSetId" IS NOT NULL) AS predicted, bool_or(flagged AND ${visibleTask(eyes, 't')}) AS flagged,
    bool_or(state = 'submitted' AND NOT measures) AS submitted, bool_or(state = 'submitted' AND NOT measures AND NOT blind AND outcome = 'corrected') AS corrected,
    bool_or(state IN ('pending', 'assigned') AND NOT measures) AS open
  FROM "Task" t WHERE ${where} GROUP BY "imageId"`;
const COUNTS = Prisma.sql`count(*)::int AS images, count(*) FILTER (WHERE predicted)::int AS predicted, count(*) FILTER (WHERE submitted)::int AS submitted,
  count(*) FILTER (WHERE corrected)::int AS corrected, count(*) FILTER (WHERE open AND NOT submitted)::int AS left,
  count(*) FILTER (WHERE NOT open AND NOT submitted)::int AS skipped, count(*) FILTER (WHERE flagged)::int AS flagged`;

/** Of whole iterations. Flags are those of reviewers' eyes: nobody is shown them here. */
export async function progressOf(db: Db, iterationIds: readonly string[]): Promise<Map<string, Progress>> {
  if (iterationIds.length === 0) return new Map();
  const rows = await db.$queryRaw<(Progress & { iterationId: string })[]>`
    SELECT "iterationId", ${COUNTS} FROM (${perImage(Prisma.sql`"iterationId" IN (${Prisma.join([...iterationIds])})`, null)}) i GROUP BY "iterationId"`;
  return new Map(rows.map(({ iterationId, ...counts }) => [iterationId, counts]));
}

/** Of the iteration in work, and whatever of an earlier one is still open. */
export async function progressOfQueue(db: Db, projectId: string, iterationId: string, eyes: Eyes): Promise<Progress> {
  const [row] = await db.$queryRaw<Progress[]>`
    SELECT ${COUNTS} FROM (${perImage(Prisma.sql`"projectId" = ${projectId} AND ("iterationId" = ${iterationId} OR state IN ('pending', 'assigned'))`, eyes)}) i`;
  return row ?? NONE;
}

export function progressIn(all: ReadonlyMap<string, Progress>, iterationId: string | undefined): Progress {
  return all.get(iterationId ?? '') ?? NONE;
}
