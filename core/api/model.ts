import { Type, type Static } from 'typebox';
import { Id, Nullable, TaskType, Timestamp } from './common.ts';

const M = Nullable(Type.Number());
/** Fractions 0..1 on the frozen validation split. For segment models, of masks; box metrics beside them. */
export const ModelMetrics = Type.Object({
  map: M, map50: M, boxMap: M, boxMap50: M, precision: M, recall: M, images: Type.Integer(),
  perClass: Type.Array(Type.Object({ classIndex: Type.Integer(), name: Type.String(), map: M, map50: M, instances: Type.Integer() })),
});
export type ModelMetrics = Static<typeof ModelMetrics>;

export const ModelDto = Type.Object({
  id: Id, number: Type.Integer(), name: Type.String(), task: TaskType, classNames: Type.Array(Type.String()),
  classMap: Type.Array(Nullable(Type.Integer())),
  origin: Type.Union([Type.Literal('shipped'), Type.Literal('uploaded'), Type.Literal('trained')]),
  current: Type.Boolean(), hasOnnx: Type.Boolean(), trainable: Type.Boolean(), inputSize: Nullable(Type.Integer()), head: Nullable(Type.String()),
  metrics: Nullable(ModelMetrics), parentId: Nullable(Id), runId: Nullable(Id), runNumber: Nullable(Type.Integer()),
  datasetVersionId: Nullable(Id), datasetVersionNumber: Nullable(Type.Integer()), createdAt: Timestamp,
});
export type ModelDto = Static<typeof ModelDto>;
export const PromoteModel = Type.Object({ reason: Type.Optional(Type.String({ maxLength: 1000 })) }, { additionalProperties: false });
