import { Value } from 'typebox/value';
import { DatasetStats } from '#core/api/dataset.ts';
import { DEFAULT_SETTINGS } from '#core/api/project.ts';
import { GateResult, Kept, RunConfig, RunProgress, RunState, type RunDecision, type RunDto } from '#core/api/run.ts';
import { EmendError } from '#core/errors.ts';
import type { ProjectEvent } from '#core/protocol.ts';
import { presetConfig } from '#core/training/presets.ts';
import type { Prisma, PrismaClient, TrainingRun } from '#prisma';
import type { Log } from '../../context.ts';
import { repair } from '../../stored.ts';
import { readMetrics } from '../models/index.ts';

export const NO_PROGRESS: RunProgress = {
  message: null, epoch: 0, epochs: 0, batch: 0, batches: 0, imagesPerSecond: null, secondsLeft: null, map: null, map50: null, stageShare: null,
};

const INCLUDE = {
  datasetVersion: true, baseModel: true, outModel: { include: { promotions: { orderBy: { createdAt: 'desc' }, take: 1 } } }, project: { select: { currentModelId: true } },
} satisfies Prisma.TrainingRunInclude;
interface Reader { db: PrismaClient; log: Log }
type Row = Prisma.TrainingRunGetPayload<{ include: typeof INCLUDE }>;

export function stateOf(row: Pick<TrainingRun, 'state'>): RunState {
  return Value.Check(RunState, row.state) ? row.state : 'failed';
}

/** For what a stored configuration lacks. Every run is stored with a whole one. */
const FALLBACK = presetConfig('custom', { hasBase: true, gpu: false, images: 1, inputSize: null, freshWeight: DEFAULT_SETTINGS.freshWeight });

/** A configuration that does not fit any more is mended and told in the log, so that one run never hides the others. */
export function configOf(row: Pick<TrainingRun, 'id' | 'config'>, log: Log): RunConfig {
  const { value, bad } = repair(RunConfig, row.config, FALLBACK);
  if (bad.length > 0) log.warn({ run: row.id, bad }, 'a stored run has a configuration that does not fit; defaults stand in');
  return value;
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

async function dto({ db, log }: Reader, row: Row): Promise<RunDto> {
  const { datasetVersion: version, baseModel: base, outModel: out } = row;
  const author = await db.user.findUnique({ where: { id: row.createdById }, select: { name: true } });
  return {
    id: row.id, number: row.number, state: stateOf(row), config: configOf(row, log), progress: progressOf(row), gate: gateOf(row), decided: await decisionOf(db, row), error: row.error, device: row.device,
    datasetVersion: { id: version.id, number: version.number, images: Value.Check(DatasetStats, version.stats) ? version.stats.images : 0 },
    baseModel: base && { id: base.id, number: base.number, name: base.name, map: gateOf(row)?.old?.map ?? readMetrics(base.metrics)?.map ?? null },
    outModel: out && { id: out.id, number: out.number, name: out.name, current: row.project.currentModelId === out.id },
    createdBy: author?.name ?? '', createdAt: row.createdAt.toISOString(), startedAt: row.startedAt?.toISOString() ?? null, endedAt: row.endedAt?.toISOString() ?? null,
  };
}

export async function listRuns(reader: Reader, projectId: string): Promise<RunDto[]> {
  const rows = await reader.db.trainingRun.findMany({ where: { projectId }, orderBy: { number: 'desc' }, include: INCLUDE });
  return Promise.all(rows.map((row) => dto(reader, row)));
}

export async function readRun(reader: Reader, id: string): Promise<RunDto> {
  const row = await reader.db.trainingRun.findUnique({ where: { id }, include: INCLUDE });
  if (!row) throw new EmendError('not_found', 'There is no such run.');
  return dto(reader, row);
}

/** The model that a run's own was compared with; null where there was none, or the run has not got that far. */
export async function comparedWith(db: PrismaClient, id: string): Promise<string | null> {
  return gateOf(await db.trainingRun.findUniqueOrThrow({ where: { id }, select: { gate: true } }))?.comparedWith ?? null;
}
