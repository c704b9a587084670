/** Dataset versions: preview, freeze, list, export. The only door of this feature. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { Type } from 'typebox';
import { Id, IdParams, ProjectParams, pageOf } from '#core/api/common.ts';
import { ChangeKind, DatasetItemDto, DatasetVersionDto, Freeze, FreezePreview, FreezeQuery, ImageDiff, Manifest, Provenance, Restore, VersionDiff } from '#core/api/dataset.ts';
import { manifestText } from '#core/dataset/manifest.ts';
import { EmendError } from '#core/errors.ts';
import { API } from '../../access.ts';
import { eyesOf, hiddenImages, refuseBlindFile } from '../../blind.ts';
import { inProject } from '../../signedIn.ts';
import { diffImages, diffVersions } from './diff.ts';
import { provenanceOf } from './provenance.ts';
import { restore } from './restore.ts';
import { findVersion, freeze, listVersions, preview, readItems, readManifest, readVersion } from './versions.ts';
import { yoloZip } from './yolo.ts';

export { acceptedLabels } from './candidates.ts';
export { classesForVersion } from './classMap.ts';
export { labelRow, writeYolo, type WriteYolo } from './yolo.ts';
export { freeze, preview, readVersion } from './versions.ts';

const tags = ['dataset versions'];
const Page = Type.Object({ after: Type.Optional(Id), limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })) }, { additionalProperties: false });
const From = Type.Object({ from: Id }, { additionalProperties: false });
const DiffPage = Type.Object({ from: Id, kind: Type.Optional(ChangeKind), after: Type.Optional(Id), limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })) }, { additionalProperties: false });
const LabelParams = Type.Object({ id: Id, image: Id, label: Id }, { additionalProperties: false });

/** Images of which whoever asks must not see the labels yet. */
const hiddenFrom = (app: FastifyInstance, request: FastifyRequest): Promise<string[]> => {
  const { projectId, person, role } = inProject(request);
  return hiddenImages(app.db, projectId, eyesOf(person, role));
};

/** A version was made: everybody who watches hears of it. */
function tellOf(app: FastifyInstance, projectId: string, id: string): void {
  app.bus.emit(projectId, { type: 'version', id });
  app.bus.emit(projectId, { type: 'images' });
  app.bus.emit(projectId, { type: 'loop' });
  app.bus.emit(projectId, { type: 'activity' });
}

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(`${API}/projects/:project/versions`, { schema: { tags, summary: 'Dataset versions, newest first', params: ProjectParams, response: { 200: Type.Array(DatasetVersionDto) } } }, (request) => listVersions(app.db, inProject(request).projectId));
  app.get(`${API}/projects/:project/versions/preview`, { schema: { tags, summary: 'What freezing now would give', params: ProjectParams, querystring: FreezeQuery, response: { 200: FreezePreview } } }, (request) =>
    preview(app.db, inProject(request).projectId, request.query.pseudo));
  app.post(`${API}/projects/:project/versions`, { schema: { tags, summary: 'Freeze a dataset version', params: ProjectParams, body: Freeze, response: { 201: DatasetVersionDto } } }, async (request, reply) => {
    const { projectId, person } = inProject(request);
    const version = await freeze(app.db, projectId, request.body.note ?? null, person.id, request.body.pseudo);
    tellOf(app, projectId, version.id);
    return reply.code(201).send(version);
  });
  app.get(`${API}/versions/:id`, { schema: { tags, summary: 'One dataset version', params: IdParams, response: { 200: DatasetVersionDto } } }, (request) => readVersion(app.db, request.params.id));
  app.get(`${API}/versions/:id/manifest.json`, { schema: { tags, summary: 'The canonical manifest: its SHA-256 is the hash of the version', params: IdParams, response: { 200: Manifest } } }, async (request, reply) => {
    const manifest = await readManifest(app.db, request.params.id);
    return reply.type('application/json; charset=utf-8').serializer(() => manifestText(manifest)).send(manifest);
  });
  app.get(`${API}/versions/:id/items`, { schema: { tags, summary: 'Images and labels of a version, by page', params: IdParams, querystring: Page, response: { 200: pageOf(DatasetItemDto) } } }, async (request) =>
    readItems(app.db, request.params.id, { after: request.query.after, limit: request.query.limit ?? 100, hidden: await hiddenFrom(app, request) }));
  app.get(`${API}/versions/:id/diff`, { schema: { tags, summary: 'What changed from another version to this one', params: IdParams, querystring: From, response: { 200: VersionDiff } } }, (request) =>
    diffVersions(app.db, request.query.from, request.params.id));
  app.get(`${API}/versions/:id/diff/images`, { schema: { tags, summary: 'The images that changed, object by object, by page', params: IdParams, querystring: DiffPage, response: { 200: pageOf(ImageDiff) } } }, async (request) =>
    diffImages(app.db, request.query.from, request.params.id, { kind: request.query.kind, after: request.query.after, limit: request.query.limit ?? 50, hidden: await hiddenFrom(app, request) }));
  app.get(`${API}/versions/:id/images/:image/labels/:label`, { schema: { tags, summary: 'Where a label comes from, and what was trained on it', params: LabelParams, response: { 200: Provenance } } }, async (request) => {
    if ((await hiddenFrom(app, request)).includes(request.params.image)) throw new EmendError('forbidden', 'Two people correct this image without seeing each other. You can see its labels when both have submitted.');
    return provenanceOf(app.db, request.params.id, request.params.image, request.params.label);
  });
  app.post(`${API}/versions/:id/restore`, { schema: { tags, summary: 'The content of this version as the newest one', params: IdParams, body: Restore, response: { 201: DatasetVersionDto } } }, async (request, reply) => {
    const { projectId, person } = inProject(request);
    const version = await restore(app.db, request.params.id, request.body.note ?? null, person.id);
    tellOf(app, projectId, version.id);
    return reply.code(201).send(version);
  });
  app.get(`${API}/versions/:id/export.zip`, { schema: { tags, summary: 'A version as YOLO files', params: IdParams, produces: ['application/zip'] } }, async (request, reply) => {
    const { number, projectId } = await findVersion(app.db, request.params.id);
    const { person, role } = inProject(request);
    await refuseBlindFile(app.db, projectId, eyesOf(person, role), { datasetVersionId: request.params.id });
    reply.headers({ 'content-type': 'application/zip', 'x-content-type-options': 'nosniff', 'content-disposition': `attachment; filename="dataset-v${number}.zip"` });
    return reply.send(await yoloZip(app, request.params.id));
  });
};

export const plugin = fp(async (app) => { await app.register(routes); }, { name: 'dataset', dependencies: ['database', 'auth', 'bus', 'blobs'] });
