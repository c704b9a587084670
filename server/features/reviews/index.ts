/** The review queue: outcomes that a second person looks at, and what they decide. The only door of this feature. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import fp from 'fastify-plugin';
import { IdParams, ProjectParams } from '#core/api/common.ts';
import { Decide, ReviewDetail, ReviewQuery, ReviewQueue } from '#core/api/review.ts';
import { ReviewDto } from '#core/api/image.ts';
import { API } from '../../access.ts';
import { eyesOf, lookAtOutcome } from '../../blind.ts';
import { inProject, signedIn } from '../../signedIn.ts';
import { decide } from './decide.ts';
import { readDetail, readQueue } from './read.ts';

const tags = ['reviews'];

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(`${API}/projects/:project/reviews`, { schema: { tags, summary: 'Outcomes to review, or reviewed', params: ProjectParams, querystring: ReviewQuery, response: { 200: ReviewQueue } } }, (request) => {
    const { projectId, person, role } = inProject(request);
    return readQueue(app.db, { projectId, personId: person.id, eyes: eyesOf(person, role) }, request.query.shelf ?? 'queued', request.query.limit ?? 200);
  });
  app.get(`${API}/tasks/:id/review`, { schema: { tags, summary: 'The newest outcome of a task beside its predictions, with all decisions on it', params: IdParams, response: { 200: ReviewDetail } } }, async (request) => {
    const { person, role } = inProject(request);
    await lookAtOutcome(app.db, request.params.id, eyesOf(person, role), person.id);
    return readDetail(app.db, request.params.id, person.id);
  });
  app.post(`${API}/tasks/:id/review`, { schema: { tags, summary: 'Accept the newest outcome, or send it back with a comment', params: IdParams, body: Decide, response: { 201: ReviewDto } } }, async (request, reply) =>
    reply.code(201).send(await decide(app, request.params.id, signedIn(request), request.body)));
};

export const plugin = fp(async (app) => { await app.register(routes); }, { name: 'reviews', dependencies: ['database', 'auth', 'bus', 'tasks'] });
