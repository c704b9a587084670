import { Type, type Static } from 'typebox';
import { Ok } from '#core/api/common.ts';
import { NextTasks, Submitted, TaskDto } from '#core/api/image.ts';
import { MaskOffers, type MaskQuestion } from '#core/api/mask.ts';
import { ProjectDto } from '#core/api/project.ts';
import { PersonName } from '#core/api/system.ts';
import { API, get, post } from '../../api.ts';

export const fetchProject = (project: string): Promise<ProjectDto> => get(ProjectDto, `/projects/${project}`);
/** Everybody who belongs to the project or has worked in it. */
export const fetchNames = (project: string) => get(Type.Array(PersonName), `/projects/${project}/people`);
export const fetchTask = (task: string): Promise<TaskDto> => get(TaskDto, `/tasks/${task}`);
/** What comes next for this person; `current` keeps the task that is open. */
export const fetchNext = (project: string, current: string | null): Promise<NextTasks> => post(NextTasks, `/projects/${project}/tasks/next`, current ? { current } : {});
export const submitTask = (task: string, stateVector: Uint8Array, timeMs: number, predictionSetId: string | null): Promise<Static<typeof Submitted>> =>
  post(Submitted, `/tasks/${task}/submit`, { stateVector: base64(stateVector), timeMs: Math.min(86_400_000, Math.round(timeMs)), predictionSetId });
export const skipTask = (task: string, reason: string | undefined): Promise<unknown> => post(Ok, `/tasks/${task}/skip`, reason === undefined ? {} : { reason });
export const flagTask = (task: string, flagged: boolean, note = ''): Promise<unknown> => post(Ok, `/tasks/${task}/flag`, { flagged, ...(note ? { note } : {}) });
export const reopenTask = (task: string): Promise<unknown> => post(Ok, `/tasks/${task}/reopen`);
/** All masks that the model offers for a box and clicks. */
export const fetchMasks = (task: string, question: MaskQuestion): Promise<MaskOffers> => post(MaskOffers, `/tasks/${task}/masks`, question);
export const fileUrl = (image: string): string => `${API}/images/${image}/file`;
export const thumbUrl = (image: string): string => `${API}/images/${image}/thumb`;

function base64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
