import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import fp from 'fastify-plugin';
import { Type } from 'typebox';
import { IdParams, ProjectParams } from '#core/api/common.ts';
import { JobDto } from '#core/api/job.ts';
import { API } from '../../access.ts';

const tags = ['jobs'];

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(`${API}/projects/:project/jobs`, { schema: { tags, summary: 'The latest jobs of a project, newest first', params: ProjectParams, response: { 200: Type.Array(JobDto) } } },
    (request) => app.jobs.list(request.params.project));
  app.post(`${API}/jobs/:id/cancel`, { schema: { tags, summary: 'Cancel a job; one that has ended stays as it is', params: IdParams, response: { 200: JobDto } } },
    (request) => app.jobs.cancel(request.params.id));
};

/** What is being worked on, and its end on request. */
export const plugin = fp(async (app) => { await app.register(routes); }, { name: 'jobs-feature', dependencies: ['jobs', 'auth'] });
