import { Type, type Static } from 'typebox';
import { InstanceSchema, PredictionSchema } from '#core/annotation/schema.ts';
import { Id, Nullable, Split, Timestamp, pageOf } from './common.ts';
import { Window } from './import.ts';
import { MoveReason } from './splits.ts';

export const TaskState = Type.Union([Type.Literal('pending'), Type.Literal('assigned'), Type.Literal('submitted'), Type.Literal('skipped')]);
export const Outcome = Type.Union([Type.Literal('ok'), Type.Literal('corrected')]);

export const ReviewState = Type.Enum(['queued', 'accepted', 'returned']);
export const ReviewReason = Type.Enum(['flagged', 'share', 'again', 'changed']);
/** What people say most often when they lay an image aside; other words of their own are as good. */
export const SKIP_REASONS = ['picture unusable', 'unsure', 'not my class'] as const;

/** Boxes only, [class, x, y, w, h] in image pixels, of the newest labels or predictions (at most 200). */
export const Overlay = Type.Array(Type.Array(Type.Number(), { minItems: 5, maxItems: 5 }));

/** One thumbnail of the grid. */
export const ImageCard = Type.Object({
  id: Id, name: Type.String(), width: Type.Integer(), height: Type.Integer(), split: Split, excluded: Type.Boolean(),
  status: Type.Union([Type.Literal('baseline'), Type.Literal('new'), Type.Literal('predicted'), Type.Literal('ok'), Type.Literal('corrected'), Type.Literal('skipped')]),
  taskId: Nullable(Id), flagged: Type.Boolean(), flagNote: Nullable(Type.String()), skipReason: Nullable(Type.String()), review: Nullable(ReviewState), minScore: Nullable(Type.Number()), count: Type.Integer(),
  overlay: Overlay,
});
export type ImageCard = Static<typeof ImageCard>;
export const ImagePage = pageOf(ImageCard);

export const ImageQuery = Type.Object(
  {
    /** Of groups of like pictures: `leak` = in more than one split, `any` = more than one picture; else the group of this image. */
    like: Type.Optional(Type.Union([Type.Literal('leak'), Type.Literal('any'), Id])),
    status: Type.Optional(ImageCard.properties.status), split: Type.Optional(Split), class: Type.Optional(Type.Integer({ minimum: 0 })),
    text: Type.Optional(Type.String({ maxLength: 120 })), flagged: Type.Optional(Type.Boolean()), review: Type.Optional(ReviewState), skipped: Type.Optional(Type.String({ maxLength: 500 })),
    /** Only these, at most 200: ids with a comma between two. */
    ids: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}(,[A-Za-z0-9_-]{1,64}){0,199}$' })),
    /** Only those that somebody picked on the map: id of the selection. */
    pick: Type.Optional(Id),
    sort: Type.Optional(Type.Union([Type.Literal('name'), Type.Literal('newest'), Type.Literal('uncertain')])),
    after: Type.Optional(Type.String({ maxLength: 200 })), limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  },
  { additionalProperties: false },
);

export const ImageDetail = Type.Object({
  id: Id, projectId: Id, name: Type.String(), sha256: Type.String(), type: Type.String(), bytes: Type.Integer(), width: Type.Integer(), height: Type.Integer(),
  split: Split, excluded: Type.Boolean(), createdAt: Timestamp,
  /** The newest dataset version that holds it: from then on its split is frozen. */
  frozenIn: Nullable(Type.Integer()),
  /** Of 16-bit pictures: what is shown as black and as white. */
  window: Nullable(Window),
  /** How it came into its split, where that was not its import. */
  moved: Nullable(Type.Object({ from: Split, kind: Type.Enum(['hand', 'draw', 'repair']), reason: Nullable(Type.String()), by: Type.String(), at: Timestamp })),
  revisions: Type.Array(Type.Object({ id: Id, number: Type.Integer(), status: Outcome, createdAt: Timestamp, submittedBy: Type.String() })),
});
/** A change of split takes the like pictures along. `reason`: needed, and only taken from an administrator, where one of them is part of a frozen version. */
export const PatchImage = Type.Object({ split: Type.Optional(Split), excluded: Type.Optional(Type.Boolean()), reason: Type.Optional(MoveReason) }, { additionalProperties: false });

/** Per image JSON for people who want files (docs/formats.md). Mask references are paths inside the export and URLs of the API. */
export const ImageAnnotations = Type.Object({
  format: Type.Literal('emend-image-1'),
  imageId: Id, name: Type.String(), sha256: Type.String(), width: Type.Integer(), height: Type.Integer(), split: Split,
  status: Type.Union([Outcome, Type.Literal('baseline'), Type.Literal('predicted'), Type.Literal('new')]),
  revision: Nullable(Type.Integer()),
  classes: Type.Array(Type.String()),
  instances: Type.Array(Type.Object({
    id: Id, class: Type.Integer(), className: Type.String(), box: Type.Array(Type.Number(), { minItems: 4, maxItems: 4 }),
    source: Type.String(), score: Nullable(Type.Number()), mask: Nullable(Type.String()), maskModel: Nullable(Type.String()),
  })),
});
export type ImageAnnotations = Static<typeof ImageAnnotations>;

/** Somebody else who has an image in hand. */
export const Holder = Type.Object({ id: Id, name: Type.String() });
export type Holder = Static<typeof Holder>;

/** What a reviewer decided on a revision. `pin`: where in the picture the comment points, in image pixels. */
export const ReviewDto = Type.Object({
  id: Id, number: Type.Integer(), revisionId: Id, verdict: Type.Enum(['accepted', 'returned']), comment: Nullable(Type.String()),
  pin: Nullable(Type.Tuple([Type.Number(), Type.Number()])), by: Holder, at: Timestamp,
});
export type ReviewDto = Static<typeof ReviewDto>;

/** All that the editor needs of one task, beside its live document. */
export const TaskDto = Type.Object({
  id: Id, projectId: Id, imageId: Id, iteration: Type.Integer(), state: TaskState, outcome: Nullable(Outcome), flagged: Type.Boolean(), flagNote: Nullable(Type.String()), reason: Nullable(Type.String()),
  /** What a reviewer wrote who sent it back, until it is submitted again; `to`: who gets it first. */
  sentBack: Nullable(Type.Object({ review: ReviewDto, to: Nullable(Id) })),
  assigneeId: Nullable(Id),
  /** A colleague who has the image in hand right now: working on it beside them is a choice. */
  holder: Nullable(Holder),
  /** One of two copies that two people correct without seeing each other. */
  blind: Type.Boolean(), copy: Type.Integer(),
  image: Type.Object({ id: Id, name: Type.String(), width: Type.Integer(), height: Type.Integer(), split: Split }),
  model: Nullable(Type.Object({ id: Id, name: Type.String() })),
  predictionSetId: Nullable(Id),
  /** All predictions of the set; the screen shows those at or above the project's threshold. */
  predictions: Type.Array(PredictionSchema),
  threshold: Type.Number(),
  /** Baseline labels, when the image has no predictions yet (then nothing is predicted, and these are kept as labels). */
  baseline: Type.Array(InstanceSchema),
  position: Type.Object({ index: Type.Integer(), total: Type.Integer() }),
});
export type TaskDto = Static<typeof TaskDto>;

/** The filmstrip: what comes next for this person, in order. */
export const TaskCard = Type.Object({ id: Id, imageId: Id, name: Type.String(), state: TaskState, outcome: Nullable(Outcome), reason: Nullable(Type.String()), sentBack: Type.Boolean(), width: Type.Integer(), height: Type.Integer() });
export type TaskCard = Static<typeof TaskCard>;
/**
 * `holder`: who else has `current` in hand; null = it is this person's. Images count once, however many copies they have. `predicting`: the model is still
 * looking at the first images; none is handed out before it has seen it.
 */
export const NextTasks = Type.Object({ current: Nullable(TaskCard), holder: Nullable(Holder), upcoming: Type.Array(TaskCard), left: Type.Integer(), total: Type.Integer(), predicting: Type.Boolean() });
export type NextTasks = Static<typeof NextTasks>;

export const SubmitTask = Type.Object(
  {
    /** State vector of the client's document (base64): the submit waits for, or refuses without, every edit in it. */
    stateVector: Type.String({ maxLength: 100_000 }),
    timeMs: Type.Integer({ minimum: 0, maximum: 86_400_000 }),
    /** The predictions that the person saw (null = none): a submit that would keep others than those is refused. */
    predictionSetId: Type.Optional(Nullable(Id)),
  },
  { additionalProperties: false },
);
export const Submitted = Type.Object({ revisionId: Id, number: Type.Integer(), status: Outcome, instances: Type.Integer() });
export const SkipTask = Type.Object({ reason: Type.Optional(Type.String({ maxLength: 500 })) }, { additionalProperties: false });
export const FlagTask = Type.Object({ flagged: Type.Boolean(), note: Type.Optional(Type.String({ maxLength: 300 })) }, { additionalProperties: false });

export const RevisionDto = Type.Object({
  id: Id, taskId: Id, imageId: Id, number: Type.Integer(), status: Outcome, instances: Type.Array(InstanceSchema), threshold: Type.Number(),
  authors: Type.Array(Type.String()), submittedBy: Type.String(), timeMs: Type.Integer(), createdAt: Timestamp,
});
