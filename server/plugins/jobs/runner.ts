/** Runs one delivered job: its handler, its row in the database and what the project hears of it. */
import { EmendError } from '#core/errors.ts';
import type { Job, PrismaClient } from '#prisma';
import type { Bus, JobHandle, JobHandler, Log } from '../../context.ts';
import { outlast } from '../../database/outlast.ts';
import { isOutage } from '../../database/outage.ts';
import { unexpected } from '../errors.ts';
import { toDto } from './row.ts';

/** Progress reaches the database and the screens at most this often. */
const PROGRESS_MS = 300;
/** A cancel that another node accepted is seen after at most this long. */
const LOOK_MS = 1500;

/** Why a handler's signal aborted. `stopping`: the server ends; the job is delivered again at the next start. */
export type AbortReason = 'cancelled' | 'stopping';

export interface Running {
  abort(reason: AbortReason): void;
  /** Settles when the row has its final state. */
  ended: Promise<void>;
}

interface Parts {
  db: PrismaClient;
  bus: Bus;
  log: Log;
}

/** The job goes back to its queue, since the server stops or the database was away: pg-boss must be told by an error. */
export class NotDone extends Error {}

export function announce(bus: Bus, row: Job): void {
  if (row.projectId !== null) bus.emit(row.projectId, { type: 'job', job: toDto(row) });
}

/**
 * A handler's own failure is final (it would fail again): it is written to the row, not thrown. Only a stop of the server and a database that was away are
 * thrown, and a crash says nothing at all; all of them make pg-boss deliver the job again.
 */
export function run(parts: Parts, jobId: string, data: Record<string, unknown>, handler: JobHandler): Running {
  const abort = new AbortController();
  return { abort: (reason) => { abort.abort(reason); }, ended: attempt(parts, jobId, data, handler, abort) };
}

async function attempt(parts: Parts, jobId: string, data: Record<string, unknown>, handler: JobHandler, abort: AbortController): Promise<void> {
  const { db } = parts;
  const row = await outlast(() => db.job.findUnique({ where: { id: jobId } }));
  if (!row || row.state === 'cancelled' || row.state === 'done' || row.state === 'failed') return;
  if (row.cancelRequested) return finish(parts, jobId, { state: 'cancelled' });
  announce(parts.bus, await outlast(() => db.job.update({ where: { id: jobId }, data: { state: 'running', startedAt: new Date(), done: 0, error: null } })));
  const progress = progressWriter(parts, jobId, abort);
  try {
    const message = await handler(data, { id: jobId, signal: abort.signal, progress: progress.report });
    await progress.stop();
    // A handler that a stop cut short may end without an error: its job is not done, and comes again at the next start.
    abort.signal.throwIfAborted();
    await finish(parts, jobId, { state: 'done', ...(message === undefined ? {} : { message }) });
  } catch (error) {
    await progress.stop();
    await afterError(parts, jobId, abort.signal, error);
  }
}

async function afterError(parts: Parts, jobId: string, signal: AbortSignal, error: unknown): Promise<void> {
  if (signal.aborted && signal.reason === 'cancelled') return finish(parts, jobId, { state: 'cancelled' });
  if (signal.aborted) {
    await parts.db.job.update({ where: { id: jobId }, data: { state: 'queued', message: 'Waiting for the server to start again' } });
    throw new NotDone('the server stops');
  }
  if (isOutage(error)) {
    parts.log.warn({ err: error, job: jobId }, 'a job met a database that is away; it comes again');
    announce(parts.bus, await outlast(() => parts.db.job.update({ where: { id: jobId }, data: { state: 'queued', message: 'The database was away; it begins again' } })));
    throw new NotDone('the database was away');
  }
  const problem = error instanceof EmendError ? error.toProblem() : unexpected(error, (reference) => { parts.log.error({ err: error, reference, job: jobId }, 'a job failed'); });
  return finish(parts, jobId, { state: 'failed', error: problem.message });
}

async function finish(parts: Parts, jobId: string, end: { state: 'done' | 'failed' | 'cancelled'; message?: string; error?: string }): Promise<void> {
  const row = await outlast(() => parts.db.job.findUnique({ where: { id: jobId }, select: { total: true } }));
  // The bar of a job that is done is full, whatever the last throttled report said.
  const full = end.state === 'done' && row?.total ? { done: row.total } : {};
  announce(parts.bus, await outlast(() => parts.db.job.update({ where: { id: jobId }, data: { ...end, ...full, endedAt: new Date() } })));
}

interface ProgressWriter {
  report: JobHandle['progress'];
  stop(): Promise<void>;
}

/** Writes the newest report at most every PROGRESS_MS, and looks now and then whether somebody wants the job cancelled. */
function progressWriter({ db, bus, log }: Parts, jobId: string, abort: AbortController): ProgressWriter {
  let latest: { done: number; total: number | null; message?: string } | undefined;
  let writing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const write = async (): Promise<void> => {
    const data = latest ?? {};
    const told = latest !== undefined;
    latest = undefined;
    const row = told ? await db.job.update({ where: { id: jobId }, data }) : await db.job.findUnique({ where: { id: jobId } });
    if (row?.cancelRequested) abort.abort('cancelled');
    if (row && told) announce(bus, row);
  };
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(write).catch((error: unknown) => { log.warn({ err: error, job: jobId }, 'progress could not be written'); });
  };
  const look = setInterval(flush, LOOK_MS);

  return {
    report(done, total, message) {
      latest = { done: Math.round(done), total: total === null ? null : Math.round(total), ...(message === undefined ? {} : { message }) };
      timer ??= setTimeout(flush, PROGRESS_MS);
    },
    async stop() {
      clearInterval(look);
      if (latest) flush();
      clearTimeout(timer);
      await writing;
    },
  };
}
