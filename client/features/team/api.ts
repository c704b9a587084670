import { Ok } from '#core/api/common.ts';
import { AgreementDto, PairDto, Team } from '#core/api/team.ts';
import { get, post, urlOf } from '../../api.ts';

/** "Today" begins at this reader's midnight. */
export const fetchTeam = (project: string, signal: AbortSignal) => get(Team, urlOf(`/projects/${project}/team`, { today: new Date(new Date().setHours(0, 0, 0, 0)).toISOString() }), signal);
export const fetchAgreement = (project: string, signal: AbortSignal) => get(AgreementDto, `/projects/${project}/agreement`, signal);
export const fetchPair = (image: string, signal: AbortSignal) => get(PairDto, `/images/${image}/pair`, signal);
export const letCount = (task: string) => post(Ok, `/tasks/${task}/count`);
