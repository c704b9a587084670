/** Predictions of a project's current model: the only door of this feature. */
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { JobDto } from '#core/api/job.ts';
import { Id, ProjectParams } from '#core/api/common.ts';
import { EmendError } from '#core/errors.ts';
import { API } from '../../access.ts';
import type { JobHandle } from '../../context.ts';
import { rankProject } from '../next/index.ts';
import { predictLabelled } from './labelled.ts';
import { seeAllImages } from './look.ts';
import { currentModel, predictProject, type Parts } from './service.ts';
import { Stale } from './stale.ts';

export { predictLabelled };

const AGAIN_MS = 3000;
/** How often predictions of a former model are looked for. */
const LOOK_MS = 60_000;
const JobData = Type.Object({ project: Id });

/** Starts predicting what waits in a project. @throws EmendError `conflict` while it is already under way, or without a model. */
export async function requestPredictions(app: FastifyInstance, projectId: string, createdById?: string): Promise<JobDto> {
  const project = await app.db.project.findUnique({ where: { id: projectId }, select: { currentModelId: true } });
  if (project?.currentModelId == null) throw new EmendError('conflict', 'The project has no model yet. Import an ONNX model or train one, then promote it.');
  return app.jobs.enqueue({
    kind: 'predict', projectId, data: { project: projectId }, subjectId: project.currentModelId, message: 'Predicting', singletonKey: `predict:${projectId}`,
    ...(createdById === undefined ? {} : { createdById }),
  });
}

const partsOf = (app: FastifyInstance): Parts => ({ db: app.db, blobs: app.blobs, bus: app.bus, inference: app.inference, log: app.log, concurrency: app.config.inferenceThreads, rank: (projectId) => rankProject(app, projectId) });

/** Has the present model look at every image that it has no vector of. The model's id; null where there is none, or it does not tell how it sees a picture. */
export async function seeProject(app: FastifyInstance, projectId: string, job: JobHandle): Promise<string | null> {
  const parts = partsOf(app);
  const current = await currentModel(parts, projectId).catch((error: unknown) => {
    if (error instanceof EmendError && error.code === 'conflict') return null;
    throw error;
  });
  if (!current?.sees) return null;
  await seeAllImages(parts, projectId, current, job);
  return current.modelId;
}

export const plugin = fp(async (app) => {
  const routes = app.withTypeProvider<TypeBoxTypeProvider>();
  routes.post(
    `${API}/projects/:project/predict`,
    { schema: { summary: 'Predict the images that wait to be corrected', tags: ['predictions'], params: ProjectParams, response: { 202: JobDto } } },
    async (request, reply) => reply.code(202).send(await requestPredictions(app, request.params.project, request.person?.id)),
  );

  app.jobs.handle('predict', (data, job) => predictProject(partsOf(app), Value.Parse(JobData, data).project, job));

  // New images and a new model are predicted without being asked for. A job that is under way takes care of them by itself, unless it is just
  // ending: then the second request, some seconds later, finds it gone.
  const again = new Set<NodeJS.Timeout>();
  const request = (projectId: string, last: boolean): void => {
    requestPredictions(app, projectId).catch((error: unknown) => {
      if (!(error instanceof EmendError && error.code === 'conflict')) return app.log.error({ err: error, project: projectId }, 'predictions could not be queued');
      if (last) return;
      const timer = setTimeout(() => {
        again.delete(timer);
        request(projectId, true);
      }, AGAIN_MS);
      again.add(timer);
    });
  };
  const stale = new Stale(app.db, (projectId) => { request(projectId, false); });
  const failed = (error: unknown): void => { app.log.warn({ err: error }, 'predictions of a former model could not be looked for'); };
  const remove = app.bus.on((projectId, event) => {
    // Whoever had it in hand while a model was promoted has left it untouched.
    if (event.type === 'task' && event.state === 'pending') stale.freed(projectId, event.task).catch(failed);
    const wanted = (event.type === 'model' && event.promoted) || (event.type === 'job' && event.job.kind === 'import' && event.job.state === 'done');
    if (wanted) request(projectId, false);
  });
  // What a crash cut off between an import, or a promotion, and the order to predict; and what a busy minute has left.
  app.addHook('onReady', () => stale.look({ missing: true }));
  const look = setInterval(() => { stale.look().catch(failed); }, LOOK_MS);
  look.unref();
  app.addHook('preClose', async () => {
    remove();
    clearInterval(look);
    for (const timer of again) clearTimeout(timer);
  });
}, { name: 'predictions', dependencies: ['database', 'bus', 'jobs', 'inference', 'next'] });
