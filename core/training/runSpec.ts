import { Type, type Static } from 'typebox';
import { TaskType } from '#core/api/common.ts';

/** Everything that one trainer process is told: written as JSON to a file that is its only argument. Paths are absolute. */
export const RunSpec = Type.Object(
  {
    /** data.yaml of the dataset as YOLO files; its `val` is the frozen split on which old and new are compared. */
    data: Type.String(),
    task: TaskType,
    /** Weights to start from (.pt of a former run of ours), or null: from scratch with `architecture`. */
    weights: Type.Union([Type.String(), Type.Null()]),
    /** For a start without weights: a model description of the installed package, and its scale [depth, width, max channels]. */
    architecture: Type.Object({ yaml: Type.String(), scale: Type.Tuple([Type.Number(), Type.Number(), Type.Number()]) }),
    /** The promoted model, evaluated first on the same split; null where it has no .pt. */
    old: Type.Union([Type.String(), Type.Null()]),
    /** The dataset's class that each class of the promoted model counts as (classes are merged later), by the model's positions; −1 = none. null = itself. */
    oldClasses: Type.Union([Type.Array(Type.Integer({ minimum: -1 })), Type.Null()]),
    epochs: Type.Integer({ minimum: 1 }),
    imgsz: Type.Integer({ minimum: 32, multipleOf: 32 }),
    batch: Type.Integer({ minimum: 1 }),
    lr0: Type.Number({ exclusiveMinimum: 0 }),
    optimizer: Type.String(),
    freeze: Type.Integer({ minimum: 0 }),
    seed: Type.Integer({ minimum: 0 }),
    /** Other arguments of Ultralytics' training, by its own names. */
    extra: Type.Record(Type.String(), Type.Union([Type.Boolean(), Type.Number(), Type.String()])),
    /** Ultralytics' names ("cpu", "0", "0,1": several GPUs train together); null = a GPU if there is one. */
    device: Type.Union([Type.String(), Type.Null()]),
    workers: Type.Integer({ minimum: 0 }),
    /** Everything that the run writes goes below this directory. */
    out: Type.String(),
    /** Go on from out/weights/last.pt. */
    resume: Type.Boolean(),
  },
  { additionalProperties: false },
);
export type RunSpec = Static<typeof RunSpec>;
