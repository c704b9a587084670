import { Type, type Static } from 'typebox';
import { ModelMetrics } from './model.ts';
import { Id, Nullable, Timestamp } from './common.ts';

export const RunState = Type.Enum(['queued', 'preparing', 'training', 'evaluating', 'exporting', 'gate', 'done', 'failed', 'cancelled']);
export type RunState = Static<typeof RunState>;

/** What a person may set. `preset` fills the rest in; explicit values win. */
export const RunConfig = Type.Object(
  {
    preset: Type.Union([Type.Literal('quick'), Type.Literal('thorough'), Type.Literal('custom')]),
    epochs: Type.Integer({ minimum: 1, maximum: 2000 }),
    imgsz: Type.Integer({ minimum: 32, maximum: 2048, multipleOf: 32 }),
    batch: Type.Integer({ minimum: 1, maximum: 512 }),
    lr0: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
    freeze: Type.Integer({ minimum: 0, maximum: 100 }),
    freshWeight: Type.Integer({ minimum: 1, maximum: 10 }),
    seed: Type.Integer({ minimum: 0, maximum: 2_147_483_647 }),
  },
  { additionalProperties: false },
);
export type RunConfig = Static<typeof RunConfig>;
export const CreateRun = Type.Object(
  // Said again: Type.Partial forgets that unknown properties are refused.
  { datasetVersionId: Type.Optional(Id), baseModelId: Type.Optional(Id), config: Type.Optional(Type.Partial(RunConfig, { additionalProperties: false })) },
  { additionalProperties: false },
);

const N = Nullable(Type.Number());
/** One point of the curves. Losses as Ultralytics names them (box_loss, seg_loss, cls_loss, dfl_loss). mAP in 0..1. */
export const EpochPoint = Type.Object({
  epoch: Type.Integer(), losses: Type.Record(Type.String(), Type.Number()), map50: N, map: N, seconds: Type.Number(), imagesPerSecond: N, best: Type.Boolean(),
});
export type EpochPoint = Static<typeof EpochPoint>;

export const RunProgress = Type.Object({
  /** What is going on right now, in words ("Installing torch, 312 of 870 MB"). */
  message: Nullable(Type.String()),
  epoch: Type.Integer(), epochs: Type.Integer(),
  /** Within the epoch. */
  batch: Type.Integer(), batches: Type.Integer(),
  imagesPerSecond: N, secondsLeft: N, map: N, map50: N,
  /** 0..1 of the present stage where it is not training (environment, export …). */
  stageShare: N,
});
export type RunProgress = Static<typeof RunProgress>;

/** Old and new on the same frozen split. promote: better or equal within the margin everywhere; hold: worse somewhere. */
export const GateResult = Type.Object({
  decision: Type.Union([Type.Literal('promote'), Type.Literal('hold'), Type.Literal('first')]),
  reason: Type.String(), margin: Type.Number(),
  old: Nullable(ModelMetrics), new: ModelMetrics,
});
export type GateResult = Static<typeof GateResult>;

export const RunDto = Type.Object({
  id: Id, number: Type.Integer(), state: RunState, config: RunConfig, progress: RunProgress, gate: Nullable(GateResult), error: Nullable(Type.String()),
  device: Nullable(Type.String()), datasetVersion: Type.Object({ id: Id, number: Type.Integer(), images: Type.Integer() }),
  baseModel: Nullable(Type.Object({ id: Id, number: Type.Integer(), name: Type.String(), map: N })),
  outModel: Nullable(Type.Object({ id: Id, number: Type.Integer(), name: Type.String(), current: Type.Boolean() })),
  createdBy: Type.String(), createdAt: Timestamp, startedAt: Nullable(Timestamp), endedAt: Nullable(Timestamp),
});
export type RunDto = Static<typeof RunDto>;
export const LogLine = Type.Object({ seq: Type.Integer(), at: Timestamp, text: Type.String() });
export type LogLine = Static<typeof LogLine>;
