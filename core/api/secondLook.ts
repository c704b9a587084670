import { Type, type Static } from 'typebox';
import { ClassIndex } from '#core/annotation/schema.ts';
import { FINDING_KINDS, FindingSchema } from '#core/secondLook/finding.ts';
import { Id, Nullable, Split, Timestamp, pageOf } from './common.ts';
import { Holder } from './image.ts';
import { JobDto } from './job.ts';

export const FindingKindSchema = Type.Enum([...FINDING_KINDS]);

/** Who said that the labels are right, and when. */
export const AnswerDto = Type.Object({ by: Holder, at: Timestamp });

export const FindingDto = Type.Object({
  id: Id, ...FindingSchema.properties,
  image: Type.Object({ id: Id, name: Type.String(), width: Type.Integer(), height: Type.Integer(), split: Split }),
  /** The model whose opinion it is; null where no model was asked. */
  model: Nullable(Type.Object({ id: Id, name: Type.String() })),
  /** Whose labels they are: of an import, or of whoever submitted the image. */
  labelledBy: Type.Object({ source: Type.Enum(['import', 'person']), person: Nullable(Holder), at: Timestamp }),
  answer: Nullable(AnswerDto),
});
export type FindingDto = Static<typeof FindingDto>;
export const FindingPage = pageOf(FindingDto);
export type FindingPage = Static<typeof FindingPage>;

/** `answered`: those that were said to be right, instead of those that were not. `class`: of the label, or of what the model sees. */
export const FindingQuery = Type.Object(
  {
    kind: Type.Optional(FindingKindSchema), class: Type.Optional(ClassIndex), answered: Type.Optional(Type.Boolean()),
    after: Type.Optional(Type.String({ maxLength: 200 })), limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
  },
  { additionalProperties: false },
);
export type FindingQuery = Static<typeof FindingQuery>;

/** Where the second look stands. Images are those with accepted labels. */
export const SecondLookDto = Type.Object({
  model: Nullable(Type.Object({ id: Id, name: Type.String() })),
  images: Type.Integer(),
  /** Held against the present model and as labelled now. */
  looked: Type.Integer(),
  /** The present model has not predicted them. */
  unpredicted: Type.Integer(),
  /** Milliseconds that one prediction took lately; null = none was made. */
  msPerImage: Nullable(Type.Number()),
  /** The longer side of a picture in training, pixels. */
  imgsz: Type.Integer(),
  /** Open findings and those said to be right, by kind and class; one that is about two classes counts in both. */
  counts: Type.Array(Type.Object({ kind: FindingKindSchema, class: Nullable(ClassIndex), open: Type.Integer(), answered: Type.Integer() })),
  job: Nullable(JobDto),
});
export type SecondLookDto = Static<typeof SecondLookDto>;

/** The task in which the labels of the finding's image can be corrected. */
export const Opened = Type.Object({ task: Id });
