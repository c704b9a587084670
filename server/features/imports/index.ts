/** Imports: upload, plan, apply. The only door of this feature. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { Id, IdParams, Ok, ProjectParams } from '#core/api/common.ts';
import { ImportDto, ImportOptions } from '#core/api/import.ts';
import { EmendError } from '#core/errors.ts';
import { API } from '../../access.ts';
import { inProject } from '../../signedIn.ts';
import type { AreaEntry, UploadArea } from './area.ts';
import { safePath } from './paths.ts';
import * as imports from './service.ts';

export { UploadArea } from './area.ts';
export * as importService from './service.ts';

const tags = ['imports'];
const JobData = Type.Object({ import: Id, phase: Type.Union([Type.Literal('plan'), Type.Literal('apply')]) });
/** Of one import, archives included. */
const MAX_FILES = 200_000;

const routes: FastifyPluginAsyncTypebox = async (app) => {
  const parts: imports.Parts = app;
  app.get(`${API}/projects/:project/imports`, { schema: { tags, summary: 'The latest imports', params: ProjectParams, response: { 200: Type.Array(ImportDto) } } }, (request) => imports.list(parts, inProject(request).projectId));
  app.post(`${API}/projects/:project/imports`, { schema: { tags, summary: 'Begin an import', params: ProjectParams, response: { 201: ImportDto } } }, async (request, reply) => {
    const { projectId, person } = inProject(request);
    return reply.code(201).send(await imports.create(parts, projectId, person.id));
  });
  app.get(`${API}/imports/:id`, { schema: { tags, summary: 'One import with its plan', params: IdParams, response: { 200: ImportDto } } }, (request) => imports.read(parts, request.params.id));
  app.delete(`${API}/imports/:id`, { schema: { tags, summary: 'Drop an import and its uploaded files', params: IdParams, response: { 200: Ok } } }, async (request) => {
    await imports.drop(parts, request.params.id);
    return { ok: true as const };
  });
  app.post(`${API}/imports/:id/files`, { schema: { tags, summary: 'Add files; the name of each multipart field is the path inside the upload', params: IdParams, consumes: ['multipart/form-data'], response: { 200: ImportDto } } }, async (request) => {
    const area = await imports.openForFiles(parts, request.params.id);
    await receive(request, area, (entry) => imports.admit(parts, request.params.id, area, entry));
    return imports.read(parts, request.params.id);
  });
  app.post(`${API}/imports/:id/plan`, { schema: { tags, summary: 'Plan, or plan anew with answers; writes nothing to the project', params: IdParams, body: ImportOptions, response: { 202: ImportDto } } }, async (request, reply) =>
    reply.code(202).send(await imports.startPlan(parts, request.params.id, request.body, request.person?.id)));
  app.post(`${API}/imports/:id/apply`, { schema: { tags, summary: 'Do what the plan says', params: IdParams, response: { 202: ImportDto } } }, async (request, reply) =>
    reply.code(202).send(await imports.startApply(parts, request.params.id, request.person?.id)));
};

/** Each file is stored whole or not at all; those before a refused one stay, and may be sent again. */
async function receive(request: FastifyRequest, area: UploadArea, admit: (entry: AreaEntry) => Promise<void>): Promise<void> {
  if (!request.isMultipart()) throw new EmendError('unsupported', 'Files are sent as multipart/form-data. Nothing was stored.');
  let refused: EmendError | undefined;
  let count = (await area.list()).files.length;
  for await (const part of request.parts()) {
    if (part.type !== 'file') continue;
    const path = safePath(part.fieldname === 'file' || part.fieldname === 'files' ? part.filename : part.fieldname);
    if (path === null || ++count > MAX_FILES) {
      refused ??= path === null
        ? new EmendError('invalid', 'A file names a path that leads outside of the upload, or hides what it is. It was not stored; rename it.')
        : new EmendError('too_large', `An import takes at most ${MAX_FILES} files. The rest was not stored; import it by itself.`);
      part.file.resume();
      continue;
    }
    const entry = await area.store(path, part.file);
    if (part.file.truncated) {
      await area.discard([entry]);
      throw new EmendError('too_large', `"${path}" is larger than this server accepts. It was not stored; the files before it are.`);
    }
    await admit(entry);
  }
  if (refused) throw refused;
}

export const plugin = fp(async (app) => {
  await app.register(routes);
  app.jobs.handle('import', (data, job) => {
    const { import: id, phase } = Value.Parse(JobData, data);
    return imports.work(app, id, phase, job);
  }, { neverBegan: (id) => imports.neverBegan(app, id) });
}, { name: 'imports', dependencies: ['database', 'auth', 'bus', 'blobs', 'jobs'] });
