/** Second look: the present model held against accepted labels. Writes no label; what is to be changed is changed in the editor. The only door of this feature. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import fp from 'fastify-plugin';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { Id, IdParams, ProjectParams } from '#core/api/common.ts';
import { JobDto } from '#core/api/job.ts';
import { FindingDto, FindingPage, FindingQuery, Opened, SecondLookDto } from '#core/api/secondLook.ts';
import { EmendError } from '#core/errors.ts';
import { API } from '../../access.ts';
import type { JobHandle } from '../../context.ts';
import { inProject } from '../../signedIn.ts';
import { predictLabelled } from '../predictions/index.ts';
import { sayRight, takeBack } from './answer.ts';
import { listFindings, readFinding, readState } from './list.ts';
import { taskFor } from './open.ts';
import { refreshAll, refreshSome } from './refresh.ts';
import { readScene } from './scene.ts';

const tags = ['second look'];
const JobData = Type.Object({ project: Id });

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(`${API}/projects/:project/second-look`, { schema: { tags, summary: 'How far the present model was held against the labels, and what was found', params: ProjectParams, response: { 200: SecondLookDto } } }, async (request) => {
    const { projectId } = inProject(request);
    const job = (await app.jobs.list(projectId)).find((j) => j.kind === 'second-look' && (j.state === 'queued' || j.state === 'running'));
    return readState(app.db, await refreshSome(app.db, projectId), job ?? null);
  });
  app.post(`${API}/projects/:project/second-look`, { schema: { tags, summary: 'Predict labelled images where that is missing, and hold the labels against it', params: ProjectParams, response: { 202: JobDto } } }, async (request, reply) => {
    const { projectId, person } = inProject(request);
    return reply.code(202).send(await app.jobs.enqueue({ kind: 'second-look', projectId, data: { project: projectId }, createdById: person.id, message: 'Taking a second look', singletonKey: `second-look:${projectId}` }));
  });
  app.get(`${API}/projects/:project/second-look/findings`, { schema: { tags, summary: 'Findings by page, the surest first', params: ProjectParams, querystring: FindingQuery, response: { 200: FindingPage } } }, async (request) => {
    const { projectId } = inProject(request);
    // Further pages belong to the list as its first one found it.
    const scene = request.query.after === undefined ? await refreshSome(app.db, projectId) : await readScene(app.db, projectId);
    return listFindings(app.db, scene, request.query);
  });
  app.get(`${API}/findings/:id`, { schema: { tags, summary: 'One finding', params: IdParams, response: { 200: FindingDto } } }, (request) => readFinding(app.db, request.params.id));
  app.post(`${API}/findings/:id/right`, { schema: { tags, summary: 'The labels are right: the finding does not come back while they stay', params: IdParams, response: { 200: FindingDto } } }, async (request) => {
    const { projectId, person } = inProject(request);
    await sayRight(app.db, { projectId, findingId: request.params.id, personId: person.id });
    app.bus.emit(projectId, { type: 'findings' });
    return readFinding(app.db, request.params.id);
  });
  app.delete(`${API}/findings/:id/right`, { schema: { tags, summary: 'Take "the labels are right" back', params: IdParams, response: { 200: FindingDto } } }, async (request) => {
    const { projectId, person } = inProject(request);
    await takeBack(app.db, { projectId, findingId: request.params.id, personId: person.id });
    app.bus.emit(projectId, { type: 'findings' });
    return readFinding(app.db, request.params.id);
  });
  app.post(`${API}/findings/:id/open`, { schema: { tags, summary: 'The task in which the labels of its image are corrected; made where the image never had one', params: IdParams, response: { 200: Opened } } }, async (request) => {
    const { projectId, person } = inProject(request);
    const { imageId } = await app.db.finding.findUniqueOrThrow({ where: { id: request.params.id }, select: { imageId: true } });
    if ((await app.db.task.count({ where: { imageId, blind: true } })) > 0) throw new EmendError('conflict', 'Two people are correcting this image without seeing each other. Its labels can be looked at when both have submitted.');
    return { task: await taskFor(app.db, { projectId, imageId, personId: person.id }) };
  });
};

export const plugin = fp(async (app) => {
  await app.register(routes);
  const look = async (projectId: string, job: JobHandle): Promise<string> => {
    const project = await app.db.project.findUnique({ where: { id: projectId }, select: { currentModelId: true } });
    // Without a model there still are labels of a few pixels, and doubles.
    const { failed } = project?.currentModelId == null ? { failed: 0 } : await predictLabelled({ db: app.db, blobs: app.blobs, inference: app.inference, log: app.log, concurrency: app.config.inferenceThreads }, projectId, job);
    const looked = await refreshAll(app.db, projectId, job);
    app.bus.emit(projectId, { type: 'findings' });
    const found = await app.db.finding.count({ where: { projectId, answerId: null } });
    return `${looked} ${looked === 1 ? 'image' : 'images'} looked at, ${found} ${found === 1 ? 'place' : 'places'} to look at again${failed === 0 ? '' : `; ${failed} could not be read`}`;
  };
  app.jobs.handle('second-look', (data, job) => look(Value.Parse(JobData, data).project, job));
}, { name: 'secondLook', dependencies: ['database', 'auth', 'bus', 'blobs', 'jobs', 'inference', 'tasks', 'dataset'] });
