import { describe, expect, it } from 'vitest';
import type { JobHandler } from '../../context.ts';
import { EmendError } from '#core/errors.ts';
import { buildApp } from '../../app.ts';
import { testApp } from '../../testing/harness.ts';

/** What the next job of a kind does: the handlers themselves are registered once, before the start. */
const next: { handler: JobHandler } = { handler: async () => undefined };
const t = await testApp({ features: [async (app) => { app.jobs.handle('export', (data, job) => next.handler(data, job)); }] });
const project = await t.project();
const spec = { kind: 'export' as const, projectId: project.id, data: { n: 1 } };
const row = (id: string) => t.db.job.findUniqueOrThrow({ where: { id } });

/** Resolves when the job's handler has begun. */
function handle(work: JobHandler): Promise<void> {
  return new Promise((began) => {
    next.handler = (data, job) => { began(); return work(data, job); };
  });
}
const untilAborted = (signal: AbortSignal): Promise<never> => new Promise((_resolve, reject) => { signal.addEventListener('abort', () => { reject(new Error('aborted')); }); });

describe('jobs', () => {
  it('run with their data, report progress, and end with the closing message', async () => {
    const heard: unknown[] = [];
    const end = t.app.bus.on((_project, event) => { if (event.type === 'job') heard.push([event.job.state, event.job.done]); });
    void handle(async (data, job) => { job.progress(3, 10, 'going'); expect(data).toEqual({ n: 1 }); return 'made 10 files'; });
    const { id } = await t.app.jobs.enqueue(spec);
    await t.app.jobs.idle();
    expect(await row(id)).toMatchObject({ state: 'done', message: 'made 10 files', done: 10, total: 10, error: null });
    expect(heard.at(0)).toEqual(['queued', 0]);
    expect(heard.at(-1)).toEqual(['done', 10]);
    end();
  });

  it('that fail say why; what is unexpected is told with a reference only', async () => {
    void handle(async () => { throw new EmendError('conflict', 'The disk is full.'); });
    const known = await t.app.jobs.enqueue(spec);
    await t.app.jobs.idle();
    expect(await row(known.id)).toMatchObject({ state: 'failed', error: 'The disk is full.' });
    void handle(async () => { throw new Error('secret path /srv/x'); });
    const unknown = await t.app.jobs.enqueue(spec);
    await t.app.jobs.idle();
    expect((await row(unknown.id)).error).toMatch(/reference/);
    expect((await row(unknown.id)).error).not.toMatch(/secret/);
  });

  it('of the same key run one at a time', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => { release = resolve; });
    const began = handle(async () => { await gate; return undefined; });
    await t.app.jobs.enqueue({ ...spec, singletonKey: 'one' });
    await began;
    await expect(t.app.jobs.enqueue({ ...spec, singletonKey: 'one' })).rejects.toMatchObject({ code: 'conflict' });
    release();
    await t.app.jobs.idle();
    await t.app.jobs.enqueue({ ...spec, singletonKey: 'one' });
    await t.app.jobs.idle();
  });

  it('of the same key follow each other at once: who sees the end may begin again', async () => {
    void handle(async () => undefined);
    for (let i = 0; i < 20; i++) {
      const { id } = await t.app.jobs.enqueue({ ...spec, singletonKey: 'again' });
      while ((await row(id)).state !== 'done') await new Promise((resolve) => { setTimeout(resolve, 1); });
    }
  });

  it('are cancelled, running or queued, and cancelling again changes nothing', async () => {
    const began = handle((_data, job) => untilAborted(job.signal));
    const running = await t.app.jobs.enqueue(spec);
    await began;
    const queued = await t.app.jobs.enqueue(spec);
    expect((await t.app.jobs.cancel(queued.id)).state).toBe('cancelled');
    await t.app.jobs.cancel(running.id);
    await t.app.jobs.idle();
    expect((await row(running.id)).state).toBe('cancelled');
    expect((await t.app.jobs.cancel(running.id)).state).toBe('cancelled');
  });

  it('that a stop of the server interrupts run again at the next start', async () => {
    const began = handle((_data, job) => untilAborted(job.signal));
    const { id } = await t.app.jobs.enqueue(spec);
    await began;
    const again = handle(async () => 'second time');
    await t.restart();
    await again;
    await t.app.jobs.idle();
    expect(await row(id)).toMatchObject({ state: 'done', message: 'second time' });
  });

  it('that a crash left behind are told as failed when their queue knows them no more', async () => {
    await t.db.job.create({ data: { id: 'lost', projectId: project.id, kind: 'export', state: 'running' } });
    await t.restart();
    expect(await row('lost')).toMatchObject({ state: 'failed', error: expect.stringContaining('The server stopped') });
  });
});

describe('a database that goes away under a job', async () => {
  const work: { handler: JobHandler } = { handler: async () => undefined };
  const away = await testApp({ gated: true, features: [async (app) => { app.jobs.handle('export', (data, job) => work.handler(data, job)); }] });

  it('is no failure of the job: it comes again when the database is back', async () => {
    let times = 0;
    const met = new Promise<void>((resolve) => {
      work.handler = async () => {
        times += 1;
        if (times > 1) return 'done at last';
        await away.gate.close();
        resolve();
        await away.db.project.count();
        return 'never said';
      };
    });
    const { id } = await away.app.jobs.enqueue({ kind: 'export', projectId: null, data: {} });
    await met;
    await away.gate.open();
    await expect.poll(() => away.db.job.findUniqueOrThrow({ where: { id } }), { timeout: 50_000 }).toMatchObject({ state: 'done', message: 'done at last', error: null });
    expect(times).toBe(2);
  });
  it('nor is the end of one that is done lost: it is written when the database is back', async () => {
    const met = new Promise<void>((resolve) => {
      work.handler = async () => {
        await away.gate.close();
        resolve();
        return 'all is made';
      };
    });
    const { id } = await away.app.jobs.enqueue({ kind: 'export', projectId: null, data: {} });
    await met;
    await away.gate.open();
    await expect.poll(() => away.db.job.findUniqueOrThrow({ where: { id } }), { timeout: 50_000 }).toMatchObject({ state: 'done', message: 'all is made' });
  });
  it('a row that the queue never got is told as failed at the second look, not at the first', async () => {
    await away.db.job.create({ data: { id: 'never-sent', kind: 'export', state: 'queued' } });
    await away.app.jobs.settle();
    expect((await away.db.job.findUniqueOrThrow({ where: { id: 'never-sent' } })).state).toBe('queued');
    await away.app.jobs.settle();
    expect(await away.db.job.findUniqueOrThrow({ where: { id: 'never-sent' } })).toMatchObject({ state: 'failed', error: expect.stringContaining('The server stopped') });
  });
});

describe('the start', () => {
  it('fails where a kind of job has no handler', async () => {
    const { config } = t.app;
    const app = await buildApp({ config, databaseUrl: t.databaseUrl, sole: false, partial: false, features: [async (a) => { a.jobs.handle('export', async () => undefined); }] });
    await expect(app.ready()).rejects.toThrow(/no feature handles jobs of kind demo, import, predict/);
    await app.close();
  });
});
