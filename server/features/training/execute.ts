/** One run from its version to the gate. May be cut off anywhere by a stop of the server and delivered again: it goes on from the last checkpoint. */
import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EmendError } from '#core/errors.ts';
import type { TrainerEvent } from '#core/training/events.ts';
import type { RunSpec } from '#core/training/runSpec.ts';
import { secondsLeft } from '#core/training/timeLeft.ts';
import type { TrainingRun } from '#prisma';
import type { App } from '../../app.ts';
import type { JobHandle, Log } from '../../context.ts';
import { isOutage } from '../../database/outage.ts';
import { classesForVersion, writeYolo } from '../dataset/index.ts';
import { copyWeights } from '../models/index.ts';
import { configOf, gateOf } from './dto.ts';
import type { Devices, Lease } from './devices.ts';
import { ensureEnvironment } from './environment.ts';
import { finish, type Outcome } from './finish.ts';
import { Recorder } from './recorder.ts';
import { refuseFull } from './needs.ts';
import { killOrphan, runDirectory, runTrainer } from './trainerProcess.ts';

export type Parts = Pick<App, 'db' | 'blobs' | 'bus' | 'inference' | 'config' | 'log'>;

/** Handler of the job `train`. The run's row always gets a final state, unless the server stops or the database is away: then the job comes again. */
export async function executeRun(app: Parts, devices: Devices, runId: string, job: JobHandle): Promise<string> {
  const run = await app.db.trainingRun.findUniqueOrThrow({ where: { id: runId } });
  // A crash came after its end and before the job's: nothing of it is done twice.
  if (run.state === 'done' || run.state === 'failed') await tidy(app, runId);
  if (run.state === 'done') return gateOf(run)?.reason ?? '';
  if (run.state === 'failed') throw new EmendError('failed', run.error ?? 'The run failed.');
  const recorder = await Recorder.open(app.db, app.bus, run, app.log);
  try {
    const message = await work(app, devices, run, recorder, job);
    await tidy(app, runId);
    return message;
  } catch (error) {
    if (isOutage(error) || (job.signal.aborted && job.signal.reason !== 'cancelled')) throw error;
    await recorder.flush();
    await tidy(app, runId);
    if (job.signal.aborted) await stopped(app, runId, recorder);
    else await recorder.state('failed', { endedAt: new Date(), error: error instanceof EmendError ? sentence(error) : 'The run failed for a reason nobody foresaw. The server’s log has it; start the run again.' });
    throw error;
  }
}

/** A stop that somebody asked for: for good, or to go on later from the last checkpoint. */
async function stopped(app: Parts, runId: string, recorder: Recorder): Promise<void> {
  const { pauseRequested } = await app.db.trainingRun.findUniqueOrThrow({ where: { id: runId }, select: { pauseRequested: true } });
  recorder.progress({ message: null, secondsLeft: null });
  if (pauseRequested) await recorder.state('paused', { pauseRequested: false });
  else await recorder.state('cancelled', { endedAt: new Date() });
}

/** Everybody in the project reads the log; where this server keeps its files is nobody's business. */
export function withoutPaths(line: string, dataDir: string): string {
  return line.replaceAll(dataDir, '…').replaceAll(process.env['HOME'] ?? dataDir, '~');
}

function sentence({ message, detail }: EmendError): string {
  return detail === undefined ? message : `${message}\n${detail}`;
}

async function work(app: Parts, devices: Devices, run: TrainingRun, recorder: Recorder, job: JobHandle): Promise<string> {
  const dir = runDirectory(app.config.dataDir, run.id);
  await killOrphan(join(dir, 'out'));
  await recorder.state('preparing', { error: null });
  const environment = await ensureEnvironment({
    dataDir: app.config.dataDir, signal: job.signal, onProgress: (message, stageShare) => { recorder.progress({ message, stageShare }); },
  });
  const lease = await devices.acquire({
    wanted: configOf(run, app.log).device ?? 'auto', gpus: environment.versions.gpus, who: `run ${run.number}`, signal: job.signal,
    onWait: (holders) => { recorder.progress({ message: `Waiting for its device: ${holders} ${holders.includes(',') ? 'are' : 'is'} training on it`, stageShare: null }); },
  });
  try {
    // Waiting for a device is no part of how long it took.
    await recorder.state('preparing', { startedAt: run.startedAt ?? new Date() });
    return await train(app, { run, dir, python: environment.python, lease }, recorder, job);
  } finally {
    lease.release();
  }
}

interface Going {
  run: TrainingRun;
  dir: string;
  python: string;
  lease: Lease;
}

async function train(app: Parts, { run, dir, python, lease }: Going, recorder: Recorder, job: JobHandle): Promise<string> {
  recorder.progress({ message: 'Writing the dataset' });
  await refuseFull(app, run);
  const { currentModelId: oldId } = await app.db.project.findUniqueOrThrow({ where: { id: run.projectId } });
  const spec = await prepare(app, run, dir, oldId, lease.device);
  job.signal.throwIfAborted();
  const outcome: Outcome = { oldId, old: null, fresh: null, files: null };
  const hear = listener({ recorder, outcome, epochs: spec.epochs, job, log: app.log });
  await runTrainer({ python, spec, signal: job.signal, onLog: (line) => { recorder.log(withoutPaths(line, app.config.dataDir)); }, onEvent: hear });
  job.signal.throwIfAborted();
  return finish(app, run, recorder, outcome);
}

async function prepare(app: Parts, run: TrainingRun, dir: string, oldId: string | null, device: string): Promise<RunSpec> {
  const config = configOf(run, app.log);
  const { optimizer = 'AdamW', ...extra } = config.extra ?? {};
  const project = await app.db.project.findUniqueOrThrow({ where: { id: run.projectId } });
  const data = await writeYolo(app, run.datasetVersionId, join(dir, 'data'), { repeatFresh: config.freshWeight });
  const weights = await weightsOf(app, run.baseModelId, join(dir, 'base.pt'));
  const old = oldId === run.baseModelId ? weights : await weightsOf(app, oldId, join(dir, 'old.pt'));
  const segment = project.task === 'segment';
  const resume = await access(join(dir, 'out', 'run', 'weights', 'last.pt')).then(() => true, () => false);
  return {
    data, task: segment ? 'segment' : 'detect', weights, old, oldClasses: old === null ? null : await classesForVersion(app.db, run.datasetVersionId, oldId),
    // Small enough to be trained on a CPU; a GPU server's team starts from weights of its own.
    architecture: { yaml: segment ? 'yolo11-seg.yaml' : 'yolo11.yaml', scale: [0.5, 0.25, 1024] },
    epochs: config.epochs, imgsz: config.imgsz, batch: config.batch, lr0: config.lr0, optimizer: String(optimizer), freeze: config.freeze, seed: config.seed, extra,
    device, workers: 0, out: join(dir, 'out'), resume,
  };
}

async function weightsOf(app: Parts, modelId: string | null, target: string): Promise<string | null> {
  const model = modelId === null ? null : await app.db.modelVersion.findUnique({ where: { id: modelId } });
  return model?.ptSha256 == null ? null : copyWeights(app.blobs, model.ptSha256, target);
}

interface Listening {
  recorder: Recorder;
  outcome: Outcome;
  epochs: number;
  job: JobHandle;
  log: Log;
}

function listener({ recorder, outcome, epochs, job, log }: Listening): (event: TrainerEvent) => void {
  const seconds: number[] = [];
  let pending: Promise<void> = Promise.resolve();
  const state = (...args: Parameters<Recorder['state']>): void => { pending = pending.then(() => recorder.state(...args)).catch((error: unknown) => { log.warn({ err: error }, 'the state of a run could not be written'); }); };
  return (event) => {
    switch (event.type) {
      case 'hello': state('preparing', { device: event.device }); recorder.log(`Ultralytics ${event.ultralytics}, PyTorch ${event.torch}, Python ${event.python}, ${event.device}`); break;
      case 'stage': recorder.progress({ message: event.message }); state(event.stage); break;
      case 'batch': recorder.progress({
        epoch: event.epoch, epochs, batch: event.batch, batches: event.batches, imagesPerSecond: event.imagesPerSecond,
        secondsLeft: secondsLeft(seconds, epochs, event.batch / event.batches),
      }); break;
      case 'epoch': {
        seconds.push(event.seconds);
        const { type: _, epochs: total, ...point } = event;
        recorder.epoch(point);
        recorder.progress({ epoch: event.epoch, epochs: total, map: event.map, map50: event.map50, secondsLeft: secondsLeft(seconds, total - event.epoch + seconds.length, 0) });
        job.progress(event.epoch, total, `Epoch ${event.epoch} of ${total}`);
        break;
      }
      case 'evaluation': outcome[event.which === 'old' ? 'old' : 'fresh'] = { metrics: event.metrics, file: event.file }; break;
      case 'exported': outcome.files = event; break;
      case 'done': case 'cancelled': case 'error': break;
    }
  };
}

/** The pictures of the run were copies; checkpoints and the log stay. */
async function tidy(app: Parts, runId: string): Promise<void> {
  await rm(join(runDirectory(app.config.dataDir, runId), 'data'), { recursive: true, force: true });
}
