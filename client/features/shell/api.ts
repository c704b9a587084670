import { Type } from 'typebox';
import { JobDto } from '#core/api/job.ts';
import { ImagePage } from '#core/api/image.ts';
import { Loop, ProjectDto } from '#core/api/project.ts';
import { PersonName } from '#core/api/system.ts';
import { get, post, urlOf } from '../../api.ts';

export const fetchProject = (project: string, signal?: AbortSignal) => get(ProjectDto, `/projects/${project}`, signal);
export const fetchLoop = (project: string, signal?: AbortSignal) => get(Loop, `/projects/${project}/loop`, signal);
export const fetchJobs = (project: string, signal?: AbortSignal) => get(Type.Array(JobDto), `/projects/${project}/jobs`, signal);
export const fetchPeople = (project: string, signal?: AbortSignal) => get(Type.Array(PersonName), `/projects/${project}/people`, signal);
export const cancelJob = (id: string) => post(JobDto, `/jobs/${id}/cancel`);
export const startPredict = (project: string) => post(JobDto, `/projects/${project}/predict`);
export const findImages = (project: string, text: string, signal: AbortSignal) => get(ImagePage, urlOf(`/projects/${project}/images`, { text, limit: 6 }), signal);
