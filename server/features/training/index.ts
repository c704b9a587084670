/** Training runs: begun, watched, cancelled. The only door of this feature. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import fp from 'fastify-plugin';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { Id, IdParams, Nullable, ProjectParams } from '#core/api/common.ts';
import { RunPictures } from '#core/api/evaluation.ts';
import { CreateRun, EpochPoint, KeepPresent, LogLine, RunDto, RunNeeds, TrainerArgument } from '#core/api/run.ts';
import { API } from '../../access.ts';
import { eyesOf, hiddenImages } from '../../blind.ts';
import { inProject, signedIn } from '../../signedIn.ts';
import { PictureShelf, readPictures } from '../evaluations/index.ts';
import { comparedWith, listRuns, readRun } from './dto.ts';
import { readArguments } from './arguments.ts';
import { AutoRuns } from './auto.ts';
import { Devices } from './devices.ts';
import { ensureEnvironment } from './environment.ts';
import { executeRun } from './execute.ts';
import { keepPresent } from './keep.ts';
import { needsOf } from './needs.ts';
import { readEpochs, readLog } from './recorder.ts';
import { cancelRun, createRun, neverBegan, pauseRun, resumeRun, settleAbandoned } from './runs.ts';

export { trainerStatus } from './status.ts';
export { ensureEnvironment } from './environment.ts';
export { runTrainer } from './trainerProcess.ts';
export { findPython } from './python.ts';

/** How often the clock is looked at for nightly runs. */
const CLOCK_MS = 20_000;
const tags = ['training'];
/** Without `after` the last thousand lines; −1 begins at the first one. */
const LogQuery = Type.Object({ after: Type.Optional(Type.Integer({ minimum: -1 })) }, { additionalProperties: false });
const JobData = Type.Object({ run: Id });
const NeedsQuery = Type.Object({ version: Id, model: Type.Optional(Id) }, { additionalProperties: false });
/** Runs that may be told to begin at once on one node; each waits for its device. */
const AT_ONCE = 16;

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(`${API}/projects/:project/runs`, { schema: { tags, summary: 'Training runs, newest first', params: ProjectParams, response: { 200: Type.Array(RunDto) } } }, (request) => listRuns(app, inProject(request).projectId));
  app.post(`${API}/projects/:project/runs`, { schema: { tags, summary: 'Begin a training run', params: ProjectParams, body: CreateRun, response: { 201: RunDto } } }, async (request, reply) => {
    const { projectId, person } = inProject(request);
    return reply.code(201).send(await createRun(app, projectId, request.body, person.id));
  });
  app.get(`${API}/projects/:project/runs/arguments`, { schema: { tags, summary: 'What else the installed trainer takes; null before its environment was made', params: ProjectParams, response: { 200: Nullable(Type.Array(TrainerArgument)) } } }, () => readArguments(app.config.dataDir));
  app.get(`${API}/projects/:project/runs/needs`, { schema: { tags, summary: 'What a run would need on disk', params: ProjectParams, querystring: NeedsQuery, response: { 200: RunNeeds } } }, (request) =>
    needsOf(app, inProject(request).projectId, request.query.version, request.query.model ?? null));
  app.get(`${API}/runs/:id`, { schema: { tags, summary: 'One run', params: IdParams, response: { 200: RunDto } } }, (request) => readRun(app, request.params.id));
  app.get(`${API}/runs/:id/epochs`, { schema: { tags, summary: 'The curves', params: IdParams, response: { 200: Type.Array(EpochPoint) } } }, (request) => readEpochs(app.db, request.params.id));
  app.get(`${API}/runs/:id/log`, { schema: { tags, summary: 'The log, after a sequence number', params: IdParams, querystring: LogQuery, response: { 200: Type.Array(LogLine) } } }, (request) => readLog(app.db, request.params.id, request.query.after));
  app.post(`${API}/runs/:id/cancel`, { schema: { tags, summary: 'Cancel a run; its last checkpoint stays', params: IdParams, response: { 200: RunDto } } }, (request) => cancelRun(app, request.params.id));
  app.post(`${API}/runs/:id/pause`, { schema: { tags, summary: 'Stop a run at its last checkpoint, to go on later', params: IdParams, response: { 200: RunDto } } }, (request) => pauseRun(app, request.params.id));
  app.post(`${API}/runs/:id/resume`, { schema: { tags, summary: 'Let a paused, cancelled or failed run go on', params: IdParams, response: { 200: RunDto } } }, (request) => resumeRun(app, request.params.id, signedIn(request).id));
  app.post(`${API}/runs/:id/keep`, { schema: { tags, summary: 'Keep the present model instead of the one that this run made', params: IdParams, body: KeepPresent, response: { 200: RunDto } } }, (request) =>
    keepPresent(app, request.params.id, request.body.reason?.trim() || null, signedIn(request).id));
  const shelf = new PictureShelf();
  app.get(`${API}/runs/:id/pictures`, { schema: { tags, summary: 'The validation pictures on which old and new differ most', params: IdParams, response: { 200: RunPictures } } }, async (request) => {
    const { projectId, person, role } = inProject(request);
    return readPictures(app, shelf, { runId: request.params.id, comparedWith: await comparedWith(app.db, request.params.id), hidden: await hiddenImages(app.db, projectId, eyesOf(person, role)) });
  });
};

export const plugin = fp(async (app) => {
  await app.register(routes);
  // After the queue's own onReady, which gives back what a killed server was working on.
  app.addHook('onReady', async () => { await settleAbandoned(app); });
  // And what a database that was away for a moment has left behind while the server ran on.
  let jobless: ReadonlySet<string> = new Set();
  const settle = async (): Promise<void> => { jobless = await settleAbandoned(app, jobless); };
  const auto = new AutoRuns(app, (error) => { app.log.error({ err: error }, 'a run could not begin by itself'); });
  app.bus.on((projectId, event) => {
    if ((event.type === 'task' && event.state === 'submitted') || (event.type === 'run' && event.state === 'done')) void auto.look(projectId);
  });
  const clock = setInterval(() => {
    void auto.clock(new Date());
    settle().catch((error: unknown) => { app.log.warn({ err: error }, 'runs without a job could not be looked for'); });
  }, CLOCK_MS);
  clock.unref();
  app.addHook('onClose', () => { clearInterval(clock); });
  const devices = new Devices();
  app.jobs.handle('train', (data, job) => executeRun(app, devices, Value.Parse(JobData, data).run, job), { concurrency: AT_ONCE, neverBegan: (run) => neverBegan(app, run) });
  app.jobs.handle('environment', async (_data, job) => {
    const { versions } = await ensureEnvironment({ dataDir: app.config.dataDir, signal: job.signal, onProgress: (message) => { job.progress(0, null, message); } });
    return `The trainer is ready: Ultralytics ${versions.ultralytics}, PyTorch ${versions.torch}`;
  });
}, { name: 'training', dependencies: ['database', 'auth', 'jobs', 'bus', 'blobs', 'models', 'projects', 'evaluations'] });
