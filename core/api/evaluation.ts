import { Type, type Static } from 'typebox';
import { BoxSchema } from '#core/geometry/box.ts';
import { Id, Timestamp } from './common.ts';

/** One model on the validation split of one dataset version, picture by picture. The file itself: EvaluationFile of core/training/evaluation.ts. */
export const EvaluationDto = Type.Object({
  id: Id, model: Type.Object({ id: Id, number: Type.Integer(), name: Type.String() }), datasetVersion: Type.Object({ id: Id, number: Type.Integer() }),
  createdAt: Timestamp,
});
export type EvaluationDto = Static<typeof EvaluationDto>;

export const EvaluationQuery = Type.Object({ model: Type.Optional(Id), version: Type.Optional(Id) }, { additionalProperties: false });

const Found = Type.Object({ class: Type.Integer(), score: Type.Number(), box: BoxSchema, /** It matches a label at IoU 0.5. */ right: Type.Boolean() });
/**
 * One model on one picture, counting finds with a score of at least the project's threshold. `f1` of labels and finds, mean over IoU 0.50 … 0.95 (1 where
 * nothing is labelled and nothing found); counts at IoU 0.5. `overlooked`: labels that nothing matches.
 */
export const PictureResult = Type.Object({
  f1: Type.Number(), matched: Type.Integer(), missed: Type.Integer(), false: Type.Integer(), found: Type.Array(Found),
  overlooked: Type.Array(Type.Object({ class: Type.Integer(), box: BoxSchema })),
});
export type PictureResult = Static<typeof PictureResult>;
export const PictureComparison = Type.Object({
  image: Type.Object({ id: Id, name: Type.String(), width: Type.Integer(), height: Type.Integer() }), labels: Type.Integer(), old: PictureResult, new: PictureResult,
});
export type PictureComparison = Static<typeof PictureComparison>;
/** The pictures of the validation split on which old and new differ most; `counts` are of all of them. */
export const RunPictures = Type.Object({
  threshold: Type.Number(), /** Numbers of the models. */ old: Type.Integer(), new: Type.Integer(), worse: Type.Array(PictureComparison), better: Type.Array(PictureComparison),
  counts: Type.Object({ worse: Type.Integer(), better: Type.Integer(), same: Type.Integer() }),
});
export type RunPictures = Static<typeof RunPictures>;
