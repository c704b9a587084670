import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { Id, Ok, ProjectParams, Role } from '#core/api/common.ts';
import { MemberDto } from '#core/api/system.ts';
import { API } from '../../access.ts';
import * as members from './members.ts';

const Add = Type.Object({ email: Type.String({ minLength: 3, maxLength: 200, pattern: '^[^@\\s]+@[^@\\s]+$' }), role: Role }, { additionalProperties: false });
const MemberParams = Type.Object({ project: Id, user: Id }, { additionalProperties: false });
/** A newcomer gets a link; it is shown to the administrator who added them, once. */
const Added = Type.Object({ ...MemberDto.properties, signInLink: Type.Union([Type.String(), Type.Null()]) });

export const memberRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(`${API}/projects/:project/members`, { schema: { tags: ['people'], summary: 'Members of a project', params: ProjectParams, response: { 200: Type.Array(MemberDto) } } },
    (request) => members.list(app.db, request.params.project));
  app.post(`${API}/projects/:project/members`, {
    schema: { tags: ['people'], summary: 'Add a person or change a role; a newcomer gets a one-time sign-in link', params: ProjectParams, body: Add, response: { 200: Added } },
  }, async (request) => {
    const added = await members.add(app.db, request.params.project, request.body);
    app.disconnect(added.userId);
    app.bus.emit(request.params.project, { type: 'project' });
    return { ...added, signInLink: added.signInLink === null ? null : `${app.config.publicUrl}${added.signInLink}` };
  });
  app.delete(`${API}/projects/:project/members/:user`, { schema: { tags: ['people'], summary: 'Remove a member; their work stays', params: MemberParams, response: { 200: Ok } } }, async (request) => {
    await members.remove(app.db, request.params.project, request.params.user);
    app.disconnect(request.params.user);
    app.bus.emit(request.params.project, { type: 'project' });
    return { ok: true as const };
  });
};
