import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Static } from 'typebox';
import { RevisionDto } from '#core/api/image.ts';
import { IdParams } from '#core/api/common.ts';
import type { PrismaClient } from '#prisma';
import { API } from '../../access.ts';
import { eyesOf, lookAtOutcome } from '../../blind.ts';
import { inProject } from '../../signedIn.ts';
import { instancesOf, outcomeOf } from './read.ts';

export const revisionRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(`${API}/revisions/:id`, { schema: { tags: ['tasks'], summary: 'One frozen outcome', params: IdParams, response: { 200: RevisionDto } } }, async (request) => {
    const { person, role } = inProject(request);
    const dto = await revisionDto(app.db, request.params.id);
    await lookAtOutcome(app.db, dto.taskId, eyesOf(person, role), person.id);
    return dto;
  });
};

export async function revisionDto(db: PrismaClient, id: string): Promise<Static<typeof RevisionDto>> {
  const row = await db.revision.findUniqueOrThrow({ where: { id } });
  const ids = Array.isArray(row.authors) ? row.authors.filter((id) => typeof id === 'string') : [];
  const people = await db.user.findMany({ where: { id: { in: [...ids, row.submittedById] } }, select: { id: true, name: true } });
  const name = (id: string): string => people.find((p) => p.id === id)?.name ?? 'somebody who has left';
  return {
    id: row.id, taskId: row.taskId, imageId: row.imageId, number: row.number, status: outcomeOf(row.status) ?? 'corrected', instances: instancesOf(row.instances),
    threshold: row.threshold, authors: ids.map(name), submittedBy: name(row.submittedById), timeMs: row.timeMs, createdAt: row.createdAt.toISOString(),
  };
}
