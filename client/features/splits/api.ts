import { AlikeImages, Repaired, SplitStatus } from '#core/api/splits.ts';
import { get, post, urlOf } from '../../api.ts';

/** `share`: of a draw, where there is no validation split; null = no draw is worked out. */
export const fetchSplits = (project: string, share: number | null, signal?: AbortSignal) =>
  get(SplitStatus, urlOf(`/projects/${project}/splits`, share === null ? { draw: false } : { share }), signal);
export const drawSplit = (project: string, share: number) => post(SplitStatus, `/projects/${project}/splits/draw`, { share });
export const fetchAlike = (image: string, signal?: AbortSignal) => get(AlikeImages, `/images/${image}/alike`, signal);
/** `image`: only its group. `reason`: where images are part of a frozen version. */
export const repair = (project: string, how: 'exclude' | 'move', image: string | undefined, reason: string | undefined) =>
  post(Repaired, `/projects/${project}/splits/repair`, { how, ...(image === undefined ? {} : { image }), ...(reason === undefined ? {} : { reason }) });
