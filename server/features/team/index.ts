/** The team at work: who is on what, how fast, how long it will take, and how well people agree. The only door of this feature. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import fp from 'fastify-plugin';
import { IdParams, Ok, ProjectParams } from '#core/api/common.ts';
import { AgreementDto, AgreementQuery, PairDto, Team, TeamQuery } from '#core/api/team.ts';
import { EmendError } from '#core/errors.ts';
import type { PrismaClient } from '#prisma';
import { API, atLeast } from '../../access.ts';
import { inProject, signedIn } from '../../signedIn.ts';
import { readAgreement } from '../iterations/index.ts';
import { LiveDesk } from './live.ts';
import { letCount, readPair } from './pair.ts';
import { readTeam } from './read.ts';

const tags = ['team'];
const ok = { ok: true as const };

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(`${API}/projects/:project/team`, { schema: { tags, summary: 'Progress, pace, time left, leases', params: ProjectParams, querystring: TeamQuery, response: { 200: Team } } }, (request) =>
    readTeam(app.db, { ...inProject(request), today: dayOf(request.query.today) }));
  app.get(`${API}/projects/:project/agreement`, { schema: { tags, summary: 'How well two people agree who corrected the same images blind', params: ProjectParams, querystring: AgreementQuery, response: { 200: AgreementDto } } }, async (request) => {
    const { projectId, person, role } = inProject(request);
    const agreement = await readAgreement(app.db, await iterationOf(app.db, projectId, request.query.iteration));
    if (atLeast(role, 'reviewer')) return agreement;
    return { ...agreement, least: [], pairs: agreement.pairs.filter(({ first, second }) => first.id === person.id || second.id === person.id) };
  });
  app.get(`${API}/images/:id/pair`, { schema: { tags, summary: 'The outcomes of two people side by side', params: IdParams, response: { 200: PairDto } } }, (request) => readPair(app.db, request.params.id));
  app.post(`${API}/tasks/:id/count`, { schema: { tags, summary: 'Of two outcomes of one image, let this one be its label', params: IdParams, response: { 200: Ok } } }, async (request) => {
    await letCount(app, request.params.id, signedIn(request));
    return ok;
  });
};

/** The one that was asked for, else the newest in which two people have finished the same image blind, else the one in work. */
async function iterationOf(db: PrismaClient, projectId: string, number: number | undefined): Promise<{ id: string; number: number }> {
  const select = { id: true, number: true } as const;
  const measured = { some: { measures: true, blind: false, revisions: { some: { blind: true } } } };
  const found = number === undefined
    ? ((await db.iteration.findFirst({ where: { projectId, tasks: measured }, orderBy: { number: 'desc' }, select })) ?? (await db.iteration.findFirst({ where: { projectId }, orderBy: { number: 'desc' }, select })))
    : await db.iteration.findFirst({ where: { projectId, number }, select });
  if (!found) throw new EmendError('not_found', 'This project has no such iteration.');
  return found;
}

/** At most two days back: it is the start of somebody's day, in whatever time zone. */
function dayOf(text: string | undefined): Date {
  const given = text === undefined ? Number.NaN : Date.parse(text);
  if (given > Date.now() - 2 * 86_400_000 && given <= Date.now()) return new Date(given);
  return new Date(new Date().setUTCHours(0, 0, 0, 0));
}

export const plugin = fp(async (app) => {
  const live = new LiveDesk(app);
  app.addHook('preClose', async () => { live.close(); });
  await app.register(routes);
}, { name: 'team', dependencies: ['database', 'auth', 'bus', 'sync'] });
