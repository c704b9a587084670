import { Type, type Static } from 'typebox';
import { Id, Timestamp } from './common.ts';

/** One model on the validation split of one dataset version, picture by picture. The file itself: EvaluationFile of core/training/evaluation.ts. */
export const EvaluationDto = Type.Object({
  id: Id, model: Type.Object({ id: Id, number: Type.Integer(), name: Type.String() }), datasetVersion: Type.Object({ id: Id, number: Type.Integer() }),
  createdAt: Timestamp,
});
export type EvaluationDto = Static<typeof EvaluationDto>;

export const EvaluationQuery = Type.Object({ model: Type.Optional(Id), version: Type.Optional(Id) }, { additionalProperties: false });
