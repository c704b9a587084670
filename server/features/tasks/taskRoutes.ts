import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { FlagTask, SkipTask, Submitted, SubmitTask, TaskDto } from '#core/api/image.ts';
import { IdParams, Ok } from '#core/api/common.ts';
import { API } from '../../access.ts';
import { enterCopy, eyesOf, isBlinded } from '../../blind.ts';
import { inProject, signedIn } from '../../signedIn.ts';
import * as change from './change.ts';
import { read } from './read.ts';
import { submit } from './submit.ts';

const tags = ['tasks'];
const ok = { ok: true as const };

export const taskRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(`${API}/tasks/:id`, { schema: { tags, summary: 'One task with its predictions', params: IdParams, response: { 200: TaskDto } } }, (request) => {
    const { person, role } = inProject(request);
    return read(app.db, request.params.id, person.id, eyesOf(person, role));
  });
  app.post(`${API}/tasks/:id/submit`, { schema: { tags, summary: 'Freeze the corrections as a revision', params: IdParams, body: SubmitTask, response: { 200: Submitted } } }, async (request) => {
    await enter(request);
    return submit(app, { taskId: request.params.id, person: signedIn(request), stateVector: Buffer.from(request.body.stateVector, 'base64'), timeMs: request.body.timeMs, saw: request.body.predictionSetId });
  });
  app.post(`${API}/tasks/:id/skip`, { schema: { tags, summary: 'Lay the image aside', params: IdParams, body: SkipTask, response: { 200: Ok } } }, async (request) => {
    await enter(request);
    await change.skip(app, request.params.id, signedIn(request), request.body.reason);
    return ok;
  });
  app.post(`${API}/tasks/:id/flag`, { schema: { tags, summary: 'Mark the image for the others, or unmark it', params: IdParams, body: FlagTask, response: { 200: Ok } } }, async (request) => {
    await enter(request);
    await change.flag(app, request.params.id, signedIn(request), request.body.flagged, request.body.note);
    return ok;
  });
  app.post(`${API}/tasks/:id/reopen`, { schema: { tags, summary: 'Take a submitted or skipped image in hand again', params: IdParams, response: { 200: Ok } } }, async (request) => {
    await enter(request);
    await change.reopen(app, request.params.id, signedIn(request));
    return ok;
  });

  /** Of two copies that are corrected blind, whoever works on one has had it. */
  const enter = async (request: FastifyRequest<{ Params: { id: string } }>): Promise<void> => {
    const { person, role } = inProject(request);
    if (isBlinded(role)) await enterCopy(app.db, request.params.id, person.id);
  };
};
