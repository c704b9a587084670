/** The map of a project's images: where they lie by how they look, what is known of them, and selections made on it. The only door of this feature. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { Id, ProjectParams } from '#core/api/common.ts';
import { JobDto } from '#core/api/job.ts';
import { ImageMapDto, ImagePickDto, MapFacets, PickImages } from '#core/api/map.ts';
import { EmendError } from '#core/errors.ts';
import { API } from '../../access.ts';
import { eyesOf } from '../../blind.ts';
import { inProject } from '../../signedIn.ts';
import { sendBlob } from '../images/index.ts';
import { makeMap } from './make.ts';
import { readFacets } from './facets.ts';
import { savePick } from './repository.ts';
import { currentMap, readMap } from './read.ts';

const tags = ['map'];
const JobData = Type.Object({ project: Id });
/** Up to so many images a map follows new models and images by itself; a larger one is made when somebody asks. */
const FOLLOWS = 20_000;

/** @throws EmendError `conflict` while it is already under way. */
async function requestMap(app: FastifyInstance, projectId: string, createdById?: string): Promise<JobDto> {
  return app.jobs.enqueue({ kind: 'map', projectId, data: { project: projectId }, message: 'Making the map', singletonKey: projectId, ...(createdById === undefined ? {} : { createdById }) });
}

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(`${API}/projects/:project/map`, { schema: { tags, summary: 'The map of the images, and whether it is as new as they are', params: ProjectParams, response: { 200: ImageMapDto } } }, (request) =>
    readMap(app.db, request.params.project));
  app.post(`${API}/projects/:project/map`, { schema: { tags, summary: 'Make the map, or make it anew', params: ProjectParams, response: { 202: JobDto } } }, async (request, reply) => {
    const { projectId, person } = inProject(request);
    if ((await app.db.image.count({ where: { projectId, excluded: false } })) === 0) throw new EmendError('conflict', 'The project has no images. Import some, then make the map.');
    return reply.code(202).send(await requestMap(app, projectId, person.id));
  });
  app.get(`${API}/projects/:project/map/points`, { schema: { tags, summary: 'Where the images lie (MapPoints)', params: ProjectParams, produces: ['application/json'] } }, async (request, reply) => {
    const { map } = await currentMap(app.db, request.params.project);
    if (!map) throw new EmendError('not_found', 'This project has no map yet. Make one first.');
    return sendBlob(reply, app.blobs, { sha256: map.sha256, type: 'application/json', asked: true });
  });
  app.get(`${API}/projects/:project/map/facets`, { schema: { tags, summary: 'Status, split, class and doubts of the images on the map', params: ProjectParams, response: { 200: MapFacets } } }, (request) => {
    const { projectId, person, role } = inProject(request);
    return readFacets(app, projectId, eyesOf(person, role));
  });
  app.post(`${API}/projects/:project/picks`, { schema: { tags, summary: 'Remember a selection of images, to list them by its id', params: ProjectParams, body: PickImages, response: { 200: ImagePickDto } } }, (request) => {
    const { projectId, person } = inProject(request);
    return savePick(app.db, projectId, request.body.images, person.id);
  });
};

/** Where there is a map, a new model or new images make another: people look at it, so it is kept. */
async function follow(app: FastifyInstance, projectId: string): Promise<void> {
  const { map, images, newer, otherModel } = await readMap(app.db, projectId);
  if (map === null || images > FOLLOWS || (newer === 0 && !otherModel)) return;
  await requestMap(app, projectId).catch((error: unknown) => { if (!(error instanceof EmendError && error.code === 'conflict')) throw error; });
}

export const plugin = fp(async (app) => {
  await app.register(routes);
  app.jobs.handle('map', (data, job) => makeMap(app, Value.Parse(JobData, data).project, job));
  const remove = app.bus.on((projectId, event) => {
    if (event.type !== 'job' || event.job.kind !== 'predict' || event.job.state !== 'done') return;
    follow(app, projectId).catch((error: unknown) => { app.log.warn({ err: error, project: projectId }, 'the map could not be made anew'); });
  });
  app.addHook('preClose', async () => { remove(); });
}, { name: 'map', dependencies: ['database', 'auth', 'bus', 'blobs', 'jobs', 'inference', 'next'] });
