import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { ClassIndex } from '#core/annotation/schema.ts';
import { Id, ProjectParams } from '#core/api/common.ts';
import { ClassDto, CreateClass, PatchClass } from '#core/api/project.ts';
import { API } from '../../access.ts';
import * as classes from './classes.ts';

const ClassParams = Type.Object({ project: Id, index: ClassIndex }, { additionalProperties: false });
const tags = ['projects'];

export const classRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post(`${API}/projects/:project/classes`, { schema: { tags, summary: 'Add a class', params: ProjectParams, body: CreateClass, response: { 201: ClassDto } } }, async (request, reply) => {
    const made = await classes.add(app.db, request.params.project, request.body);
    app.bus.emit(request.params.project, { type: 'project' });
    return reply.code(201).send(made);
  });
  app.patch(`${API}/projects/:project/classes/:index`, { schema: { tags, summary: 'Rename, recolour, retire a class, or merge it into another', params: ClassParams, body: PatchClass, response: { 200: ClassDto } } }, async (request) => {
    const changed = await classes.patch(app.db, request.params.project, request.params.index, request.body);
    app.bus.emit(request.params.project, { type: 'project' });
    return changed;
  });
};
