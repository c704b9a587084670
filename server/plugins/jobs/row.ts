import { createHash } from 'node:crypto';
import type { Job } from '#prisma';
import type { JobDto } from '#core/api/job.ts';
import type { Role } from '../../config.ts';

export type JobKind = JobDto['kind'];
export type JobState = JobDto['state'];

/** Every kind of job, and which role's nodes work on it. */
export const WORKED_BY: Readonly<Record<JobKind, Role>> = {
  demo: 'web', import: 'web', predict: 'infer', export: 'web', train: 'train', environment: 'train', 'fetch-model': 'web', likeness: 'web', 'second-look': 'infer', map: 'infer',
};
export const KINDS = Object.keys(WORKED_BY).filter((kind) => isKind(kind));

export function isKind(kind: string): kind is JobKind {
  return Object.hasOwn(WORKED_BY, kind);
}

function isState(state: string): state is JobState {
  return ['queued', 'running', 'done', 'failed', 'cancelled'].includes(state);
}

export function toDto(row: Job): JobDto {
  if (!isKind(row.kind) || !isState(row.state)) throw new TypeError(`job ${row.id} is of kind ${row.kind} in state ${row.state}`);
  return {
    id: row.id, projectId: row.projectId, kind: row.kind, state: row.state, done: row.done, total: row.total, message: row.message, error: row.error,
    subjectId: row.subjectId, createdAt: row.createdAt.toISOString(), startedAt: row.startedAt?.toISOString() ?? null, endedAt: row.endedAt?.toISOString() ?? null,
  };
}

/** pg-boss wants UUIDs; one is derived from the Job's id, so that neither has to store the other's. */
export function bossId(jobId: string): string {
  const hex = createHash('sha256').update(jobId).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
