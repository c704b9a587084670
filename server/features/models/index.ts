/** Model versions: listed, uploaded, promoted, downloaded. The only door of this feature. */
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { MultipartFile } from '@fastify/multipart';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import fp from 'fastify-plugin';
import { Type } from 'typebox';
import { IdParams, ProjectParams } from '#core/api/common.ts';
import { ModelDto, PromoteModel } from '#core/api/model.ts';
import { EmendError } from '#core/errors.ts';
import { API } from '../../access.ts';
import type { App } from '../../app.ts';
import { inProject, signedIn } from '../../signedIn.ts';
import * as models from './models.ts';
import { kindOfPromotion, promoteModel } from './promote.ts';

export { copyWeights, inputSizeOf, insertModel, prepareModel, readMetrics, registerModel, type NewModel } from './models.ts';
export { promoteIn, promoteModel } from './promote.ts';

const tags = ['models'];
/** Bytes of one uploaded model: the largest YOLO exports have some 300 MB. */
const MAX_MODEL_BYTES = 1024 ** 3;

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(`${API}/projects/:project/models`, { schema: { tags, summary: 'Model versions, newest first', params: ProjectParams, response: { 200: Type.Array(ModelDto) } } },
    (request) => models.list(app.db, inProject(request).projectId));

  app.post(`${API}/projects/:project/models`, { schema: { tags, summary: 'Upload a YOLO model as ONNX (multipart, one file)', params: ProjectParams, consumes: ['multipart/form-data'], response: { 201: ModelDto } } }, async (request, reply) => {
    const { projectId } = inProject(request);
    const file = request.isMultipart() ? await request.file({ limits: { fileSize: MAX_MODEL_BYTES } }) : undefined;
    if (!file) throw new EmendError('bad_request', 'Send the ONNX file as multipart/form-data. Nothing was stored.');
    const model = await receive(app, projectId, file);
    app.bus.emit(projectId, { type: 'model', id: model.id, promoted: false });
    // The first model of a project is of use at once: nothing is there that it could worsen.
    const project = await app.db.project.findUniqueOrThrow({ where: { id: projectId } });
    if (project.currentModelId === null) await promoteModel(app, { modelId: model.id, kind: 'first', reason: null, byId: signedIn(request).id });
    return reply.code(201).send(await models.read(app.db, model.id));
  });

  app.post(`${API}/models/:id/promote`, { schema: { tags, summary: 'Make this the current model; what is left is predicted anew', params: IdParams, body: PromoteModel, response: { 200: ModelDto } } }, async (request) => {
    const { id } = request.params;
    await promoteModel(app, { modelId: id, kind: await kindOfPromotion(app.db, id), reason: request.body.reason ?? null, byId: signedIn(request).id });
    return models.read(app.db, id);
  });

  app.get(`${API}/models/:id/weights.onnx`, { schema: { tags, summary: 'The model as ONNX', params: IdParams, produces: ['application/octet-stream'] } }, async (request, reply) => {
    const row = await app.db.modelVersion.findUniqueOrThrow({ where: { id: request.params.id } });
    if (row.onnxSha256 === null) throw new EmendError('not_found', 'This model has no ONNX file.');
    const path = await app.blobs.path(row.onnxSha256);
    return reply.type('application/octet-stream').header('content-disposition', `attachment; filename="model-${row.number}.onnx"`).send(createReadStream(path));
  });
};

/** Checked as a file of its own before it becomes a blob: what is refused leaves nothing behind. */
async function receive(app: Pick<App, 'db' | 'blobs' | 'inference' | 'config'>, projectId: string, file: MultipartFile): Promise<ModelDto> {
  const folder = await mkdtemp(join(app.config.dataDir, 'upload-'));
  try {
    const path = join(folder, 'model.onnx');
    await pipeline(file.file, createWriteStream(path));
    if (file.file.truncated) throw new EmendError('too_large', 'The model is larger than 1 GB. It was not stored.');
    await app.inference.describeModel(path);
    const name = file.filename.replace(/\.onnx$/i, '').replace(/[^\p{L}\p{N} ._-]/gu, '').slice(0, 80) || 'Uploaded model';
    return await models.registerModel(app, { projectId, name, onnxSha256: await app.blobs.putFile(path), ptSha256: null, origin: 'uploaded' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const plugin = fp(async (app) => { await app.register(routes); }, { name: 'models', dependencies: ['database', 'blobs', 'bus', 'inference', 'auth'] });
