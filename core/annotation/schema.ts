import { Type, type Static } from 'typebox';
import { BoxSchema } from '#core/geometry/box.ts';
import { RleSchema } from '#core/geometry/rle.ts';
import { ID_PATTERN } from '#core/ids.ts';

export const Id = Type.String({ pattern: ID_PATTERN });
/** Position of a class in the project's list; never renumbered. */
export const ClassIndex = Type.Integer({ minimum: 0, maximum: 9999 });
export const Score = Type.Number({ minimum: 0, maximum: 1 });

/** More corrective clicks than this on one object are an outline, which is drawn by hand. */
export const MAX_POINTS = 64;
const coordinate = Type.Number({ minimum: -1_000_000, maximum: 1_000_000 });

/** Corrective clicks for the segmenter: [x, y, 1 = object | 0 = background], image pixels. */
export const PointSchema = Type.Immutable(Type.Tuple([coordinate, coordinate, Type.Union([Type.Literal(0), Type.Literal(1)])]));
export type Click = Static<typeof PointSchema>;
/** The clicks of one object. */
export const ClickList = Type.Immutable(Type.Array(PointSchema, { maxItems: MAX_POINTS }));

/** A mask with the box, the clicks and the model that it belongs to: an answer for a box that has moved, or for clicks that have changed, is dropped. */
export const MaskSchema = Type.Object(
  { rle: RleSchema, box: BoxSchema, points: Type.Optional(ClickList), model: Type.String({ maxLength: 120 }), score: Score },
  { additionalProperties: false },
);
export type Mask = Static<typeof MaskSchema>;

/** One instance that a model found. Immutable. `mask` is full-image RLE. */
export const PredictionSchema = Type.Object(
  { id: Id, class: ClassIndex, box: BoxSchema, score: Score, mask: Type.Optional(RleSchema) },
  { additionalProperties: false },
);
export type Prediction = Static<typeof PredictionSchema>;

export const AnnotationKind = Type.Union([
  Type.Literal('drawn'), Type.Literal('adjusted'), Type.Literal('relabelled'), Type.Literal('freeform'),
]);
export type AnnotationKind = Static<typeof AnnotationKind>;

/** The last change after the drawing: `by` and `at` of the annotation itself stay those of whoever drew it. */
export const EditedSchema = Type.Object(
  { by: Id, at: Type.Number({ minimum: 0 }), what: Type.Union([Type.Literal('box'), Type.Literal('class'), Type.Literal('other')]) },
  { additionalProperties: false },
);
export type Edited = Static<typeof EditedSchema>;

/**
 * What a person made. `of` lists the predictions that it replaces; a prediction is replaced exactly while a live annotation names it,
 * so undoing or deleting the annotation brings it back with nothing else to keep in step.
 */
export const AnnotationSchema = Type.Object(
  {
    class: ClassIndex,
    box: BoxSchema,
    kind: AnnotationKind,
    by: Id,
    at: Type.Number({ minimum: 0, description: 'Milliseconds since 1970.' }),
    of: Type.Optional(Type.Array(Id, { maxItems: 1000 })),
    over: Type.Optional(Type.Array(Id, { maxItems: 100, description: 'Duplicates that a person chose this one over: they step aside while it is there.' })),
    points: Type.Optional(ClickList),
    boxFrom: Type.Optional(Type.Literal('mask', { description: 'Begun with a click: the box is the tight box of the mask, and follows it until somebody sets it.' })),
    mask: Type.Optional(MaskSchema),
    edited: Type.Optional(EditedSchema),
  },
  { additionalProperties: false },
);
export type Annotation = Static<typeof AnnotationSchema>;

/** What became of one prediction, where that is not "kept" (the default, not stored) and not "replaced" (see Annotation.of). */
export const VerdictSchema = Type.Object(
  { verdict: Type.Literal('rejected'), by: Id, at: Type.Number({ minimum: 0 }) },
  { additionalProperties: false },
);
export type Verdict = Static<typeof VerdictSchema>;

/** The whole content of a task's document as plain data. */
export interface TaskContent {
  annotations: ReadonlyMap<string, Annotation>;
  verdicts: ReadonlyMap<string, Verdict>;
}

/** One label of a frozen outcome. `source` tells where it came from; `of` what it replaced. Immutable. */
export const InstanceSchema = Type.Object(
  {
    id: Id,
    source: Type.Union([Type.Literal('prediction'), Type.Literal('annotation'), Type.Literal('baseline'), Type.Literal('pseudo')]),
    class: ClassIndex,
    box: BoxSchema,
    score: Type.Optional(Score),
    mask: Type.Optional(RleSchema),
    maskModel: Type.Optional(Type.String()),
    kind: Type.Optional(AnnotationKind),
    of: Type.Optional(Type.Array(Id)),
    by: Type.Optional(Id),
    at: Type.Optional(Type.Number()),
  },
  { additionalProperties: false },
);
export type Instance = Static<typeof InstanceSchema>;
