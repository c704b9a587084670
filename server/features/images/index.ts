/** Images of a project: intake, the grid, their files. The only door of this feature. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { Type, type Static } from 'typebox';
import { IdParams, ProjectParams } from '#core/api/common.ts';
import { ImageDetail, ImagePage, ImageQuery, PatchImage } from '#core/api/image.ts';
import { EmendError } from '#core/errors.ts';
import { splitName } from '#core/dataset/split.ts';
import type { PrismaClient } from '#prisma';
import { API } from '../../access.ts';
import { eyesOf, visibleRevisions, type Eyes } from '../../blind.ts';
import { inProject } from '../../signedIn.ts';
import { readSettings } from '../projects/index.ts';
import { moveImages } from '../splits/index.ts';
import { listImages } from './grid.ts';
import { sendBlob } from './serve.ts';

export { facetsOf, type Facets } from './facets.ts';
export { overlaysOf, type Grid } from './grid.ts';
export { insertImage, prepareImage, type Intake, type Prepared } from './intake.ts';
export { shownBlob } from './display.ts';
export { lookAt, readHeader, type Header, type Look } from './picture.ts';
export { attachment, sendBlob } from './serve.ts';
export { PICTURE_NAME } from './sniff.ts';
export { splitName } from '#core/dataset/split.ts';

const tags = ['images'];
const FileQuery = Type.Object({ original: Type.Optional(Type.Union([Type.Literal('1'), Type.Literal('0')])) }, { additionalProperties: false });

function eyes(request: FastifyRequest): Eyes {
  const { person, role } = inProject(request);
  return eyesOf(person, role);
}

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(`${API}/projects/:project/images`, { schema: { tags, summary: 'Images by page, filtered', params: ProjectParams, querystring: ImageQuery, response: { 200: ImagePage } } }, async (request) => {
    const { projectId } = inProject(request);
    const project = await app.db.project.findUniqueOrThrow({ where: { id: projectId } });
    return listImages(app.db, { projectId, threshold: readSettings(project.settings).threshold, eyes: eyes(request) }, request.query);
  });
  app.get(`${API}/images/:id`, { schema: { tags, summary: 'One image with its revisions', params: IdParams, response: { 200: ImageDetail } } }, (request) => detail(app.db, request.params.id, eyes(request)));
  app.patch(`${API}/images/:id`, { schema: { tags, summary: 'Change the split of an image and those like it, or leave it out of versions', params: IdParams, body: PatchImage, response: { 200: ImageDetail } } }, async (request) => {
    const { split, excluded, reason } = request.body;
    const { projectId, person, role } = inProject(request);
    await app.db.$transaction(async (tx) => {
      if (split !== undefined) await moveImages(tx, { projectId, ids: [request.params.id], to: split, kind: 'hand', reason, by: { id: person.id, role } });
      if (excluded !== undefined) await tx.image.update({ where: { id: request.params.id }, data: { excluded } });
    });
    for (const type of ['images', 'loop', 'activity'] as const) app.bus.emit(projectId, { type });
    return detail(app.db, request.params.id, eyes(request));
  });
  app.get(`${API}/images/:id/file`, { schema: { tags, summary: 'The picture, upright and 8-bit; ?original=1 gives the stored original to save', params: IdParams, querystring: FileQuery, produces: ['image/png', 'image/jpeg', 'image/webp', 'image/tiff'] } }, async (request, reply) => {
    const image = await find(app.db, request.params.id);
    if (request.query.original === '1') return sendBlob(reply, app.blobs, { sha256: image.sha256, type: image.type, saveAs: image.name.split('/').at(-1) ?? 'picture' });
    if (image.displaySha256 === null) return sendBlob(reply, app.blobs, { sha256: image.sha256, type: image.type });
    return sendBlob(reply, app.blobs, { sha256: image.displaySha256, type: image.type === 'image/jpeg' ? 'image/jpeg' : 'image/png' });
  });
  app.get(`${API}/images/:id/thumb`, { schema: { tags, summary: 'A small WebP of the picture', params: IdParams, produces: ['image/webp'] } }, async (request, reply) =>
    sendBlob(reply, app.blobs, { sha256: (await find(app.db, request.params.id)).thumbSha256, type: 'image/webp' }));
};

async function find(db: PrismaClient, id: string) {
  const image = await db.image.findUnique({ where: { id } });
  if (!image) throw new EmendError('not_found', 'There is no such image. It may belong to another project, or the address is wrong.');
  return image;
}

async function detail(db: PrismaClient, id: string, whose: Eyes): Promise<Static<typeof ImageDetail>> {
  const image = await find(db, id);
  const revisions = await db.revision.findMany({ where: { imageId: id, ...visibleRevisions(whose) }, orderBy: { createdAt: 'desc' }, select: { id: true, number: true, status: true, createdAt: true, submittedById: true } });
  const people = await db.user.findMany({ where: { id: { in: revisions.map((r) => r.submittedById) } }, select: { id: true, name: true } });
  const names = new Map(people.map((p) => [p.id, p.name]));
  const frozen = await db.datasetItem.findFirst({ where: { imageId: id }, orderBy: { version: { number: 'desc' } }, select: { version: { select: { number: true } } } });
  return {
    id, projectId: image.projectId, name: image.name, sha256: image.sha256, type: image.type, bytes: image.bytes, width: image.width, height: image.height,
    split: splitName(image.split), excluded: image.excluded, createdAt: image.createdAt.toISOString(), frozenIn: frozen?.version.number ?? null, moved: await lastMove(db, id),
    window: image.windowLow === null || image.windowHigh === null ? null : { low: image.windowLow, high: image.windowHigh },
    revisions: revisions.map((r) => ({ id: r.id, number: r.number, status: r.status === 'ok' ? 'ok' : 'corrected', createdAt: r.createdAt.toISOString(), submittedBy: names.get(r.submittedById) ?? 'somebody who left' })),
  };
}

async function lastMove(db: PrismaClient, imageId: string): Promise<Static<typeof ImageDetail>['moved']> {
  const move = await db.splitMove.findFirst({ where: { imageId }, orderBy: { createdAt: 'desc' } });
  if (!move) return null;
  const by = await db.user.findUnique({ where: { id: move.byId }, select: { name: true } });
  const kind = move.kind === 'draw' || move.kind === 'repair' ? move.kind : 'hand';
  return { from: splitName(move.from), kind, reason: move.reason, by: by?.name ?? 'somebody who left', at: move.createdAt.toISOString() };
}

export const plugin = fp(async (app) => { await app.register(routes); }, { name: 'images', dependencies: ['database', 'auth', 'bus', 'blobs'] });
