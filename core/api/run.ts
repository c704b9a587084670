import { Type, type Static } from 'typebox';
import { ModelMetrics } from './model.ts';
import { Id, Nullable, Timestamp } from './common.ts';

export const RunState = Type.Enum(['queued', 'preparing', 'training', 'evaluating', 'exporting', 'gate', 'done', 'failed', 'cancelled', 'paused']);
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
    /** "auto" (the default), "cpu", or GPUs by number: "0", "0,1". */
    device: Type.Optional(Type.String({ pattern: '^(auto|cpu|[0-9]{1,2}(,[0-9]{1,2}){0,15})$' })),
    /** Whatever else the installed trainer takes, by its own names; checked against its own list. */
    extra: Type.Optional(Type.Record(Type.String({ pattern: '^[a-z][a-z0-9_]{0,39}$' }), Type.Union([Type.Boolean(), Type.Number(), Type.String({ maxLength: 60 })]), { maxProperties: 40, additionalProperties: false })),
  },
  { additionalProperties: false },
);
export type RunConfig = Static<typeof RunConfig>;

/** One argument of training, as the installed trainer describes it. */
export const TrainerArgument = Type.Object({
  name: Type.String(), kind: Type.Enum(['number', 'fraction', 'integer', 'boolean', 'choice']), default: Type.Union([Type.Number(), Type.Boolean(), Type.String(), Type.Null()]),
  choices: Type.Optional(Type.Array(Type.String())), minimum: Type.Optional(Type.Number()),
});
export type TrainerArgument = Static<typeof TrainerArgument>;

/** What a run would need on disk while it goes on, in bytes, and what is free there. */
export const RunNeeds = Type.Object({ bytes: Type.Number(), freeBytes: Type.Number() });
export type RunNeeds = Static<typeof RunNeeds>;
export const CreateRun = Type.Object(
  // Said again: Type.Partial forgets that unknown properties are refused.
  { datasetVersionId: Type.Optional(Id), baseModelId: Type.Optional(Id), config: Type.Optional(Type.Partial(RunConfig, { additionalProperties: false })) },
  { additionalProperties: false },
);

const N = Nullable(Type.Number());
/** One point of the curves. Losses as Ultralytics names them (box_loss, seg_loss, cls_loss, dfl_loss). mAP in 0..1. */
export const EpochPoint = Type.Object({
  epoch: Type.Integer(), losses: Type.Record(Type.String(), Type.Number()), map50: N, map: N, seconds: Type.Number(), imagesPerSecond: N, best: Type.Boolean(),
  /** Absent in runs of earlier versions. */
  perClass: Type.Optional(Type.Array(Type.Object({ index: Type.Integer(), map: N, map50: N }))),
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

/** New minus old, fractions of mAP. The interval is null where too few pictures carry it. */
export const Difference = Type.Object({ value: Type.Number(), low: N, high: N });
export type Difference = Static<typeof Difference>;
export const ClassDifference = Type.Object({
  classIndex: Type.Integer(), /** Pictures with a label of the class. */ images: Type.Integer(), instances: Type.Integer(), map: Difference, map50: Difference,
});
export type ClassDifference = Static<typeof ClassDifference>;
/** Of two models on the same pictures, by paired bootstrap over the pictures. */
export const Differences = Type.Object({ images: Type.Integer(), resamples: Type.Integer(), map: Difference, map50: Difference, perClass: Type.Array(ClassDifference) });
export type Differences = Static<typeof Differences>;

/**
 * Old and new on the same frozen split. promote: not worse overall, beyond chance, and in no class beyond the margin; hold: certainly worse somewhere, or not
 * comparable; undecided: the pictures are too few to tell, so a person decides (docs/decisions/0012-gate.md).
 */
export const GateResult = Type.Object({
  decision: Type.Union([Type.Literal('promote'), Type.Literal('hold'), Type.Literal('undecided'), Type.Literal('first')]),
  reason: Type.String(), margin: Type.Number(),
  old: Nullable(ModelMetrics), new: ModelMetrics,
  /** Absent where nothing was compared, and in results of earlier versions of Emend. */
  differences: Type.Optional(Differences),
  /** The model that was current when the run began; absent in results of earlier versions. */
  comparedWith: Type.Optional(Nullable(Id)),
});
export type GateResult = Static<typeof GateResult>;

const Reason = Type.String({ maxLength: 1000 });
export const KeepPresent = Type.Object({ reason: Type.Optional(Reason) }, { additionalProperties: false });
/** As stored with the run: the present model was kept instead of the run's. */
export const Kept = Type.Object({ byId: Id, at: Timestamp, reason: Nullable(Reason) });
/** What a person decided on the run's model, after or against the gate. */
export const RunDecision = Type.Object({ decision: Type.Union([Type.Literal('keep'), Type.Literal('promote')]), by: Type.String(), at: Timestamp, reason: Nullable(Type.String()) });
export type RunDecision = Static<typeof RunDecision>;

export const RunDto = Type.Object({
  id: Id, number: Type.Integer(), state: RunState, config: RunConfig, progress: RunProgress, gate: Nullable(GateResult), decided: Nullable(RunDecision), error: Nullable(Type.String()),
  device: Nullable(Type.String()), datasetVersion: Type.Object({ id: Id, number: Type.Integer(), images: Type.Integer() }),
  baseModel: Nullable(Type.Object({ id: Id, number: Type.Integer(), name: Type.String(), map: N })),
  outModel: Nullable(Type.Object({ id: Id, number: Type.Integer(), name: Type.String(), current: Type.Boolean() })),
  createdBy: Type.String(), createdAt: Timestamp, startedAt: Nullable(Timestamp), endedAt: Nullable(Timestamp),
});
export type RunDto = Static<typeof RunDto>;
export const LogLine = Type.Object({ seq: Type.Integer(), at: Timestamp, text: Type.String() });
export type LogLine = Static<typeof LogLine>;
