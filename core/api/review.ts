import { Type, type Static } from 'typebox';
import { PredictionSchema } from '#core/annotation/schema.ts';
import { Id, Nullable, Timestamp } from './common.ts';
import { Holder, Outcome, ReviewDto, ReviewReason, ReviewState, RevisionDto, TaskState } from './image.ts';

/** One outcome as the review queue lists it. */
export const ReviewCard = Type.Object({
  taskId: Id, imageId: Id, name: Type.String(), width: Type.Integer(), height: Type.Integer(),
  state: TaskState, review: Nullable(ReviewState), reason: Nullable(ReviewReason), flagNote: Nullable(Type.String()),
  revisionId: Id, number: Type.Integer(), status: Outcome, corrections: Type.Integer(), submittedBy: Holder, submittedAt: Timestamp,
  /** Why this person may not decide on it; null = they may, as far as their role allows. */
  barred: Nullable(Type.String()),
});
export type ReviewCard = Static<typeof ReviewCard>;

/** queued: waits for a decision. returned: sent back and not yet submitted again. accepted. submitted: any, also what nobody asked for. */
export const ReviewShelf = Type.Enum(['queued', 'returned', 'accepted', 'submitted']);
export type ReviewShelf = Static<typeof ReviewShelf>;
export const ReviewQuery = Type.Object({ shelf: Type.Optional(ReviewShelf), limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })) }, { additionalProperties: false });
export const ReviewQueue = Type.Object({
  /** Queued: flagged first, then in the order of submitting. Others: newest first. */
  items: Type.Array(ReviewCard), total: Type.Integer(),
  counts: Type.Object({ queued: Type.Integer(), returned: Type.Integer(), accepted: Type.Integer(), submitted: Type.Integer() }),
});
export type ReviewQueue = Static<typeof ReviewQueue>;

/** The newest revision of a task beside what was predicted. */
export const ReviewDetail = Type.Object({
  card: ReviewCard,
  revision: RevisionDto,
  /** The whole prediction set; before the correction those at or above `revision.threshold` were shown. */
  predictions: Type.Array(PredictionSchema),
  /** Labels that were there instead, where nothing had been predicted. */
  baseline: Type.Array(PredictionSchema),
  model: Nullable(Type.String()),
  /** The document as it was submitted (Yjs V1 update, base64): shows what replaced what. */
  document: Type.String(),
  /** All decisions on this task, oldest first. */
  reviews: Type.Array(ReviewDto),
  /** Everybody who is named in it. */
  people: Type.Array(Holder),
});
export type ReviewDetail = Static<typeof ReviewDetail>;

export const MAX_COMMENT = 1000;
export const Decide = Type.Object(
  {
    revisionId: Id,
    /** How many decisions on the task the person has seen: one that came in between is told, never overruled unseen. */
    seen: Type.Integer({ minimum: 0 }),
    verdict: Type.Enum(['accepted', 'returned']),
    comment: Type.Optional(Type.String({ maxLength: MAX_COMMENT })),
    pin: Type.Optional(Type.Tuple([Type.Number(), Type.Number()])),
  },
  { additionalProperties: false },
);
export type Decide = Static<typeof Decide>;
