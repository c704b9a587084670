import { Type } from 'typebox';
import { Report, ReportRow, type ReportTable } from '#core/api/report.ts';
import { get, urlOf } from '../../api.ts';

const base = (project: string, iteration: number) => `/projects/${project}/reports/${iteration}`;
export const fetchReports = (project: string, signal: AbortSignal) => get(Type.Array(ReportRow), `/projects/${project}/reports`, signal);
export const fetchReport = (project: string, iteration: number, signal: AbortSignal) => get(Report, base(project, iteration), signal);
/** Addresses of the files; the browser saves them. */
export const fileOf = (project: string, iteration: number, format: 'html' | 'json') => urlOf(`${base(project, iteration)}/report.${format}`);
export const tableFile = (project: string, iteration: number, table: ReportTable) => urlOf(`${base(project, iteration)}/report.csv`, { table });
