import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { Type } from 'typebox';
import { IdParams, ProjectParams } from '#core/api/common.ts';
import { JobDto } from '#core/api/job.ts';
import { EmendError } from '#core/errors.ts';
import { API, atLeast } from '../../access.ts';
import { inProject } from '../../signedIn.ts';

const tags = ['jobs'];

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(`${API}/projects/:project/jobs`, { schema: { tags, summary: 'The latest jobs of a project, newest first', params: ProjectParams, response: { 200: Type.Array(JobDto) } } },
    (request) => app.jobs.list(request.params.project));
  app.post(`${API}/jobs/:id/cancel`, { schema: { tags, summary: 'Cancel a job; one that has ended stays as it is', params: IdParams, response: { 200: JobDto } } },
    async (request) => {
      await refuseForeign(app, request);
      return app.jobs.cancel(request.params.id);
    });
};

/** Annotators end what they began themselves; training, and the work of others, is a reviewer's to end. */
async function refuseForeign(app: FastifyInstance, request: FastifyRequest<{ Params: { id: string } }>): Promise<void> {
  const { person, role } = inProject(request);
  const job = await app.db.job.findUniqueOrThrow({ where: { id: request.params.id }, select: { createdById: true, kind: true } });
  if (!atLeast(role, 'reviewer') && (job.kind === 'train' || job.createdById !== person.id)) {
    throw new EmendError('conflict', 'Somebody else began this. A reviewer or an administrator of the project can cancel it.');
  }
}

/** What is being worked on, and its end on request. */
export const plugin = fp(async (app) => { await app.register(routes); }, { name: 'jobs-feature', dependencies: ['jobs', 'auth'] });
