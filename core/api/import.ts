import { Type, type Static } from 'typebox';
import { Id, Nullable, Timestamp } from './common.ts';
import { TaskType } from './common.ts';
import { SplitDraw } from './splits.ts';

/** One problem, by file and line. `error`: that row or file is left out. `warning`: it is taken, with the stated change. */
export const ImportProblem = Type.Object({
  level: Type.Union([Type.Literal('error'), Type.Literal('warning')]),
  code: Type.String(), file: Type.String(), line: Nullable(Type.Integer()), message: Type.String(),
});
export type ImportProblem = Static<typeof ImportProblem>;

/** A question that must be answered before the import can be applied; never guessed. */
export const ImportQuestion = Type.Object({
  id: Type.Union([Type.Literal('rows'), Type.Literal('classes'), Type.Literal('split')]),
  text: Type.String(),
  choices: Type.Array(Type.Object({ value: Type.String(), label: Type.String() })),
});

/** What a 16-bit picture shows as black (`low` and less) and as white (`high` and more). */
export const Window = Type.Object({ low: Type.Integer({ minimum: 0, maximum: 65_534 }), high: Type.Integer({ minimum: 1, maximum: 65_535 }) }, { additionalProperties: false });
export type Window = Static<typeof Window>;

/** What becomes of pictures that were made from, or look like, one in another split: they stay where they are, are left out of versions, or go to the other one's split. */
export const LeakAnswer = Type.Enum(['keep', 'exclude', 'move']);

export const ImportOptions = Type.Object(
  {
    /** How ambiguous label rows are to be read. */
    rows: Type.Optional(Type.Union([Type.Literal('detect'), Type.Literal('segment')])),
    /** Name in the export → project class: an index, "new" (made), or "skip". */
    classes: Type.Optional(Type.Record(Type.String({ maxLength: 120 }), Type.Union([Type.Integer({ minimum: 0 }), Type.Literal('new'), Type.Literal('skip')]))),
    /** Where images without a split go. */
    split: Type.Optional(Type.Union([Type.Literal('train'), Type.Literal('valid'), Type.Literal('test')])),
    /** false: take the pictures only. */
    labels: Type.Optional(Type.Boolean()),
    leaks: Type.Optional(LeakAnswer),
    /** Where there is no validation split: this share of the labelled images is drawn for it; 0 = not now. */
    draw: Type.Optional(Type.Number({ minimum: 0, maximum: 0.5 })),
    /** One window for all 16-bit pictures; absent = each from the 0.5th to the 99.5th percentile of its own values. */
    window: Type.Optional(Window),
  },
  { additionalProperties: false },
);
export type ImportOptions = Static<typeof ImportOptions>;

export const ImportPlan = Type.Object({
  kind: Type.Union([Type.Literal('images'), Type.Literal('yolo')]),
  images: Type.Object({ found: Type.Integer(), new: Type.Integer(), duplicates: Type.Integer(), broken: Type.Integer(), rotated: Type.Integer() }),
  splits: Type.Record(Type.String(), Type.Integer()),
  labels: Type.Object({ files: Type.Integer(), instances: Type.Integer(), rowsLeftOut: Type.Integer(), withoutImage: Type.Integer(), imagesWithoutLabels: Type.Integer() }),
  format: Nullable(TaskType),
  classes: Type.Array(Type.Object({
    id: Type.Integer(), name: Type.String(), instances: Type.Integer(),
    target: Type.Union([Type.Integer(), Type.Literal('new'), Type.Literal('skip')]),
  })),
  questions: Type.Array(ImportQuestion),
  /** At most 1000 are listed; problemCounts has all. */
  problems: Type.Array(ImportProblem),
  problemCounts: Type.Record(Type.String(), Type.Integer()),
  bytes: Type.Integer(),
  // Plans that were made before there were these lack them.
  /** Pictures in another split than one that they were made from or look like; `joined`: such that had no split and follow it. */
  leaks: Type.Optional(Type.Object({ groups: Type.Integer(), images: Type.Integer(), joined: Type.Integer() })),
  /** Labelled images and nothing to validate on: what would be set aside. */
  draw: Type.Optional(Nullable(SplitDraw)),
  /** 16-bit pictures, and the range of their windows. */
  deep: Type.Optional(Nullable(Type.Object({ images: Type.Integer(), low: Type.Integer(), high: Type.Integer(), differ: Type.Boolean() }))),
});
export type ImportPlan = Static<typeof ImportPlan>;

export const ImportState = Type.Enum(['open', 'planning', 'planned', 'applying', 'applied', 'failed', 'cancelled']);
export const ImportDto = Type.Object({
  id: Id, projectId: Id, state: ImportState, files: Type.Integer(), bytes: Type.Integer(), plan: Nullable(ImportPlan), options: ImportOptions,
  error: Nullable(Type.String()), jobId: Nullable(Id), createdAt: Timestamp,
});
export type ImportDto = Static<typeof ImportDto>;
