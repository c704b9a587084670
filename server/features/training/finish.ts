/**
 * The end of a run: its model, what both models were measured at, the gate, a promotion and the run's own end are one transaction. Wherever a crash comes,
 * either all of it is there or nothing, and then the run goes on from its last checkpoint.
 */
import { join } from 'node:path';
import type { ModelMetrics } from '#core/api/model.ts';
import type { GateResult } from '#core/api/run.ts';
import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { ProjectEvent } from '#core/protocol.ts';
import type { TrainerMetrics } from '#core/training/events.ts';
import { decideRun } from '#core/training/gate.ts';
import type { Prisma, TrainingRun } from '#prisma';
import type { App } from '../../app.ts';
import { checkTrainersFile, compareEvaluations, storeEvaluation } from '../evaluations/index.ts';
import { insertModel, prepareModel, promoteIn, readMetrics, type NewModel } from '../models/index.ts';
import { readSettings } from '../projects/index.ts';
import type { Recorder } from './recorder.ts';
import { runDirectory } from './trainerProcess.ts';

type Parts = Pick<App, 'db' | 'blobs' | 'bus' | 'inference' | 'config'>;

/** Figures of one model, and the trainer's file with what it found, picture by picture. */
export interface Measured {
  metrics: TrainerMetrics;
  file: string;
}

/** What the trainer has told so far that outlives it. */
export interface Outcome {
  /** The model that was current when the trainer began, with which the new one is compared. */
  oldId: string | null;
  old: Measured | null;
  fresh: Measured | null;
  files: { onnx: string; pt: string } | null;
}

/** Of the new model and of the one before. */
interface Kept {
  path: string;
  sha256: string;
}

const TOLD: Readonly<Record<GateResult['decision'], string>> = { promote: 'passed the gate', first: 'passed the gate', hold: 'was held at the gate', undecided: 'waits for a decision' };
/** A report of an iteration with thousands of revisions is written within. Milliseconds. */
const MOST_MS = 120_000;

/** Returns the gate's reason, in words. */
export async function finish(app: Parts, run: TrainingRun, recorder: Recorder, outcome: Outcome): Promise<string> {
  const { oldId, old, fresh, files } = outcome;
  if (!files || !fresh) throw new EmendError('failed', 'The trainer ended without a model. The log says more; start the run again.');
  await recorder.state('gate');
  const metrics = toMetrics(fresh.metrics);
  const prepared = await prepareModel(app, await modelOf(app, run, files, metrics));
  const [freshFile, oldFile] = [await keep(app, run, fresh), oldId !== null && old ? await keep(app, run, old) : null];
  const differences = oldFile === null ? null : await compareEvaluations({ old: oldFile.path, fresh: freshFile.path });

  const { gate, modelId, events } = await app.db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT id FROM "Project" WHERE id = ${run.projectId} FOR UPDATE`; // nobody promotes another one while this is decided
    const { settings, currentModelId: current } = await tx.project.findUniqueOrThrow({ where: { id: run.projectId } });
    const gate = decideRun({ differences, old: old && toMetrics(old.metrics), fresh: metrics, margin: readSettings(settings).gateMargin, comparedWith: oldId, current });
    // Servers of a former kind wrote the model down before the rest.
    const made = await tx.modelVersion.findUnique({ where: { runId: run.id }, select: { id: true } });
    const modelId = made?.id ?? await insertModel(tx, prepared);
    await rememberOld(tx, oldId, old?.metrics ?? null);
    const measured = { datasetVersionId: run.datasetVersionId, runId: run.id };
    await storeEvaluation(tx, { ...measured, modelId, sha256: freshFile.sha256 });
    if (oldId !== null && oldFile) await storeEvaluation(tx, { ...measured, modelId: oldId, sha256: oldFile.sha256 });
    const events = await conclude(tx, run, modelId, gate);
    return { gate, modelId, events };
  }, { timeout: MOST_MS });

  for (const event of events) app.bus.emit(run.projectId, event);
  recorder.progress({ message: gate.reason, secondsLeft: 0 });
  await recorder.state('done');
  app.bus.emit(run.projectId, { type: 'model', id: modelId, promoted: false });
  app.bus.emit(run.projectId, { type: 'activity' });
  return gate.reason;
}

/** What is to be told after the commit. */
async function conclude(tx: Prisma.TransactionClient, run: TrainingRun, modelId: string, gate: GateResult): Promise<ProjectEvent[]> {
  await tx.activity.create({ data: { id: newId(), projectId: run.projectId, userId: null, kind: 'trained', text: `Run ${run.number} ${TOLD[gate.decision]}: ${gate.reason}`.slice(0, 500) } });
  const passed = gate.decision === 'promote' || gate.decision === 'first';
  const { events } = passed ? await promoteIn(tx, { modelId, kind: gate.decision === 'first' ? 'first' : 'gate', reason: gate.reason, byId: null }) : { events: [] };
  await tx.trainingRun.update({ where: { id: run.id }, data: { state: 'done', gate, endedAt: new Date() } });
  return events;
}

async function modelOf({ blobs }: Parts, run: TrainingRun, files: { onnx: string; pt: string }, metrics: ModelMetrics): Promise<NewModel> {
  return {
    projectId: run.projectId, name: `run ${run.number}`, onnxSha256: await blobs.putFile(files.onnx), ptSha256: await blobs.putFile(files.pt),
    origin: 'trained', metrics, runId: run.id, datasetVersionId: run.datasetVersionId, ...(run.baseModelId === null ? {} : { parentId: run.baseModelId }),
  };
}

/** What a model found stays with it and the version, for the pictures that differ and for reports. */
async function keep(app: Parts, run: TrainingRun, { file }: Measured): Promise<Kept> {
  const path = await checkTrainersFile(join(runDirectory(app.config.dataDir, run.id), 'out'), file);
  return { path, sha256: await app.blobs.putFile(path) };
}

/** A shipped or uploaded model has no numbers of its own until it was first measured on this project's split. */
async function rememberOld(tx: Prisma.TransactionClient, modelId: string | null, old: TrainerMetrics | null): Promise<void> {
  const model = modelId === null || !old ? null : await tx.modelVersion.findUnique({ where: { id: modelId } });
  if (model && old && readMetrics(model.metrics) === null) await tx.modelVersion.update({ where: { id: model.id }, data: { metrics: toMetrics(old) } });
}

function toMetrics({ perClass, ...rest }: TrainerMetrics): ModelMetrics {
  return { ...rest, perClass: perClass.map(({ index, ...row }) => ({ classIndex: index, ...row })) };
}
