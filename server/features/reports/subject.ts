/** What a report is about: the iteration, the model that it began with, and the one that came of it. */
import { Value } from 'typebox/value';
import { DatasetStats } from '#core/api/dataset.ts';
import type { ReportModel, ReportTraining } from '#core/api/report.ts';
import { GateResult } from '#core/api/run.ts';
import type { Prisma, PrismaClient } from '#prisma';
import { readStored, storedModel, type StoredReport } from '../iterations/index.ts';

const WITH_RUN = { run: true, datasetVersion: { select: { number: true, stats: true } } } satisfies Prisma.ModelVersionInclude;
type Made = Prisma.ModelVersionGetPayload<{ include: typeof WITH_RUN }>;
export type IterationRow = Prisma.IterationGetPayload<{ omit: { quality: true } }>;

export interface Subject {
  iteration: IterationRow;
  stored: StoredReport | null;
  old: { id: string | null; model: ReportModel } | null;
  fresh: { id: string | null; model: ReportModel } | null;
  versionId: string | null;
  training: ReportTraining | null;
}

/** Of an ended iteration as it was written down then; of the one that goes on, with the newest model trained in it, promoted or not. */
export async function readSubject(db: PrismaClient, iteration: IterationRow): Promise<Subject> {
  const stored = readStored(iteration.report);
  const before = await modelOf(db, stored?.oldModel?.id ?? iteration.modelId);
  const after = stored ? await successor(db, stored, iteration) : await candidate(db, iteration);
  const gate = Value.Check(GateResult, after?.run?.gate) ? after.run.gate : null;
  const measured = (model: Made | null, metrics: ReportModel['metrics'] | undefined) => model && { id: model.id, model: { ...storedModel(model), ...(metrics ? { metrics } : {}) } };
  const frozen = (model: StoredReport['oldModel'], id: string | null, metrics: ReportModel['metrics'] | undefined) => model && { id, model: { number: model.number, name: model.name, metrics: metrics ?? model.metrics } };
  return {
    iteration, stored,
    // Both on the split of the run, where the gate has measured them: the old model's own figures are of an older version.
    old: stored ? frozen(stored.oldModel, before?.id ?? null, gate?.old) : measured(before, gate?.old),
    fresh: stored ? frozen(stored.newModel, after?.id ?? null, gate?.new) : measured(after, gate?.new),
    versionId: after?.datasetVersionId ?? stored?.datasetVersionId ?? null,
    training: after && await trainingOf(db, after, gate),
  };
}

function modelOf(db: PrismaClient, id: string | null): Promise<Made | null> {
  return id === null ? Promise.resolve(null) : db.modelVersion.findUnique({ where: { id }, include: WITH_RUN });
}

/** Reports of the former format name the run only. */
async function successor(db: PrismaClient, { newModel }: StoredReport, { runId }: IterationRow): Promise<Made | null> {
  if (newModel?.id != null) return modelOf(db, newModel.id);
  return runId === null ? null : db.modelVersion.findUnique({ where: { runId }, include: WITH_RUN });
}

function candidate(db: PrismaClient, { projectId, startedAt, modelId }: IterationRow): Promise<Made | null> {
  return db.modelVersion.findFirst({ where: { projectId, origin: 'trained', createdAt: { gte: startedAt }, ...(modelId === null ? {} : { id: { not: modelId } }) }, orderBy: { number: 'desc' }, include: WITH_RUN });
}

/** null = the model was not trained here. */
async function trainingOf(db: PrismaClient, model: Made, gate: GateResult | null): Promise<ReportTraining | null> {
  const { run, datasetVersion } = model;
  if (!run || !datasetVersion) return null;
  const promotion = await db.promotion.findFirst({ where: { modelId: model.id }, orderBy: { createdAt: 'asc' } });
  const stats = Value.Check(DatasetStats, datasetVersion.stats) ? datasetVersion.stats : null;
  return {
    run: run.number, version: datasetVersion.number, labelled: stats?.splits.train ?? 0, fresh: stats?.fresh ?? 0,
    decision: promotion ? (promotion.kind === 'manual' ? 'promoted by hand' : 'promoted') : gate?.decision === 'hold' ? 'held back' : gate?.decision === 'undecided' ? 'to be decided' : 'not promoted',
    reason: promotion?.reason ?? gate?.reason ?? '', interval: intervalOf(gate),
  };
}

function intervalOf(gate: GateResult | null): ReportTraining['interval'] {
  const map = gate?.differences?.map;
  return map?.low != null && map.high !== null ? { low: map.low, high: map.high } : null;
}
