import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { Id, Ok, ProjectParams, Role } from '#core/api/common.ts';
import { AddedMember, MemberDto, PersonName, SignInLink } from '#core/api/system.ts';
import { API } from '../../access.ts';
import { signedIn } from '../../signedIn.ts';
import { readPeople } from './faces.ts';
import * as members from './members.ts';

const Add = Type.Object({ email: Type.String({ minLength: 3, maxLength: 200, pattern: '^[^@\\s]+@[^@\\s]+$' }), role: Role }, { additionalProperties: false });
const MemberParams = Type.Object({ project: Id, user: Id }, { additionalProperties: false });

export const memberRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(`${API}/projects/:project/members`, { schema: { tags: ['people'], summary: 'Members of a project', params: ProjectParams, response: { 200: Type.Array(MemberDto) } } },
    (request) => members.list(app.db, request.params.project, signedIn(request)));
  app.get(`${API}/projects/:project/people`, { schema: { tags: ['people'], summary: 'All who belong to the project or have worked in it: names, colours, letters', params: ProjectParams, response: { 200: Type.Array(PersonName) } } },
    (request) => readPeople(app.db, request.params.project, signedIn(request).id));
  app.post(`${API}/projects/:project/members/:user/link`, { schema: { tags: ['people'], summary: 'A new one-time sign-in link for a member; an earlier one ends', params: MemberParams, response: { 200: SignInLink } } },
    async (request) => {
      const path = await members.link(app.db, request.params.project, request.params.user, signedIn(request));
      app.bus.emit(request.params.project, { type: 'project' });
      return { signInLink: `${app.config.publicUrl}${path}` };
    });
  app.post(`${API}/projects/:project/members`, {
    schema: { tags: ['people'], summary: 'Add a person or change a role; a newcomer gets a one-time sign-in link', params: ProjectParams, body: Add, response: { 200: AddedMember } },
  }, async (request) => {
    const added = await members.add(app.db, request.params.project, request.body, signedIn(request));
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
