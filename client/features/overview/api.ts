import { Overview } from '#core/api/project.ts';
import { get } from '../../api.ts';

export const fetchOverview = (project: string, signal: AbortSignal) => get(Overview, `/projects/${project}/overview`, signal);
