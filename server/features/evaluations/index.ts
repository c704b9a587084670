/** What models find on the validation split, picture by picture: kept for the gate, the report and the pictures that differ. The only door of this feature. */
import { createReadStream } from 'node:fs';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import fp from 'fastify-plugin';
import { Type } from 'typebox';
import { Id, ProjectParams } from '#core/api/common.ts';
import { EvaluationDto, EvaluationQuery } from '#core/api/evaluation.ts';
import { API } from '../../access.ts';
import { eyesOf, refuseBlindFile } from '../../blind.ts';
import { inProject } from '../../signedIn.ts';
import { findEvaluation, listEvaluations } from './store.ts';

export { compareEvaluations, PictureShelf, readPictures } from './compare.ts';
export { checkTrainersFile, readEvaluation, storeEvaluation } from './store.ts';

const tags = ['evaluations'];
const FileParams = Type.Object({ project: Id, evaluation: Id }, { additionalProperties: false });

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(`${API}/projects/:project/evaluations`, { schema: { tags, summary: 'Which models were measured on which dataset versions', params: ProjectParams, querystring: EvaluationQuery, response: { 200: Type.Array(EvaluationDto) } } },
    (request) => listEvaluations(app.db, inProject(request).projectId, request.query));
  app.get(`${API}/projects/:project/evaluations/:evaluation/file.json.gz`, { schema: { tags, summary: 'What the model found, picture by picture', params: FileParams, produces: ['application/gzip'] } }, async (request, reply) => {
    const { projectId, person, role } = inProject(request);
    const { sha256, datasetVersionId } = await findEvaluation(app.db, projectId, request.params.evaluation);
    // It holds the labels of all pictures that it was measured on.
    await refuseBlindFile(app.db, projectId, eyesOf(person, role), { datasetVersionId, split: 'valid' });
    const path = await app.blobs.path(sha256);
    return reply.headers({ 'content-type': 'application/gzip', 'x-content-type-options': 'nosniff', 'content-disposition': 'attachment; filename="evaluation.json.gz"' }).send(createReadStream(path));
  });
};

export const plugin = fp(async (app) => { await app.register(routes); }, { name: 'evaluations', dependencies: ['database', 'auth', 'blobs'] });
