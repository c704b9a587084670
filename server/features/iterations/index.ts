/** Iterations: the loop's numbers, the overview, and how one iteration gives way to the next. The only door of this feature. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import fp from 'fastify-plugin';
import { ProjectParams } from '#core/api/common.ts';
import { Loop, Overview } from '#core/api/project.ts';
import { API } from '../../access.ts';
import { eyesOf } from '../../blind.ts';
import { inProject } from '../../signedIn.ts';
import { readLoop } from './loop.ts';
import { readOverview } from './overview.ts';

export { blindPairs, readAgreement } from './agreement.ts';
export { beginIteration } from './lifecycle.ts';
export { countUnfrozen } from './loop.ts';
export { readCorrection, readLearning, readWork, type PersonWork } from './report.ts';
export { readStored, storedAgreement, storedModel, type StoredAgreement, type StoredReport } from './stored.ts';

const tags = ['iterations'];

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(`${API}/projects/:project/loop`, { schema: { tags, summary: 'Where the loop stands, and what to do next', params: ProjectParams, response: { 200: Loop } } },
    (request) => {
      const { projectId, person, role } = inProject(request);
      return readLoop(app.db, projectId, eyesOf(person, role));
    });
  app.get(`${API}/projects/:project/overview`, { schema: { tags, summary: 'Does it pay off: history, errors, times, activity', params: ProjectParams, response: { 200: Overview } } },
    (request) => {
      const { projectId, person, role } = inProject(request);
      return readOverview(app.db, projectId, eyesOf(person, role));
    });
};

export const plugin = fp(async (app) => { await app.register(routes); }, { name: 'iterations', dependencies: ['database', 'auth'] });
