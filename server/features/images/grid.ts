/** The grid's rows: one statement finds the page, a second one fetches the boxes to draw on it. */
import type { Static } from 'typebox';
import type { ImageCard, ImagePage, ImageQuery } from '#core/api/image.ts';
import { EmendError } from '#core/errors.ts';
import { Prisma, type PrismaClient } from '#prisma';
import { visibleTask, type Eyes } from '../../blind.ts';

type Query = Static<typeof ImageQuery>;
type Card = Static<typeof ImageCard>;
interface Row { id: string; name: string; width: number; height: number; split: Card['split']; excluded: boolean; status: Card['status']; taskId: string | null; flagged: boolean; flagNote: string | null; skipReason: string | null; review: Card['review']; minScore: number | null; sortKey: string }
interface Overlay { id: string; count: number; overlay: number[][] | null }

const MAX_OVERLAY = 200;

/** `eyes`: whose, since of images that two people correct one must not see the other's part yet (server/blind.ts). */
export interface Grid { projectId: string; threshold: number; eyes: Eyes }

/** Everything that the grid knows of an image; `labels` are the newest: revision, else baseline, else predictions at or above the threshold. */
export function cards({ projectId, threshold, eyes }: Grid): Prisma.Sql {
  // Of two copies: the one that they have had, else one that is still to be had. How that one stands is not theirs to know.
  const first = eyes === null ? Prisma.sql`measures, (state = 'skipped'), copy` : Prisma.sql`(${eyes} = ANY("seenBy")) DESC, (blind AND state IN ('submitted', 'skipped')), (blind AND state <> 'pending'), measures, copy`;
  const known = visibleTask(eyes, 't');
  return Prisma.sql`
    SELECT i.id, i.name, i.width, i.height, i.split, i.excluded, i."groupId", i."createdAt",
      CASE WHEN r.id IS NOT NULL THEN r.status WHEN t.known AND t.state = 'skipped' THEN 'skipped' WHEN b.id IS NOT NULL THEN 'baseline' WHEN p.id IS NOT NULL THEN 'predicted' ELSE 'new' END AS status,
      t.id AS "taskId", (t.known AND t.flagged) IS TRUE AS flagged, CASE WHEN t.known THEN t."flagNote" END AS "flagNote",
      CASE WHEN t.known AND t.state = 'skipped' THEN t."skipReason" END AS "skipReason", CASE WHEN t.known THEN t.review END AS review,
      CASE WHEN r.id IS NOT NULL THEN r.instances WHEN b.id IS NOT NULL THEN b.instances ELSE p.instances END AS labels, p.id AS "setId", p.brief,
      CASE WHEN p.id IS NULL THEN NULL ELSE (SELECT min((e->>'score')::float8) FROM jsonb_array_elements(p.instances) e WHERE (e->>'score')::float8 >= ${threshold}) END AS "minScore"
    FROM "Image" i
    LEFT JOIN LATERAL (
      SELECT r.id, r.status, r.instances FROM "Revision" r JOIN "Task" x ON x.id = r."taskId" AND NOT x.measures AND ${visibleTask(eyes, 'x')} WHERE r."imageId" = i.id ORDER BY r."createdAt" DESC, r.number DESC LIMIT 1
    ) r ON true
    LEFT JOIN LATERAL (SELECT id, state, flagged, "flagNote", "skipReason", review, "predictionSetId", ${known} AS known FROM "Task" t WHERE "imageId" = i.id ORDER BY ${first}, "createdAt" DESC LIMIT 1) t ON true
    LEFT JOIN LATERAL (SELECT id, instances FROM "BaselineLabel" WHERE "imageId" = i.id ORDER BY "createdAt" DESC LIMIT 1) b ON true
    LEFT JOIN LATERAL (SELECT id, instances, brief FROM "PredictionSet" WHERE "imageId" = i.id ORDER BY (id = t."predictionSetId") DESC NULLS LAST, "createdAt" DESC LIMIT 1) p ON true
    WHERE i."projectId" = ${projectId}`;
}

function conditions(query: Query, { projectId, threshold }: Grid): Prisma.Sql {
  const all: Prisma.Sql[] = [Prisma.sql`true`];
  if (query.status !== undefined) all.push(Prisma.sql`status = ${query.status}`);
  if (query.split !== undefined) all.push(Prisma.sql`split = ${query.split}`);
  if (query.flagged !== undefined) all.push(Prisma.sql`flagged = ${query.flagged}`);
  if (query.review !== undefined) all.push(Prisma.sql`review = ${query.review}`);
  if (query.skipped !== undefined) all.push(Prisma.sql`"skipReason" = ${query.skipped}`);
  if (query.text !== undefined && query.text !== '') all.push(Prisma.sql`position(lower(${query.text}) in lower(name)) > 0`);
  if (query.like !== undefined) all.push(likeCondition(query.like, projectId));
  if (query.ids !== undefined) all.push(Prisma.sql`id = ANY(${query.ids.split(',')}::text[])`);
  if (query.pick !== undefined) all.push(Prisma.sql`id IN (SELECT unnest("imageIds") FROM "ImagePick" WHERE id = ${query.pick} AND "projectId" = ${projectId})`);
  if (query.class !== undefined) {
    all.push(Prisma.sql`EXISTS (SELECT 1 FROM jsonb_array_elements(labels) e WHERE (e->>'class')::int = ${query.class} AND COALESCE((e->>'score')::float8, 1) >= (CASE WHEN status = 'predicted' THEN ${threshold}::float8 ELSE 0 END))`);
  }
  return Prisma.join(all, ' AND ');
}

/** Groups of like pictures; what is excluded is in no version, so it leaks nothing. */
function likeCondition(like: NonNullable<Query['like']>, projectId: string): Prisma.Sql {
  if (like === 'leak') return Prisma.sql`NOT excluded AND "groupId" IN (SELECT "groupId" FROM "Image" WHERE "projectId" = ${projectId} AND NOT excluded AND "groupId" IS NOT NULL GROUP BY "groupId" HAVING count(DISTINCT split) > 1)`;
  if (like === 'any') return Prisma.sql`"groupId" IN (SELECT "groupId" FROM "Image" WHERE "projectId" = ${projectId} AND "groupId" IS NOT NULL GROUP BY "groupId" HAVING count(*) > 1)`;
  return Prisma.sql`(id = ${like} OR "groupId" = (SELECT "groupId" FROM "Image" WHERE "projectId" = ${projectId} AND id = ${like}))`;
}

/** As text that sorts bytewise. Newest: milliseconds left until the year 9999. Uncertain: images without predictions come last. */
const KEYS: Record<NonNullable<Query['sort']>, Prisma.Sql> = {
  name: Prisma.sql`name`,
  newest: Prisma.sql`to_char(253402300800 - extract(epoch FROM "createdAt"), '000000000000.000')`,
  uncertain: Prisma.sql`to_char(COALESCE("minScore", 2), '0.000000')`,
};

export async function listImages(db: PrismaClient, grid: Grid, query: Query): Promise<Static<typeof ImagePage>> {
  // Like pictures side by side, where they were asked for.
  const key = query.like !== undefined && query.sort === undefined ? Prisma.sql`COALESCE("groupId", id) || ' ' || name` : KEYS[query.sort ?? 'name'];
  const limit = query.limit ?? 100;
  const after = query.after === undefined ? null : readCursor(query.after);
  const base = Prisma.sql`WITH cards AS (${cards(grid)}), keyed AS (SELECT *, (${key}) COLLATE "C" AS "sortKey" FROM cards WHERE ${conditions(query, grid)})`;
  const [counted] = await db.$queryRaw<{ total: number }[]>`${base} SELECT count(*)::int AS total FROM keyed`;
  const rows = await db.$queryRaw<Row[]>`${base}
    SELECT id, name, width, height, split, excluded, status, "taskId", flagged, "flagNote", "skipReason", review, "minScore", "sortKey" FROM keyed
    ${after ? Prisma.sql`WHERE ("sortKey", id COLLATE "C") > (${after[0]}, ${after[1]})` : Prisma.empty} ORDER BY "sortKey", id COLLATE "C" LIMIT ${limit + 1}`;
  const page = rows.slice(0, limit);
  const overlays = await overlaysOf(db, grid, page.map((row) => row.id));
  const last = page.at(-1);
  return {
    items: page.map(({ sortKey: _sortKey, ...row }) => ({ ...row, count: overlays.get(row.id)?.count ?? 0, overlay: overlays.get(row.id)?.overlay ?? [] })),
    total: counted?.total ?? 0,
    next: rows.length > limit && last ? Buffer.from(JSON.stringify([last.sortKey, last.id])).toString('base64url') : null,
  };
}

/** What is drawn on the thumbnails of these images, by id. */
export async function overlaysOf(db: PrismaClient, grid: Grid, ids: readonly string[]): Promise<Map<string, Overlay>> {
  if (ids.length === 0) return new Map();
  const rows = await db.$queryRaw<Overlay[]>`
    SELECT c.id, count(e)::int AS count, (jsonb_agg(jsonb_build_array(e->'class', e->'box'->0, e->'box'->1, e->'box'->2, e->'box'->3)) FILTER (WHERE n <= ${MAX_OVERLAY})) AS overlay
    FROM (${cards(grid)} AND i.id IN (${Prisma.join([...ids])})) c, jsonb_array_elements(c.labels) WITH ORDINALITY AS elements(e, n)
    WHERE c.status NOT IN ('predicted', 'skipped') OR COALESCE((e->>'score')::float8, 1) >= ${grid.threshold} GROUP BY c.id`;
  return new Map(rows.map((row) => [row.id, row]));
}

function readCursor(text: string): [string, string] {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (Array.isArray(value) && value.length === 2) {
      const [key, id]: unknown[] = value;
      if (typeof key === 'string' && typeof id === 'string') return [key, id];
    }
  } catch { /* refused below, like every other cursor that this server did not make */ }
  throw new EmendError('bad_request', 'The place in the list is not known. Load the list again.');
}
