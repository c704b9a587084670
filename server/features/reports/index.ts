/** Reports of iterations: for the page, and as files. The only door of this feature. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { Type } from 'typebox';
import { ProjectParams } from '#core/api/common.ts';
import { Report, ReportCsvQuery, ReportParams, ReportRow } from '#core/api/report.ts';
import { toCsv } from '#core/report/csv.ts';
import { REPORT_CSP, reportPage } from '#core/report/page.ts';
import { tableOf } from '#core/report/tables.ts';
import { API } from '../../access.ts';
import { inProject } from '../../signedIn.ts';
import { attachment } from '../images/index.ts';
import { readHistory } from './history.ts';
import { readReport, type Asking } from './read.ts';
import { readThumbs } from './thumbs.ts';

const tags = ['reports'];
const SAFE = { 'x-content-type-options': 'nosniff', 'cache-control': 'private, no-cache' };
const SEALED = { ...SAFE, 'content-security-policy': `sandbox; ${REPORT_CSP}` };

const asking = (request: FastifyRequest): Asking => inProject(request);
const nameOf = (report: Report, end: string): string => attachment(`${report.project.name}-iteration-${report.iteration}${end}`);

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(`${API}/projects/:project/reports`, { schema: { tags, summary: 'Iterations side by side, oldest first', params: ProjectParams, response: { 200: Type.Array(ReportRow) } } }, (request) => readHistory(app.db, asking(request)));
  app.get(`${API}/projects/:project/reports/:iteration`, { schema: { tags, summary: 'What one iteration brought, or has brought so far', params: ReportParams, response: { 200: Report } } }, (request) =>
    readReport(app, asking(request), request.params.iteration));
  app.get(`${API}/projects/:project/reports/:iteration/report.json`, { schema: { tags, summary: 'The same as a file', params: ReportParams, produces: ['application/json'] } }, async (request, reply) => {
    const report = await readReport(app, asking(request), request.params.iteration);
    return reply.headers({ ...SEALED, 'content-type': 'application/json; charset=utf-8', 'content-disposition': nameOf(report, '.json') }).send(`${JSON.stringify(report, null, 1)}\n`);
  });
  app.get(`${API}/projects/:project/reports/:iteration/report.html`, { schema: { tags, summary: 'The same to be read offline: one file with charts and pictures, without scripts', params: ReportParams, produces: ['text/html'] } }, async (request, reply) => {
    const report = await readReport(app, asking(request), request.params.iteration);
    const page = reportPage(report, await readHistory(app.db, asking(request)), await readThumbs(app, report));
    return reply.headers({ ...SEALED, 'content-type': 'text/html; charset=utf-8', 'content-disposition': nameOf(report, '.html') }).send(page);
  });
  app.get(`${API}/projects/:project/reports/:iteration/report.csv`, { schema: { tags, summary: 'One table of it (RFC 4180)', params: ReportParams, querystring: ReportCsvQuery, produces: ['text/csv'] } }, async (request, reply) => {
    const { table = 'summary' } = request.query;
    const report = await readReport(app, asking(request), request.params.iteration);
    const text = toCsv(tableOf(report, table === 'iterations' ? await readHistory(app.db, asking(request)) : [], table));
    return reply.headers({ ...SEALED, 'content-type': 'text/csv; charset=utf-8; header=present', 'content-disposition': nameOf(report, `-${table}.csv`) }).send(text);
  });
};

export const plugin = fp(async (app) => { await app.register(routes); }, { name: 'reports', dependencies: ['database', 'auth', 'blobs'] });
