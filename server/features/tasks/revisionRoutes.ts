import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { RevisionDto } from '#core/api/image.ts';
import { IdParams } from '#core/api/common.ts';
import { API } from '../../access.ts';
import { instancesOf, outcomeOf } from './read.ts';

export const revisionRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(`${API}/revisions/:id`, { schema: { tags: ['tasks'], summary: 'One frozen outcome', params: IdParams, response: { 200: RevisionDto } } }, async (request) => {
    const row = await app.db.revision.findUniqueOrThrow({ where: { id: request.params.id } });
    const ids = Array.isArray(row.authors) ? row.authors.filter((id) => typeof id === 'string') : [];
    const people = await app.db.user.findMany({ where: { id: { in: [...ids, row.submittedById] } }, select: { id: true, name: true } });
    const name = (id: string): string => people.find((p) => p.id === id)?.name ?? 'somebody who has left';
    return {
      id: row.id, taskId: row.taskId, imageId: row.imageId, number: row.number, status: outcomeOf(row.status) ?? 'corrected', instances: instancesOf(row.instances),
      threshold: row.threshold, authors: ids.map(name), submittedBy: name(row.submittedById), timeMs: row.timeMs, createdAt: row.createdAt.toISOString(),
    };
  });
};
