/** What runs here, and what can be fetched: weights of segmentation models, the trainer's environment. The only door of this feature. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import fp from 'fastify-plugin';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { IdParams } from '#core/api/common.ts';
import { JobDto } from '#core/api/job.ts';
import { ChooseSegmenter, SystemDto } from '#core/api/system.ts';
import { EmendError } from '#core/errors.ts';
import { API } from '../../access.ts';
import { signedIn } from '../../signedIn.ts';
import { fetchSegmenter, listSegmenters } from '../segmentation/index.ts';
import { readSystem } from './read.ts';

const tags = ['system'];
const NameParams = Type.Object({ name: Type.String({ minLength: 1, maxLength: 80 }) }, { additionalProperties: false });

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(`${API}/system`, { schema: { tags, summary: 'Database, disk, models, trainer and queues of this Emend', response: { 200: SystemDto } } }, () => readSystem(app));

  app.post(`${API}/system/segmenters/:name/fetch`, { schema: { tags, summary: 'Fetch the weights of a segmentation model', params: NameParams, response: { 202: JobDto } } }, async (request, reply) => {
    const { name } = request.params;
    const segmenter = (await listSegmenters(app.inference, app.config.modelsManifest)).find((s) => s.name === name);
    if (!segmenter) throw new EmendError('not_found', 'There is no such segmentation model in the list.');
    if (segmenter.present && segmenter.state !== 'refused') throw new EmendError('conflict', `${name} is here already.`);
    if (!segmenter.fetchable) throw new EmendError('invalid', `${name} has no address to fetch it from: it is converted from its authors' weights. models/README.md says how.`);
    const job = await app.jobs.enqueue({ kind: 'fetch-model', projectId: null, data: { name }, subjectId: name, createdById: signedIn(request).id, message: `Fetching ${name}`, singletonKey: name });
    return reply.code(202).send(job);
  });

  app.post(`${API}/system/jobs/:id/cancel`, { schema: { tags, summary: 'Cancel work for the whole instance; what has ended stays as it is', params: IdParams, response: { 200: JobDto } } }, async ({ params }) => {
    const own = await app.db.job.findUnique({ where: { id: params.id }, select: { projectId: true } });
    if (own?.projectId !== null) throw new EmendError('not_found', 'There is no such job for the whole instance.');
    return app.jobs.cancel(params.id);
  });

  app.patch(`${API}/system/segmenter`, { schema: { tags, summary: 'Choose the segmentation model that makes masks', body: ChooseSegmenter, response: { 200: SystemDto } } }, async ({ body }) => {
    await app.inference.choose(body.name);
    return readSystem(app);
  });

  app.post(`${API}/system/trainer/prepare`, { schema: { tags, summary: 'Make the trainer’s Python environment', response: { 202: JobDto } } }, async (request, reply) => {
    const job = await app.jobs.enqueue({ kind: 'environment', projectId: null, data: {}, createdById: signedIn(request).id, message: 'Preparing the trainer', singletonKey: 'environment' });
    return reply.code(202).send(job);
  });
};

export const plugin = fp(async (app) => {
  await app.register(routes);
  app.jobs.handle('fetch-model', (data, job) => fetchSegmenter(app.config, app.inference, Value.Parse(NameParams, data).name, job));
}, { name: 'system', dependencies: ['database', 'auth', 'jobs', 'inference'] });
