import { ImageMapDto, ImagePickDto, MapFacets, MapPoints } from '#core/api/map.ts';
import { ImagePage } from '#core/api/image.ts';
import { JobDto } from '#core/api/job.ts';
import { get, post, urlOf } from '../../api.ts';

export const fetchMap = (project: string, signal?: AbortSignal) => get(ImageMapDto, `/projects/${project}/map`, signal);
export const makeMap = (project: string) => post(JobDto, `/projects/${project}/map`);
export const fetchPoints = (project: string, signal?: AbortSignal) => get(MapPoints, `/projects/${project}/map/points`, signal);
export const fetchFacets = (project: string, signal?: AbortSignal) => get(MapFacets, `/projects/${project}/map/facets`, signal);
/** At most 200 at once. */
export const fetchCards = (project: string, ids: readonly string[], signal?: AbortSignal) => get(ImagePage, urlOf(`/projects/${project}/images`, { ids: ids.join(','), limit: 200 }), signal);
export const pickImages = (project: string, images: readonly string[]) => post(ImagePickDto, `/projects/${project}/picks`, { images });
