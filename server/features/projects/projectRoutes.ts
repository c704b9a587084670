import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { ProjectParams } from '#core/api/common.ts';
import { CreateProject, PatchProject, ProjectCard, ProjectDto } from '#core/api/project.ts';
import { API } from '../../access.ts';
import { inProject, signedIn } from '../../signedIn.ts';
import { cards } from './cards.ts';
import * as projects from './projects.ts';

const tags = ['projects'];

export const projectRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(`${API}/projects`, { schema: { tags, summary: 'Own projects, with their state', response: { 200: Type.Array(ProjectCard) } } },
    (request) => cards(app.db, signedIn(request), (id) => app.online(id)));
  app.post(`${API}/projects`, { schema: { tags, summary: 'Make a project', body: CreateProject, response: { 201: ProjectDto } } }, async (request, reply) =>
    reply.code(201).send(await projects.create(app.db, signedIn(request), request.body)));
  app.get(`${API}/projects/:project`, { schema: { tags, summary: 'One project', params: ProjectParams, response: { 200: ProjectDto } } }, (request) => {
    const { projectId, role } = inProject(request);
    return projects.read(app.db, projectId, role);
  });
  app.patch(`${API}/projects/:project`, { schema: { tags, summary: 'Change name or settings', params: ProjectParams, body: PatchProject, response: { 200: ProjectDto } } }, async (request) => {
    const { projectId, role } = inProject(request);
    const project = await projects.patch(app.db, projectId, role, request.body);
    app.bus.emit(projectId, { type: 'project' });
    return project;
  });
};
