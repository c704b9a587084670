/** Splits without leaks: groups of like pictures, the drawn validation split, moves between splits. The only door of this feature. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { Id, IdParams, ProjectParams } from '#core/api/common.ts';
import { AlikeImages, DrawSplit, Repaired, RepairLeaks, SplitQuery, SplitStatus } from '#core/api/splits.ts';
import { API } from '../../access.ts';
import { inProject } from '../../signedIn.ts';
import { drawSplit, readStatus } from './drawing.ts';
import { fillLikeness, orderLikeness } from './fill.ts';
import { alikeImages, repairLeaks } from './leaks.ts';

export { countLabelled, propose, type Drawable, type Proposal } from './drawing.ts';
export { linkProject } from './link.ts';
export { likenessOf } from './look.ts';
export { moveImages } from './moves.ts';
export { groupUpload, type UploadedPicture, type UploadGroup } from './upload.ts';

const tags = ['splits'];
const JobData = Type.Object({ project: Id });

function tell(app: FastifyInstance, projectId: string): void {
  for (const type of ['images', 'loop', 'activity'] as const) app.bus.emit(projectId, { type });
}

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(`${API}/projects/:project/splits`, { schema: { tags, summary: 'The splits, their leaks, and the validation split as it would be drawn', params: ProjectParams, querystring: SplitQuery, response: { 200: SplitStatus } } }, (request) =>
    readStatus(app.db, inProject(request).projectId, request.query.share, request.query.draw));
  app.post(`${API}/projects/:project/splits/draw`, { schema: { tags, summary: 'Set labelled images aside for validation, where there are none', params: ProjectParams, body: DrawSplit, response: { 200: SplitStatus } } }, async (request) => {
    const { projectId, person, role } = inProject(request);
    const status = await drawSplit(app.db, projectId, request.body.share, { id: person.id, role });
    tell(app, projectId);
    return status;
  });
  app.post(`${API}/projects/:project/splits/repair`, { schema: { tags, summary: 'Exclude, or move, what has a near-duplicate in another split', params: ProjectParams, body: RepairLeaks, response: { 200: Repaired } } }, async (request) => {
    const { projectId, person, role } = inProject(request);
    const repaired = await repairLeaks(app.db, projectId, request.body, { id: person.id, role });
    tell(app, projectId);
    return repaired;
  });
  app.get(`${API}/images/:id/alike`, { schema: { tags, summary: 'The images that belong together with this one', params: IdParams, response: { 200: AlikeImages } } }, (request) => alikeImages(app.db, request.params.id));
};

export const plugin = fp(async (app) => {
  await app.register(routes);
  app.jobs.handle('likeness', (data, job) => fillLikeness(app, Value.Parse(JobData, data).project, job));
  app.addHook('onListen', async () => {
    if (app.config.roles.has('web')) await orderLikeness(app).catch((error: unknown) => { app.log.warn({ err: error }, 'the comparison of images could not be ordered'); });
  });
}, { name: 'splits', dependencies: ['database', 'auth', 'bus', 'blobs', 'jobs'] });
