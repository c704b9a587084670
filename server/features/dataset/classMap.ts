import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { PrismaClient } from '#prisma';

const ClassMap = Type.Array(Type.Union([Type.Integer(), Type.Null()]));

/**
 * Which class of a version each class of a model counts as, by the model's positions: a class that was merged counts as the other one, since the version's labels
 * do. −1 = none: the class was retired, or the project does not know it. null = every class counts as itself.
 */
export async function classesForVersion(db: PrismaClient, versionId: string, modelId: string | null): Promise<number[] | null> {
  const model = modelId === null ? null : await db.modelVersion.findUnique({ where: { id: modelId }, select: { classMap: true } });
  if (!model || !Value.Check(ClassMap, model.classMap)) return null;
  const { classFates } = await db.datasetVersion.findUniqueOrThrow({ where: { id: versionId }, select: { classFates: true } });
  const fates = Value.Check(ClassMap, classFates) ? classFates : [];
  const classes = model.classMap.map((index) => (index === null ? -1 : (fates[index] === undefined ? index : fates[index] ?? -1)));
  return classes.every((index, position) => index === position) ? null : classes;
}
