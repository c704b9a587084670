/** Beginning and cancelling runs; the work itself is in execute.ts. */
import { join } from 'node:path';
import { Value } from 'typebox/value';
import type { Static } from 'typebox';
import { DatasetStats } from '#core/api/dataset.ts';
import type { CreateRun, RunDto } from '#core/api/run.ts';
import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { fillConfig } from '#core/training/presets.ts';
import type { ModelVersion, Prisma, PrismaClient, TrainingRun } from '#prisma';
import type { Bus, Jobs, Log } from '../../context.ts';
import { inputSizeOf } from '../models/index.ts';
import { readSettings } from '../projects/index.ts';
import { checkExtra } from './arguments.ts';
import { NO_PROGRESS, readRun, runEvent } from './dto.ts';
import { presentEnvironment } from './environment.ts';
import { refuseFull } from './needs.ts';
import { killOrphan, runDirectory } from './trainerProcess.ts';

export interface Parts {
  db: PrismaClient;
  jobs: Jobs;
  bus: Bus;
  log: Log;
  config: { dataDir: string };
}

/** Queues a run on a version (the newest by default), from a model (the current one by default, when it has trainable weights). */
export async function createRun(parts: Parts, projectId: string, wanted: Static<typeof CreateRun>, byId: string): Promise<RunDto> {
  const { db, jobs, bus } = parts;
  const version = await findVersion(db, projectId, wanted.datasetVersionId);
  const base = await findBase(db, projectId, wanted.baseModelId);
  const project = await db.project.findUniqueOrThrow({ where: { id: projectId } });
  const environment = await presentEnvironment(parts.config.dataDir);
  await checkExtra(parts.config.dataDir, wanted.config?.extra);
  await refuseFull(parts, { projectId, datasetVersionId: version.id, baseModelId: base?.id ?? null });
  const config = fillConfig(wanted.config ?? {}, {
    hasBase: base !== null, gpu: environment !== undefined && environment.versions.device !== 'cpu', images: version.train,
    inputSize: base && inputSizeOf(base.meta), freshWeight: readSettings(project.settings).freshWeight,
  });
  const run = await db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT id FROM "Project" WHERE id = ${projectId} FOR UPDATE`; // numbers without gaps or twins
    const last = await tx.trainingRun.aggregate({ where: { projectId }, _max: { number: true } });
    return tx.trainingRun.create({
      data: {
        id: newId(), projectId, number: (last._max.number ?? 0) + 1, datasetVersionId: version.id, baseModelId: base?.id ?? null, config, state: 'queued',
        progress: { ...NO_PROGRESS, message: 'Waiting for its turn', epochs: config.epochs }, createdById: byId,
      },
    });
  });
  // Before the job: whoever watches hears that it waits before they hear that it has begun.
  bus.emit(projectId, runEvent(run));
  await jobs.enqueue({ kind: 'train', projectId, data: { run: run.id }, subjectId: run.id, createdById: byId, message: `Run ${run.number}` });
  bus.emit(projectId, { type: 'loop' });
  return readRun(parts, run.id);
}

async function findVersion(db: PrismaClient, projectId: string, id: string | undefined): Promise<{ id: string; train: number }> {
  const version = await db.datasetVersion.findFirst({ where: { projectId, ...(id === undefined ? {} : { id }) }, orderBy: { number: 'desc' } });
  if (!version) throw new EmendError('conflict', 'There is no dataset version yet. Freeze one first, on the Versions page.');
  const stats = Value.Parse(DatasetStats, version.stats);
  if (stats.splits.train === 0) throw new EmendError('conflict', `Version ${version.number} has no images to train on. Submit or import some, freeze again, then train.`);
  if (stats.splits.valid === 0) {
    throw new EmendError('conflict', `Version ${version.number} has no validation images, so old and new could not be compared. Set some labelled images aside on the Versions page (it draws them by class, like pictures together), freeze again, then train.`);
  }
  return { id: version.id, train: stats.splits.train };
}

async function findBase(db: PrismaClient, projectId: string, id: string | undefined): Promise<ModelVersion | null> {
  const project = await db.project.findUniqueOrThrow({ where: { id: projectId } });
  const wanted = id ?? project.currentModelId;
  const model = wanted === null ? null : await db.modelVersion.findFirst({ where: { id: wanted, projectId } });
  if (id !== undefined && !model) throw new EmendError('not_found', 'There is no such model in this project.');
  if (id !== undefined && model?.ptSha256 === null) throw new EmendError('conflict', 'That model was uploaded as ONNX, which cannot be trained on. Choose another, or train from scratch.');
  return model?.ptSha256 == null ? null : model;
}

/** A queued run ends at once, a running one within seconds; its last checkpoint stays. Idempotent. */
export async function cancelRun(parts: Parts, id: string): Promise<RunDto> {
  const job = await parts.db.job.findFirst({ where: { kind: 'train', subjectId: id, state: { in: ['queued', 'running'] } } });
  if (job) {
    await parts.db.trainingRun.updateMany({ where: { id }, data: { cancelRequested: true } });
    await parts.jobs.cancel(job.id);
    await tell(parts, id);
  }
  return readRun(parts, id);
}

/** Stops it like a cancel, but keeps it: `resumeRun` goes on from the last checkpoint. */
export async function pauseRun(parts: Parts, id: string): Promise<RunDto> {
  const job = await parts.db.job.findFirst({ where: { kind: 'train', subjectId: id, state: { in: ['queued', 'running'] } } });
  if (!job) throw new EmendError('conflict', 'This run is not under way, so there is nothing to pause.');
  await parts.db.trainingRun.update({ where: { id }, data: { pauseRequested: true } });
  await parts.jobs.cancel(job.id);
  await tell(parts, id);
  return readRun(parts, id);
}

const RESUMABLE = ['paused', 'failed', 'cancelled'];

/** Queues a run again that was paused, was cancelled or has failed: it goes on from its last checkpoint, or begins again where it has none. */
export async function resumeRun(parts: Parts, id: string, byId: string): Promise<RunDto> {
  const run = await parts.db.trainingRun.findUniqueOrThrow({ where: { id } });
  if (!RESUMABLE.includes(run.state)) throw new EmendError('conflict', 'Only a run that was paused or cancelled, or has failed, can go on.');
  await refuseFull(parts, run);
  const { count } = await parts.db.trainingRun.updateMany({
    where: { id, state: run.state }, data: { state: 'queued', error: null, endedAt: null, cancelRequested: false, pauseRequested: false },
  });
  if (count === 0) throw new EmendError('conflict', 'Somebody else has just let this run go on.');
  await tell(parts, id);
  await parts.jobs.enqueue({ kind: 'train', projectId: run.projectId, data: { run: id }, subjectId: id, createdById: byId, message: `Run ${run.number}` });
  return readRun(parts, id);
}

/** Its job was cancelled, here or in the list of jobs, before it began. */
export async function neverBegan(parts: Parts, id: string): Promise<void> {
  await parts.db.trainingRun.updateMany({ where: { id, state: 'queued', pauseRequested: true }, data: { state: 'paused', pauseRequested: false } });
  await parts.db.trainingRun.updateMany({ where: { id, state: 'queued' }, data: { state: 'cancelled', endedAt: new Date(), cancelRequested: true } });
  await tell(parts, id);
}

async function tell({ db, bus }: Parts, id: string): Promise<void> {
  const run = await db.trainingRun.findUniqueOrThrow({ where: { id } });
  bus.emit(run.projectId, runEvent(run));
  bus.emit(run.projectId, { type: 'loop' });
}

/**
 * A run that is under way but whose job the queue has given up (or never got) ends: as paused or cancelled where somebody had asked for that, else as failed.
 * Its trainer ends too. The others are delivered again and go on from their last checkpoint. `only`: looked at among the runs of these ids. Returns the ids of
 * the runs without a job that were not among them: a run that is just being queued is no abandoned one, so while the server runs it takes two looks to tell.
 */
export async function settleAbandoned(parts: Parts, only?: ReadonlySet<string>): Promise<Set<string>> {
  const { db, config } = parts;
  const jobless = new Set<string>();
  for (const run of await db.trainingRun.findMany({ where: { state: { notIn: ['done', 'failed', 'cancelled', 'paused'] } } })) {
    const waiting = await db.job.count({ where: { kind: 'train', subjectId: run.id, state: { in: ['queued', 'running'] } } });
    if (waiting > 0) continue;
    jobless.add(run.id);
    if (only?.has(run.id) === false) continue;
    await killOrphan(join(runDirectory(config.dataDir, run.id), 'out'));
    const { count } = await db.trainingRun.updateMany({ where: { id: run.id, state: run.state }, data: endOf(run) });
    if (count > 0) await tell(parts, run.id);
  }
  return jobless;
}

function endOf({ pauseRequested, cancelRequested }: TrainingRun): Prisma.TrainingRunUpdateManyMutationInput {
  if (pauseRequested) return { state: 'paused', pauseRequested: false };
  if (cancelRequested) return { state: 'cancelled', endedAt: new Date() };
  const error = 'The server stopped while this run was under way, and it could not be taken up again. Its checkpoints are kept: let it go on from the last one, or start a new run.';
  return { state: 'failed', endedAt: new Date(), error };
}
