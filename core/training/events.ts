import { Type, type Static } from 'typebox';

const N = Type.Union([Type.Number(), Type.Null()]);
const strict = { additionalProperties: false } as const;

/** mAP and friends as fractions; `map` is mAP50-95. For segment models of masks, with the boxes' beside them. */
const Scores = { map: N, map50: N };
export const TrainerMetrics = Type.Object(
  {
    ...Scores, boxMap: N, boxMap50: N, precision: N, recall: N, images: Type.Integer(),
    perClass: Type.Array(Type.Object({ index: Type.Integer(), name: Type.String(), ...Scores, instances: Type.Integer() }, strict)),
  },
  strict,
);
export type TrainerMetrics = Static<typeof TrainerMetrics>;

/** One JSON line on file descriptor 3 of the trainer. stdout and stderr are only its log. */
export const TrainerEvent = Type.Union([
  Type.Object({ type: Type.Literal('hello'), ultralytics: Type.String(), torch: Type.String(), python: Type.String(), device: Type.String() }, strict),
  Type.Object({ type: Type.Literal('stage'), stage: Type.Union([Type.Literal('training'), Type.Literal('evaluating'), Type.Literal('exporting')]), message: Type.String() }, strict),
  Type.Object({ type: Type.Literal('batch'), epoch: Type.Integer(), batch: Type.Integer(), batches: Type.Integer(), imagesPerSecond: N }, strict),
  Type.Object(
    {
      type: Type.Literal('epoch'), epoch: Type.Integer(), epochs: Type.Integer(), losses: Type.Record(Type.String(), Type.Number()),
      map50: N, map: N, seconds: Type.Number(), imagesPerSecond: N, best: Type.Boolean(),
      /** Of the classes with labels in the validation split. */
      perClass: Type.Array(Type.Object({ index: Type.Integer(), ...Scores }, strict)),
    },
    strict,
  ),
  Type.Object({ type: Type.Literal('evaluation'), which: Type.Union([Type.Literal('old'), Type.Literal('new')]), metrics: TrainerMetrics, file: Type.String({ description: 'Gzipped EvaluationFile, below `out`.' }) }, strict),
  Type.Object({ type: Type.Literal('exported'), onnx: Type.String(), pt: Type.String() }, strict),
  Type.Object({ type: Type.Literal('done') }, strict),
  Type.Object({ type: Type.Literal('cancelled'), checkpoint: Type.Union([Type.String(), Type.Null()]) }, strict),
  Type.Object({ type: Type.Literal('error'), message: Type.String() }, strict),
]);
export type TrainerEvent = Static<typeof TrainerEvent>;
