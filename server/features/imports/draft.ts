/** What a plan found, kept in the upload area until it is applied. Never shown: ImportPlan is its face. */
import { Type, type Static } from 'typebox';
import { Nullable, Split, TaskType } from '#core/api/common.ts';
import { Window } from '#core/api/import.ts';

export const DraftItem = Type.Object({
  path: Type.String(), file: Type.String(), sha256: Type.String(), split: Split, width: Type.Integer(), height: Type.Integer(),
  /** Stored name of its label file; null = none. */
  labels: Nullable(Type.String()),
  excluded: Type.Optional(Type.Boolean()),
});
export type DraftItem = Static<typeof DraftItem>;

export const Draft = Type.Object({
  items: Type.Array(DraftItem), format: Nullable(TaskType),
  /** For the 16-bit pictures; null = each by its own values. */
  window: Type.Optional(Nullable(Window)),
  /** By class id of the export. */
  classes: Type.Array(Type.Object({ name: Type.String(), target: Type.Union([Type.Integer(), Type.Literal('new'), Type.Literal('skip')]) })),
});
export type Draft = Static<typeof Draft>;
