import { Type, type Static } from 'typebox';
import { Id, Nullable, Timestamp } from './common.ts';

export const JobKind = Type.Enum(['demo', 'import', 'predict', 'export', 'train', 'environment', 'fetch-model', 'likeness', 'second-look', 'map']);
export const JobState = Type.Enum(['queued', 'running', 'done', 'failed', 'cancelled']);

/** What the screen shows of one job. `total` null = not known. */
export const JobDto = Type.Object({
  id: Id, projectId: Nullable(Id), kind: JobKind, state: JobState, done: Type.Integer(), total: Nullable(Type.Integer()),
  message: Nullable(Type.String()), error: Nullable(Type.String()), subjectId: Nullable(Type.String()),
  createdAt: Timestamp, startedAt: Nullable(Timestamp), endedAt: Nullable(Timestamp),
});
export type JobDto = Static<typeof JobDto>;
