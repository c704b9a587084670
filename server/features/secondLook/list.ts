/** The ranked list, by page, and what is counted beside it. */
import { Value } from 'typebox/value';
import { FindingKindSchema, type FindingDto, type FindingPage, type FindingQuery, type SecondLookDto } from '#core/api/secondLook.ts';
import { EmendError } from '#core/errors.ts';
import { FindingSchema } from '#core/secondLook/finding.ts';
import { Prisma, type Finding, type PrismaClient } from '#prisma';
import { splitName } from '../images/index.ts';
import type { Scene } from './scene.ts';
import { countStanding } from './standing.ts';

const PAGE = 60;
/** Predictions that tell how long one takes. */
const LATELY = 100;

/** Opinions of a former model are not listed: the present one has not said them. */
const present = ({ projectId, model }: Scene): Prisma.Sql => Prisma.sql`f."projectId" = ${projectId} AND (f."modelId" IS NULL OR f."modelId" = ${model?.id ?? null}::text)`;

export async function listFindings(db: PrismaClient, scene: Scene, query: FindingQuery): Promise<FindingPage> {
  const { kind, class: index, answered = false, limit = PAGE } = query;
  const where = Prisma.sql`${present(scene)} AND ${answered ? Prisma.sql`f."answerId" IS NOT NULL` : Prisma.sql`f."answerId" IS NULL`}
    ${kind === undefined ? Prisma.empty : Prisma.sql`AND f.kind = ${kind}`} ${index === undefined ? Prisma.empty : Prisma.sql`AND ${index}::int = ANY(f.classes)`}`;
  const after = query.after === undefined ? null : readCursor(query.after);
  const beyond = after === null ? Prisma.empty : Prisma.sql`AND (f.rank < ${after.rank}::float8 OR (f.rank = ${after.rank}::float8 AND f.id > ${after.id}))`;
  const rows = await db.$queryRaw<Finding[]>`SELECT f.* FROM "Finding" f WHERE ${where} ${beyond} ORDER BY f.rank DESC, f.id LIMIT ${limit + 1}`;
  const [counted] = await db.$queryRaw<{ total: number }[]>`SELECT count(*)::int AS total FROM "Finding" f WHERE ${where}`;
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { items: await toDtos(db, page), total: counted?.total ?? 0, next: rows.length > limit && last ? `${last.rank} ${last.id}` : null };
}

function readCursor(text: string): { rank: number; id: string } {
  const [rank = '', id = ''] = text.split(' ');
  if (!/^-?\d(\.\d+)?(e-\d+)?$/.test(rank) || !/^[0-9a-f]{24}$/.test(id)) throw new EmendError('bad_request', 'The place in the list is not known. Load the list again.');
  return { rank: Number(rank), id };
}

/** @throws EmendError `not_found` when the labels or the model's view have changed, so that it does not stand any more. */
export async function readFinding(db: PrismaClient, id: string): Promise<FindingDto> {
  const row = await db.finding.findUnique({ where: { id } });
  const [dto] = row ? await toDtos(db, [row]) : [];
  if (!dto) throw new EmendError('not_found', 'This does not stand any more: the labels of the image have changed since it was found.');
  return dto;
}

export async function readState(db: PrismaClient, scene: Scene, job: SecondLookDto['job']): Promise<SecondLookDto> {
  const counts = await db.$queryRaw<{ kind: string; class: number | null; open: number; answered: number }[]>`
    WITH present AS (SELECT f.kind, f.classes, f."answerId" FROM "Finding" f WHERE ${present(scene)}), each AS (
      SELECT kind, NULL::int AS class, "answerId" FROM present UNION ALL SELECT kind, unnest(classes), "answerId" FROM present)
    SELECT kind, class, count(*) FILTER (WHERE "answerId" IS NULL)::int AS open, count(*) FILTER (WHERE "answerId" IS NOT NULL)::int AS answered FROM each GROUP BY kind, class ORDER BY kind, class`;
  const [took] = scene.model === null ? [] : await db.$queryRaw<{ ms: number | null }[]>`
    SELECT avg(ms)::float8 AS ms FROM (SELECT ms FROM "PredictionSet" WHERE "modelId" = ${scene.model.id} LIMIT ${LATELY}) p`;
  return {
    model: scene.model, ...(await countStanding(db, scene)), msPerImage: took?.ms ?? null, imgsz: scene.rules.imgsz, job,
    counts: counts.flatMap(({ kind, ...row }) => (Value.Check(FindingKindSchema, kind) ? [{ kind, ...row }] : [])),
  };
}

async function toDtos(db: PrismaClient, rows: readonly Finding[]): Promise<FindingDto[]> {
  const ids = { in: [...new Set(rows.map((r) => r.imageId))] };
  const images = await db.image.findMany({
    where: { id: ids },
    select: {
      id: true, name: true, width: true, height: true, split: true, createdAt: true,
      revisions: { where: { task: { measures: false } }, orderBy: [{ createdAt: 'desc' }, { number: 'desc' }], take: 1, select: { submittedById: true, createdAt: true } },
      baselines: { orderBy: { createdAt: 'desc' }, take: 1, select: { createdAt: true } },
    },
  });
  const answers = await db.labelAnswer.findMany({ where: { id: { in: rows.flatMap((r) => r.answerId ?? []) } }, select: { id: true, byId: true, createdAt: true } });
  const models = await db.modelVersion.findMany({ where: { id: { in: [...new Set(rows.flatMap((r) => r.modelId ?? []))] } }, select: { id: true, name: true } });
  const people = await db.user.findMany({ where: { id: { in: [...answers.map((a) => a.byId), ...images.flatMap((i) => i.revisions.map((r) => r.submittedById))] } }, select: { id: true, name: true } });
  const who = (id: string): { id: string; name: string } => people.find((p) => p.id === id) ?? { id, name: 'somebody who has left' };
  return rows.flatMap((row) => {
    const image = images.find((i) => i.id === row.imageId);
    const answer = answers.find((a) => a.id === row.answerId);
    if (!image) return [];
    const { id, name, width, height, revisions: [revision], baselines: [baseline] } = image;
    return [{
      ...Value.Parse(FindingSchema, row.data), id: row.id, image: { id, name, width, height, split: splitName(image.split) }, model: models.find((m) => m.id === row.modelId) ?? null,
      labelledBy: revision ? { source: 'person' as const, person: who(revision.submittedById), at: revision.createdAt.toISOString() } : { source: 'import' as const, person: null, at: (baseline?.createdAt ?? image.createdAt).toISOString() },
      answer: answer ? { by: who(answer.byId), at: answer.createdAt.toISOString() } : null,
    }];
  });
}
