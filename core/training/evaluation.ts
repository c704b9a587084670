import { Type, type Static } from 'typebox';
import { ClassIndex, Score } from '#core/annotation/schema.ts';
import { BoxSchema } from '#core/geometry/box.ts';

/** The IoU thresholds of mAP50-95, in the order of the bits of `hits`: bit 0 = 0.50 … bit 9 = 0.95. */
export const IOU_THRESHOLDS = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95] as const;

const Hits = Type.Integer({ minimum: 0, maximum: 1023, description: 'Bit i: it is a true positive at IOU_THRESHOLDS[i].' });
/** One object that the model found. `hits` by masks for segment models (by boxes for detect models), `boxHits` by boxes. */
export const Detection = Type.Object({ class: ClassIndex, score: Score, box: BoxSchema, hits: Hits, boxHits: Hits }, { additionalProperties: false });
export type Detection = Static<typeof Detection>;

/** One picture of the validation split. Boxes in its upright pixels, [x, y, w, h]; classes by the dataset version's positions. */
export const EvaluatedImage = Type.Object(
  { image: Type.String(), truths: Type.Array(Type.Object({ class: ClassIndex, box: BoxSchema }, { additionalProperties: false })), found: Type.Array(Detection) },
  { additionalProperties: false },
);
export type EvaluatedImage = Static<typeof EvaluatedImage>;

/**
 * What one model found on the validation split, picture by picture, as the trainer's own evaluation matched it (scores ≥ 0.001, best first). Everything
 * that is said about a model's quality (mAP, confidence intervals, PR curves, confusion, pictures) can be worked out of it again.
 */
export const EvaluationFile = Type.Object(
  { format: Type.Literal('emend-evaluation-1'), task: Type.Union([Type.Literal('detect'), Type.Literal('segment')]), classes: Type.Array(Type.String()), images: Type.Array(EvaluatedImage) },
  { additionalProperties: false },
);
export type EvaluationFile = Static<typeof EvaluationFile>;
