import { ImagePage } from '#core/api/image.ts';
import { Overview } from '#core/api/project.ts';
import { get, urlOf } from '../../api.ts';

export const fetchOverview = (project: string, signal: AbortSignal) => get(Overview, `/projects/${project}/overview`, signal);
/** The overlays of what comes next: the overview itself names only the images. */
export const fetchOverlays = (project: string, signal: AbortSignal) => get(ImagePage, urlOf(`/projects/${project}/images`, { sort: 'uncertain', limit: 60 }), signal);
