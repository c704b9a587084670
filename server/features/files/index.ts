/** Files for people who want files (docs/formats.md). The only door of this feature. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { Id, IdParams, Nullable, ProjectParams } from '#core/api/common.ts';
import { ImageAnnotations } from '#core/api/image.ts';
import { JobDto } from '#core/api/job.ts';
import { EmendError } from '#core/errors.ts';
import { decode } from '#core/geometry/rle.ts';
import { API } from '../../access.ts';
import { eyesOf, type Eyes } from '../../blind.ts';
import { inProject } from '../../signedIn.ts';
import { attachment, shownBlob } from '../images/index.ts';
import { readLabelled, toAnnotations } from './annotations.ts';
import { exportPath, exportProject } from './exporting.ts';
import { toNpy } from './npy.ts';
import { drawOverlay } from './overlay.ts';
import { EXPORT_DAYS, sweepExports } from './sweep.ts';

const tags = ['files'];
const JobData = Type.Object({ project: Id, eyes: Type.Optional(Nullable(Id)) });
const MaskParams = Type.Object({ id: Id, instance: Id }, { additionalProperties: false });
const Layer = Type.Object({ layer: Type.Optional(Type.Union([Type.Literal('prediction'), Type.Literal('corrected')])) }, { additionalProperties: false });
const SWEEP_MS = 6 * 3_600_000;
const SAFE = { 'x-content-type-options': 'nosniff', 'content-security-policy': "sandbox; default-src 'none'", 'cache-control': 'private, no-cache' };

function eyes(request: FastifyRequest): Eyes {
  const { person, role } = inProject(request);
  return eyesOf(person, role);
}

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(`${API}/images/:id/annotations.json`, { schema: { tags, summary: 'Boxes, classes and mask references of one image', params: IdParams, response: { 200: ImageAnnotations } } }, async (request) => {
    const { id } = request.params;
    return toAnnotations(await readLabelled(app.db, id, eyes(request)), (instance) => `${API}/images/${id}/masks/${instance.id}.npy`);
  });
  app.get(`${API}/images/:id/masks/:instance.npy`, { schema: { tags, summary: 'One mask as a NumPy file: bool, (height, width)', params: MaskParams, produces: ['application/octet-stream'] } }, async (request, reply) => {
    const { id, instance } = request.params;
    const image = await readLabelled(app.db, id, eyes(request));
    const mask = [...image.corrected, ...image.predicted].find((i) => i.id === instance)?.mask;
    if (!mask) throw new EmendError('not_found', 'This instance has no mask, or it is not among the newest labels of the image.');
    return reply.headers({ ...SAFE, 'content-type': 'application/octet-stream', 'content-disposition': attachment(`${instance}.npy`) }).send(toNpy(decode(mask), image.height, image.width));
  });
  app.get(`${API}/images/:id/overlay.png`, { schema: { tags, summary: 'The picture with boxes and masks drawn on it', params: IdParams, querystring: Layer, produces: ['image/png'] } }, async (request, reply) => {
    const image = await readLabelled(app.db, request.params.id, eyes(request));
    const instances = request.query.layer === 'prediction' ? image.predicted : image.corrected;
    const png = await drawOverlay(await app.blobs.path(shownBlob(image)), image, instances, image.classes);
    return reply.headers({ ...SAFE, 'content-type': 'image/png' }).send(png);
  });
  app.post(`${API}/projects/:project/files`, { schema: { tags, summary: 'Write JSON, masks and overlays of all images into one zip', params: ProjectParams, response: { 202: JobDto } } }, async (request, reply) => {
    const { projectId, person } = inProject(request);
    return reply.code(202).send(await app.jobs.enqueue({ kind: 'export', projectId, data: { project: projectId, eyes: eyes(request) }, createdById: person.id, message: 'Writing files', singletonKey: `export:${projectId}:${person.id}` }));
  });
  app.get(`${API}/jobs/:id/file`, { schema: { tags, summary: 'The zip that an export has made', params: IdParams, produces: ['application/zip'] } }, async (request, reply) => {
    const job = await app.db.job.findUnique({ where: { id: request.params.id } });
    const path = exportPath(app.config.dataDir, request.params.id);
    // An export shows what its maker may see: of a blind pair that is more than a colleague may.
    const theirs = job !== null && eyes(request) !== null && job.createdById !== inProject(request).person.id;
    const size = job?.kind === 'export' && job.state === 'done' && !theirs ? await stat(path).then((s) => s.size, () => null) : null;
    if (size === null) throw new EmendError('not_found', `There is no file of this job for you: it made none, somebody else made it, or it is older than ${EXPORT_DAYS} days and was removed. Export again.`);
    return reply.headers({ ...SAFE, 'content-type': 'application/zip', 'content-length': size, 'content-disposition': attachment('emend-files.zip') }).send(createReadStream(path));
  });
};

export const plugin = fp(async (app) => {
  await app.register(routes);
  app.jobs.handle('export', (data, job) => {
    const { project, eyes: whose } = Value.Parse(JobData, data);
    return exportProject({ db: app.db, blobs: app.blobs, dataDir: app.config.dataDir, eyes: whose ?? null }, project, job);
  });
  const sweep = (): void => { sweepExports(app.db, app.config.dataDir, Date.now()).catch((error: unknown) => { app.log.warn({ err: error }, 'old exports could not be removed'); }); };
  let timer: NodeJS.Timeout | undefined;
  app.addHook('onReady', async () => {
    sweep();
    timer = setInterval(sweep, SWEEP_MS).unref();
  });
  app.addHook('preClose', async () => { clearInterval(timer); });
}, { name: 'files', dependencies: ['database', 'auth', 'blobs', 'jobs'] });
