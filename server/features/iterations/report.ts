import type { CorrectionWork, LearningPoint } from '#core/api/report.ts';
import type { ModelMetrics } from '#core/api/model.ts';
import { DatasetStats } from '#core/api/dataset.ts';
import { tallyErrors, type Judged } from '#core/report/corrections.ts';
import { expectationOf } from '#core/report/expectation.ts';
import type { Iteration, ModelVersion, Prisma } from '#prisma';
import { Value } from 'typebox/value';
import { countingRevisions, type Eyes } from '../../blind.ts';
import { readAgreement } from './agreement.ts';
import { storedAgreement, storedModel, type StoredReport } from './stored.ts';

type Db = Prisma.TransactionClient;

/** The latest revision of each task of an iteration that these eyes may see, with the predictions that it judged; each image once. */
export async function judgedRevisions(tx: Db, iterationId: string, eyes: Eyes = null): Promise<(Judged & { status: string; timeMs: number })[]> {
  const rows = await tx.revision.findMany({
    // What the labels of an import were corrected to says nothing about a model.
    where: { iterationId, ...countingRevisions(eyes), OR: [{ predictionSetId: { not: null } }, { image: { baselines: { none: {} } } }] }, orderBy: { number: 'desc' }, distinct: ['taskId'],
    select: { instances: true, verdicts: true, threshold: true, status: true, timeMs: true, predictionSet: { select: { instances: true } } },
  });
  return rows.map(({ predictionSet, ...row }) => ({ ...row, predictions: predictionSet?.instances ?? [] }));
}

export interface Times {
  secondsPerImage: number | null;
  secondsPerCorrection: number | null;
  secondsToAccept: number | null;
}

export function timesOf(revisions: readonly { status: string; timeMs: number }[], corrections: number): Times {
  const seconds = (rows: readonly { timeMs: number }[]): number => rows.reduce((sum, r) => sum + r.timeMs, 0) / 1000;
  const ok = revisions.filter((r) => r.status === 'ok');
  const corrected = revisions.filter((r) => r.status === 'corrected');
  return {
    secondsPerImage: revisions.length ? seconds(revisions) / revisions.length : null,
    secondsPerCorrection: corrections ? seconds(corrected) / corrections : null,
    secondsToAccept: ok.length ? seconds(ok) / ok.length : null,
  };
}

/** What people have corrected in an iteration, as far as these eyes may see it. */
export async function readCorrection(db: Db, iterationId: string, eyes: Eyes = null): Promise<CorrectionWork> {
  const revisions = await judgedRevisions(db, iterationId, eyes);
  const tally = tallyErrors(revisions);
  return {
    images: revisions.length, ok: revisions.filter((r) => r.status === 'ok').length,
    predictionsShown: tally.shown, predictionsKept: tally.kept, corrections: tally.corrections,
    errors: [...tally.perClass.values()].toSorted((a, b) => a.classIndex - b.classIndex), ...timesOf(revisions, tally.corrections),
  };
}

export interface PersonWork {
  id: string;
  images: number;
  corrected: number;
  corrections: number;
  secondsPerImage: number | null;
  secondsPerCorrection: number | null;
}

/** Every submit of the iteration by who made it, those of a blind or measuring copy too: the same figures as on the Team screen. */
export async function readWork(db: Db, iterationId: string): Promise<PersonWork[]> {
  const rows = await db.$queryRaw<{ id: string; images: number; corrected: number; corrections: number; ms: number; correctedMs: number }[]>`
    SELECT "submittedById" AS id, count(*)::int AS images, count(*) FILTER (WHERE status = 'corrected')::int AS corrected, COALESCE(sum(corrections), 0)::int AS corrections,
      COALESCE(sum("timeMs"), 0)::float8 AS ms, COALESCE(sum("timeMs") FILTER (WHERE status = 'corrected'), 0)::float8 AS "correctedMs"
    FROM "Revision" WHERE "iterationId" = ${iterationId} GROUP BY "submittedById" ORDER BY 2 DESC, 1`;
  return rows.map(({ ms, correctedMs, ...row }) => ({ ...row, secondsPerImage: ms / row.images / 1000, secondsPerCorrection: row.corrections ? correctedMs / row.corrections / 1000 : null }));
}

/** What was trained until then, as points of a learning curve: pictures to train on, and mAP50-95. */
export async function readLearning(db: Db, projectId: string, until: Date): Promise<{ points: LearningPoint[]; noise: number | null }> {
  const rows = await db.modelVersion.findMany({
    where: { projectId, origin: 'trained', createdAt: { lte: until }, datasetVersionId: { not: null } }, orderBy: { number: 'asc' },
    select: { number: true, name: true, metrics: true, datasetVersion: { select: { stats: true } } },
  });
  const measured = rows.flatMap((row) => {
    const { metrics } = storedModel(row);
    const stats = row.datasetVersion?.stats;
    return metrics?.map != null && Value.Check(DatasetStats, stats) ? [{ metrics, point: { images: stats.splits.train, map: metrics.map, model: row.name } }] : [];
  });
  const last = measured.at(-1);
  return { points: measured.map((m) => m.point), noise: last ? noiseOf(last.metrics) : null };
}

/** As if each labelled object of the split were a coin that falls on its right side with the probability mAP: the order of magnitude of its standard error. */
function noiseOf({ map, perClass }: ModelMetrics): number | null {
  const instances = perClass.reduce((sum, c) => sum + c.instances, 0);
  return map === null || instances === 0 ? null : Math.sqrt((map * (1 - map)) / instances);
}

/** What an iteration brought, kept with it when it ends: what people did later changes none of its numbers. What models found is added when it is first read. */
export async function writeReport(tx: Db, iteration: Iteration, successor: ModelVersion): Promise<Prisma.InputJsonObject> {
  const now = new Date();
  const correction = await readCorrection(tx, iteration.id);
  const agreement = storedAgreement(await readAgreement(tx, iteration));
  const model = iteration.modelId === null ? null : await tx.modelVersion.findUnique({ where: { id: iteration.modelId } });
  const classes = await tx.projectClass.findMany({ where: { projectId: iteration.projectId }, orderBy: { index: 'asc' }, select: { index: true, name: true, color: true } });
  const learning = await readLearning(tx, iteration.projectId, now);
  const report: StoredReport = {
    format: 'emend-report-2', iteration: iteration.number, writtenAt: now.toISOString(), correction, agreement, classes, people: await readWork(tx, iteration.id),
    oldModel: model && { id: model.id, ...storedModel(model) }, newModel: { id: successor.id, ...storedModel(successor) }, datasetVersionId: successor.datasetVersionId,
    expectation: expectationOf({ ...learning, ...correction, ceiling: agreement?.ceiling ?? null }),
  };
  // Plain data for a column of JSON, whose type does not know ours.
  const plain: Prisma.InputJsonObject = JSON.parse(JSON.stringify(report));
  return plain;
}
