import type { Static } from 'typebox';
import type { PatchImage } from '#core/api/image.ts';
import { ImageAnnotations, ImageDetail, ImagePage } from '#core/api/image.ts';
import { FrontDone } from '#core/api/map.ts';
import { JobDto } from '#core/api/job.ts';
import { get, patch, post, urlOf } from '../../api.ts';
import type { Filters } from './filters.ts';

export const fetchImages = (project: string, filters: Filters, after: string | null, limit: number, signal?: AbortSignal) =>
  get(ImagePage, urlOf(`/projects/${project}/images`, { ...filters, after, limit }), signal);
export const fetchImage = (id: string, signal?: AbortSignal) => get(ImageDetail, `/images/${id}`, signal);
export const fetchAnnotations = (id: string, signal?: AbortSignal) => get(ImageAnnotations, `/images/${id}/annotations.json`, signal);
export const patchImage = (id: string, body: Static<typeof PatchImage>) => patch(ImageDetail, `/images/${id}`, body);
/** All files (JSON, masks, overlays) of the project as one zip, made in a job. */
export const exportFiles = (project: string) => post(JobDto, `/projects/${project}/files`);
export const fileOf = (job: string) => urlOf(`/jobs/${job}/file`);
/** Their waiting tasks go before all others, or back to where the ranking has them. */
export const putInFront = (project: string, images: readonly string[], front: boolean) => post(FrontDone, `/projects/${project}/tasks/front`, { images, front });
