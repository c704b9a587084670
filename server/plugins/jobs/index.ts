import { setTimeout as sleep } from 'node:timers/promises';
import fp from 'fastify-plugin';
import { PgBoss } from 'pg-boss';
import type { JobDto } from '#core/api/job.ts';
import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { Bus, JobHandler, JobOptions, JobSpec, Jobs, Log } from '../../context.ts';
import type { Job, PrismaClient } from '#prisma';
import { bossId, isKind, KINDS, toDto, WORKED_BY, type JobKind } from './row.ts';
import { announce, run, type Running } from './runner.ts';

/** A worker that dies is noticed after this many seconds without a sign of life; its job is then delivered again. */
const HEARTBEAT_S = 30;
/** Deliveries after the first. Every restart of the server uses one up, so that a job that kills the server does not do so for ever. */
const RETRIES = 5;
const SCHEMA = 'pgboss';
/** An ended job leaves the queue's books within a few milliseconds; under load it was seen to take some hundred. */
const SEND_ATTEMPTS = 100;
const SEND_WAIT_MS = 50;
/** How often rows are held against the queue while the server runs. */
const SETTLE_MS = 20_000;
/** States in which pg-boss still delivers a job, or waits for its end. */
const UNDER_WAY: readonly string[] = ['created', 'retry', 'active'];

export interface JobsOptions {
  url: string;
  /** True when no other node can be at work on this database: then what was running when it stopped is delivered again at once. */
  sole: boolean;
  /** A kind without a handler stops the start, unless this says that the app is made of some features only (tests). */
  partial: boolean;
}

interface Delivered {
  job: string;
  data: Record<string, unknown>;
}

export function makeBoss(url: string, log?: Log): PgBoss {
  const boss = new PgBoss({ connectionString: url, schema: SCHEMA, max: 4, useListenNotify: true, superviseIntervalSeconds: 15, monitorIntervalSeconds: 15, application_name: 'emend-jobs' });
  boss.on('error', (error) => log?.warn({ err: error }, 'the job queue reports an error'));
  return boss;
}

/** Makes the schema and the queues. The tests do it once for their template database. */
export async function prepareQueues(boss: PgBoss): Promise<void> {
  await boss.start();
  const known = new Set((await boss.getQueues()).map((queue) => queue.name));
  for (const kind of KINDS) {
    if (!known.has(kind)) await boss.createQueue(kind, { policy: 'exclusive', notify: true, retryLimit: RETRIES, retryDelay: 1, heartbeatSeconds: HEARTBEAT_S, expireInSeconds: 86_400 });
  }
}

class BossJobs implements Jobs {
  readonly #handlers = new Map<JobKind, JobOptions & { handler: JobHandler }>();
  readonly #running = new Map<string, Running>();
  readonly #boss: PgBoss;
  readonly #db: PrismaClient;
  readonly #bus: Bus;
  readonly #log: Log;
  /** Rows that the queue did not know at the last look. */
  #lostBefore: ReadonlySet<string> = new Set();

  constructor(boss: PgBoss, db: PrismaClient, bus: Bus, log: Log) {
    this.#boss = boss;
    this.#db = db;
    this.#bus = bus;
    this.#log = log;
  }

  handle(kind: JobKind, handler: JobHandler, options: JobOptions = {}): void {
    if (this.#handlers.has(kind)) throw new Error(`two features handle jobs of kind ${kind}`);
    this.#handlers.set(kind, { ...options, handler });
  }

  get unhandled(): JobKind[] {
    return KINDS.filter((kind) => !this.#handlers.has(kind));
  }

  async enqueue(spec: JobSpec): Promise<JobDto> {
    const id = newId();
    const row = await this.#db.job.create({
      data: {
        id, projectId: spec.projectId, kind: spec.kind, state: 'queued',
        message: spec.message ?? null, subjectId: spec.subjectId ?? null, createdById: spec.createdById ?? null,
      },
    });
    const delivered: Delivered = { job: id, data: spec.data };
    if (!(await this.#send(spec.kind, delivered, spec.singletonKey ?? id))) {
      await this.#db.job.delete({ where: { id } });
      throw new EmendError('conflict', 'The same is already under way. Wait until it has ended, or cancel it first.');
    }
    announce(this.#bus, row);
    return toDto(row);
  }

  /**
   * The policy `exclusive` admits one job per key until it has ended; a job without a key of its own gets one that nobody else has. False = another one is
   * really under way. One that people see as ended may still be in the queue's books for a moment: that is waited for.
   */
  async #send(kind: JobKind, delivered: Delivered, key: string): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      if ((await this.#boss.send(kind, delivered, { id: bossId(delivered.job), singletonKey: key })) !== null) return true;
      const others = (await this.#boss.findJobs<Delivered>(kind, { key })).map((job) => job.data.job);
      const live = await this.#db.job.count({ where: { id: { in: others }, state: { in: ['queued', 'running'] } } });
      if (live > 0 || attempt >= SEND_ATTEMPTS) return false;
      await sleep(SEND_WAIT_MS);
    }
  }

  async cancel(jobId: string): Promise<JobDto> {
    const row = await this.#db.job.findUnique({ where: { id: jobId } });
    if (!row || !isKind(row.kind)) throw new EmendError('not_found', 'There is no such job.');
    if (row.state !== 'queued' && row.state !== 'running') return toDto(row);
    // Only one that has not begun may be ended here; a running one ends itself, so that its handler can clean up.
    const { count } = await this.#db.job.updateMany({ where: { id: jobId, state: 'queued' }, data: { state: 'cancelled', cancelRequested: true, endedAt: new Date() } });
    if (count) {
      await this.#boss.cancel(row.kind, bossId(jobId));
      if (row.subjectId !== null) await this.#handlers.get(row.kind)?.neverBegan?.(row.subjectId);
    } else await this.#db.job.updateMany({ where: { id: jobId, state: 'running' }, data: { cancelRequested: true } });
    this.#running.get(jobId)?.abort('cancelled');
    const now = await this.#db.job.findUniqueOrThrow({ where: { id: jobId } });
    announce(this.#bus, now);
    return toDto(now);
  }

  async list(projectId: string, limit = 50): Promise<JobDto[]> {
    return (await this.#db.job.findMany({ where: { projectId }, orderBy: { createdAt: 'desc' }, take: limit })).map(toDto);
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0 || (await this.#db.job.count({ where: { state: { in: ['queued', 'running'] } } })) > 0) await sleep(30);
  }

  /** Begins to work on every kind that `works` admits. */
  async start(works: (kind: JobKind) => boolean): Promise<void> {
    for (const [kind, { handler, concurrency = 1 }] of this.#handlers) {
      if (!works(kind)) continue;
      await this.#boss.work<Delivered>(kind, { localConcurrency: concurrency, batchSize: 1, pollingIntervalSeconds: 1, notifyPollingIntervalSeconds: 5, heartbeatRefreshSeconds: 5 }, async ([job]) => {
        if (job) await this.#deliver(job.data, handler);
      });
    }
  }

  async #deliver({ job, data }: Delivered, handler: JobHandler): Promise<void> {
    // A database that was away for long has missed our signs of life and gives the job out once more; it is done once.
    const already = this.#running.get(job);
    if (already) return already.ended;
    const running = run({ db: this.#db, bus: this.#bus, log: this.#log }, job, data, handler);
    this.#running.set(job, running);
    try {
      await running.ended;
    } finally {
      this.#running.delete(job);
    }
  }

  /**
   * After a crash: what was running is given back to its queue (when nobody else can be at work on it), and a row whose job the queue no longer
   * knows is told as failed instead of "running" for ever.
   */
  async recover(sole: boolean): Promise<void> {
    const open = await this.#db.job.findMany({ where: { state: { in: ['queued', 'running'] } } });
    for (const row of open) {
      if (!isKind(row.kind)) continue;
      const [job] = await this.#boss.findJobs(row.kind, { id: bossId(row.id) });
      if (sole && job?.state === 'active') await this.#boss.fail(row.kind, job.id, { reason: 'the server stopped' });
      const [now] = job ? await this.#boss.findJobs(row.kind, { id: job.id }) : [];
      if (now && UNDER_WAY.includes(now.state)) continue;
      await this.#lost(row);
    }
  }

  /**
   * While the server runs: a row that the queue does not know (the database died between the two), or has given up. Between row and queue there is always a
   * moment, so only what was lost at the look before, too, is told as failed.
   */
  async settle(): Promise<void> {
    const lost = new Set<string>();
    for (const row of await this.#db.job.findMany({ where: { state: { in: ['queued', 'running'] } } })) {
      if (!isKind(row.kind) || this.#running.has(row.id)) continue;
      const [job] = await this.#boss.findJobs(row.kind, { id: bossId(row.id) });
      if (job && UNDER_WAY.includes(job.state)) continue;
      if (this.#lostBefore.has(row.id)) await this.#lost(row);
      else lost.add(row.id);
    }
    this.#lostBefore = lost;
  }

  async #lost({ id, state }: Job): Promise<void> {
    const { count } = await this.#db.job.updateMany({ where: { id, state }, data: { state: 'failed', endedAt: new Date(), error: 'The server stopped, or its database did, while this was under way. What it had finished is kept; start it again.' } });
    if (count > 0) announce(this.#bus, await this.#db.job.findUniqueOrThrow({ where: { id } }));
  }

  async stop(): Promise<void> {
    for (const running of this.#running.values()) running.abort('stopping');
    await this.#boss.stop({ graceful: true, timeout: 10_000, close: true });
  }
}

/** `app.jobs`: every job goes through pg-boss on the same PostgreSQL; the Job rows are what people see of them. */
export default fp<JobsOptions>(async (app, { url, sole, partial }) => {
  const boss = makeBoss(url, app.log);
  await prepareQueues(boss);
  const jobs = new BossJobs(boss, app.db, app.bus, app.log);
  app.decorate('jobs', jobs);
  app.addHook('onReady', async () => {
    if (!partial && jobs.unhandled.length) throw new Error(`no feature handles jobs of kind ${jobs.unhandled.join(', ')}`);
    await jobs.recover(sole);
    await jobs.start((kind) => app.config.roles.has(WORKED_BY[kind]));
  });
  const settling = setInterval(() => { jobs.settle().catch((error: unknown) => { app.log.warn({ err: error }, 'lost jobs could not be looked for'); }); }, SETTLE_MS);
  settling.unref();
  app.addHook('preClose', async () => {
    clearInterval(settling);
    await jobs.stop();
  });
}, { name: 'jobs', dependencies: ['database', 'bus'] });
