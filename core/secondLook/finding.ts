/** What a second look finds at the labels of one image: places where the present model is sure of something else, and labels that no detector can learn from. */
import { Type, type Static } from 'typebox';
import { ClassIndex, Id, Score, type Instance } from '#core/annotation/schema.ts';
import { BoxSchema } from '#core/geometry/box.ts';

/** What the model says against a label, then what is wrong with a label whatever any model says. */
export const MODEL_KINDS = ['nothingSeen', 'noLabel', 'otherClass', 'badlyPlaced'] as const;
export const LABEL_KINDS = ['fewPixels', 'wholeImage', 'double'] as const;
export const FINDING_KINDS = [...MODEL_KINDS, ...LABEL_KINDS] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** A model says it; else it is a fact about labels. */
export const isOpinion = (kind: FindingKind): boolean => MODEL_KINDS.some((k) => k === kind);

export const FoundLabel = Type.Object({ id: Id, class: ClassIndex, box: BoxSchema });
export type FoundLabel = Static<typeof FoundLabel>;
export const FoundPrediction = Type.Object({ class: ClassIndex, box: BoxSchema, score: Score });
export type FoundPrediction = Static<typeof FoundPrediction>;

export const FindingSchema = Type.Object({
  kind: Type.Enum([...FINDING_KINDS]),
  /** None for `noLabel`, two for `double`, else one. */
  labels: Type.Array(FoundLabel, { maxItems: 2 }),
  /** What the model sees there instead; null where it sees nothing, or was not asked. */
  seen: Type.Union([FoundPrediction, Type.Null()]),
  /** Of the label's box and what is seen, or of the two labels; null where there are no two boxes. */
  iou: Type.Union([Score, Type.Null()]),
  /** The label's shorter side at the training size, in pixels: only of `fewPixels`. */
  side: Type.Union([Type.Number(), Type.Null()]),
  /** Its place in the list: higher comes first (core/secondLook/rank.ts). Above 0 = how sure the model is. */
  rank: Type.Number({ minimum: -1, maximum: 1 }),
});
export type Finding = Static<typeof FindingSchema>;

/** A label as it counts now: its class is the one that a new dataset version would give it. */
export type Label = Pick<Instance, 'id' | 'class' | 'box' | 'mask'>;

export interface Rules {
  /** Width and height of the picture in pixels. */
  readonly width: number;
  readonly height: number;
  /** The longer side of a picture in training, in pixels. */
  readonly imgsz: number;
  /** Predictions below it do not count as seen: the project's. */
  readonly threshold: number;
  /** Only from here on is the model sure enough to be held against a label: the project's threshold for attention. */
  readonly sure: number;
  /** How far the model's silence can be trusted for a class, 0…1: its mAP50 there. */
  readonly trust: (classIndex: number) => number;
}

export const labelOf = ({ id, class: index, box }: Label): FoundLabel => ({ id, class: index, box });
export const seenOf = ({ class: index, box, score }: FoundPrediction): FoundPrediction => ({ class: index, box, score });
