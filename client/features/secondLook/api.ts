import { JobDto } from '#core/api/job.ts';
import { FindingDto, FindingPage, Opened, SecondLookDto, type FindingQuery } from '#core/api/secondLook.ts';
import { get, post, remove, urlOf } from '../../api.ts';

export const fetchState = (project: string, signal?: AbortSignal) => get(SecondLookDto, `/projects/${project}/second-look`, signal);
export const fetchFindings = (project: string, query: FindingQuery, signal: AbortSignal) => get(FindingPage, urlOf(`/projects/${project}/second-look/findings`, query), signal);
export const fetchFinding = (id: string, signal?: AbortSignal) => get(FindingDto, `/findings/${id}`, signal);
export const startLook = (project: string) => post(JobDto, `/projects/${project}/second-look`);
export const sayRight = (id: string) => post(FindingDto, `/findings/${id}/right`);
export const takeBack = (id: string) => remove(FindingDto, `/findings/${id}/right`);
export const openFinding = (id: string) => post(Opened, `/findings/${id}/open`);
