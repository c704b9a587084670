import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { Id, ProjectParams } from '#core/api/common.ts';
import { NextTasks, TaskCard, TaskState } from '#core/api/image.ts';
import { FrontDone, FrontTasks } from '#core/api/map.ts';
import { API } from '../../access.ts';
import { note } from '../../activity.ts';
import { eyesOf, isBlinded, refuseBlindTask } from '../../blind.ts';
import { inProject } from '../../signedIn.ts';
import { rankProject } from '../next/index.ts';
import { putInFront } from './front.ts';
import { claim, currentIteration, handOut, reserve } from './handOut.ts';
import { isPredicting, list, strip } from './read.ts';

const tags = ['tasks'];
const Next = Type.Object({
  current: Type.Optional(Id),
  after: Type.Optional(Id),
}, { additionalProperties: false, description: 'current: the task that is open (it is taken in hand if it is free). after: one just finished with; it is not handed out again.' });
const ListQuery = Type.Object({ state: Type.Optional(TaskState) }, { additionalProperties: false });

export const queueRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post(`${API}/projects/:project/tasks/next`, {
    schema: { tags, summary: 'Hand out the next image, or go on with the current one, and look ahead', params: ProjectParams, body: Next, response: { 200: NextTasks } },
  }, async (request) => {
    const { person, projectId, role } = inProject(request);
    const queue = { projectId, iterationId: await currentIteration(app.db, projectId) };
    const { current, after } = request.body;
    const mine = current !== undefined && (await isOf(projectId, current)) ? current : null;
    if (mine !== null && isBlinded(role)) await refuseBlindTask(app.db, mine, person.id);
    const had = mine === null ? null : await app.db.task.findUnique({ where: { id: mine }, select: { assigneeId: true } });
    const predicting = await isPredicting(app.db, projectId);
    const task = mine ?? (await handOut(app.db, { projectId, userId: person.id, except: after === undefined ? [] : [after], predicted: predicting }));
    if (mine !== null) await claim(app.db, projectId, mine, person.id);
    if (task !== null) {
      await reserve(app.db, { projectId, userId: person.id, predicted: predicting }, task);
      if (had?.assigneeId !== person.id) await tell(projectId, task, person.id);
    }
    return strip(app.db, queue, person.id, task, predicting);
  });

  app.get(`${API}/projects/:project/tasks`, {
    schema: { tags, summary: 'Tasks of the present iteration, most urgent first (at most 1000)', params: ProjectParams, querystring: ListQuery, response: { 200: Type.Array(TaskCard) } },
  }, async (request) => {
    const { person, projectId, role } = inProject(request);
    return list(app.db, { projectId, iterationId: await currentIteration(app.db, projectId) }, request.query.state, eyesOf(person, role));
  });

  app.post(`${API}/projects/:project/tasks/front`, {
    schema: { tags, summary: 'Hand these images out next, or give them back the places that the ranking gives them', params: ProjectParams, body: FrontTasks, response: { 200: FrontDone } },
  }, async (request) => {
    const { person, projectId } = inProject(request);
    const done = await putInFront(app.db, projectId, request.body, person);
    if (done.images > 0) {
      const { front } = request.body;
      await note(app.db, projectId, person.id, 'front', `put ${done.images === 1 ? 'one image' : `${done.images} images`} ${front ? 'in front of the queue' : 'back into the queue'}`);
      if (!front) await rankProject(app, projectId);
      for (const type of ['loop', 'activity'] as const) app.bus.emit(projectId, { type });
    }
    return done;
  });

  const isOf = async (projectId: string, id: string): Promise<boolean> => (await app.db.task.count({ where: { id, projectId } })) === 1;

  const tell = async (projectId: string, id: string, userId: string): Promise<void> => {
    const row = await app.db.task.findUnique({ where: { id }, select: { imageId: true, state: true, assigneeId: true } });
    if (row?.assigneeId === userId) app.bus.emit(projectId, { type: 'task', task: id, image: row.imageId, state: row.state, by: userId });
  };
};
