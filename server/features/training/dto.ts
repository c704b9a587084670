import { Value } from 'typebox/value';
import { DatasetStats } from '#core/api/dataset.ts';
import { GateResult, Kept, RunConfig, RunProgress, RunState, type RunDecision, type RunDto } from '#core/api/run.ts';
import { EmendError } from '#core/errors.ts';
import type { ProjectEvent } from '#core/protocol.ts';
import type { Prisma, PrismaClient, TrainingRun } from '#prisma';
import { readMetrics } from '../models/index.ts';

export const NO_PROGRESS: RunProgress = {
  message: null, epoch: 0, epochs: 0, batch: 0, batches: 0, imagesPerSecond: null, secondsLeft: null, map: null, map50: null, stageShare: null,
};

const INCLUDE = {
  datasetVersion: true, baseModel: true, outModel: { include: { promotions: { orderBy: { createdAt: 'desc' }, take: 1 } } }, project: { select: { currentModelId: true } },
} satisfies Prisma.TrainingRunInclude;
type Row = Prisma.TrainingRunGetPayload<{ include: typeof INCLUDE }>;

export function stateOf(row: Pick<TrainingRun, 'state'>): RunState {
  return Value.Check(RunState, row.state) ? row.state : 'failed';
}
export function configOf(row: Pick<TrainingRun, 'config'>): RunConfig {
  return Value.Parse(RunConfig, row.config);
}
export function progressOf(row: Pick<TrainingRun, 'progress'>): RunProgress {
  return Value.Check(RunProgress, row.progress) ? row.progress : NO_PROGRESS;
}
export function gateOf(row: Pick<TrainingRun, 'gate'>): GateResult | null {
  return Value.Check(GateResult, row.gate) ? row.gate : null;
}

/** Of keeping and promoting, the later counts. A promotion by the gate itself is no decision of a person. */
async function decisionOf(db: PrismaClient, row: Row): Promise<RunDecision | null> {
  const nameOf = async (id: string): Promise<string> => (await db.user.findUnique({ where: { id }, select: { name: true } }))?.name ?? '';
  const [promotion] = row.outModel?.promotions ?? [];
  const kept = Value.Check(Kept, row.decision) ? row.decision : null;
  if (promotion?.byId != null && (kept === null || promotion.createdAt > new Date(kept.at))) {
    return { decision: 'promote', by: await nameOf(promotion.byId), at: promotion.createdAt.toISOString(), reason: promotion.reason };
  }
  return kept && { decision: 'keep', by: await nameOf(kept.byId), at: kept.at, reason: kept.reason };
}

/** What everybody who watches the run is told. */
export function runEvent(row: TrainingRun): ProjectEvent {
  return { type: 'run', id: row.id, state: stateOf(row), progress: progressOf(row), gate: gateOf(row), error: row.error };
}

async function dto(db: PrismaClient, row: Row): Promise<RunDto> {
  const { datasetVersion: version, baseModel: base, outModel: out } = row;
  const author = await db.user.findUnique({ where: { id: row.createdById }, select: { name: true } });
  return {
    id: row.id, number: row.number, state: stateOf(row), config: configOf(row), progress: progressOf(row), gate: gateOf(row), decided: await decisionOf(db, row), error: row.error, device: row.device,
    datasetVersion: { id: version.id, number: version.number, images: Value.Check(DatasetStats, version.stats) ? version.stats.images : 0 },
    baseModel: base && { id: base.id, number: base.number, name: base.name, map: gateOf(row)?.old?.map ?? readMetrics(base.metrics)?.map ?? null },
    outModel: out && { id: out.id, number: out.number, name: out.name, current: row.project.currentModelId === out.id },
    createdBy: author?.name ?? '', createdAt: row.createdAt.toISOString(), startedAt: row.startedAt?.toISOString() ?? null, endedAt: row.endedAt?.toISOString() ?? null,
  };
}

export async function listRuns(db: PrismaClient, projectId: string): Promise<RunDto[]> {
  const rows = await db.trainingRun.findMany({ where: { projectId }, orderBy: { number: 'desc' }, include: INCLUDE });
  return Promise.all(rows.map((row) => dto(db, row)));
}

export async function readRun(db: PrismaClient, id: string): Promise<RunDto> {
  const row = await db.trainingRun.findUnique({ where: { id }, include: INCLUDE });
  if (!row) throw new EmendError('not_found', 'There is no such run.');
  return dto(db, row);
}

/** The model that a run's own was compared with; null where there was none, or the run has not got that far. */
export async function comparedWith(db: PrismaClient, id: string): Promise<string | null> {
  return gateOf(await db.trainingRun.findUniqueOrThrow({ where: { id }, select: { gate: true } }))?.comparedWith ?? null;
}
