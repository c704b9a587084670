import type { Static } from 'typebox';
import type { ClassDto, CreateClass, PatchClass } from '#core/api/project.ts';
import { mergeProblem } from '#core/dataset/classes.ts';
import { EmendError } from '#core/errors.ts';
import type { Prisma, PrismaClient } from '#prisma';
import { defaultColor, defaultKey } from './colors.ts';
import { classDto } from './projects.ts';

/** Adds a class behind the last one: positions are the ids in every label and never change. */
export async function add(db: PrismaClient, projectId: string, body: Static<typeof CreateClass>): Promise<ClassDto> {
  return db.$transaction(async (tx) => {
    await lock(tx, projectId);
    const classes = await tx.projectClass.findMany({ where: { projectId } });
    refuseTaken(classes, body);
    const index = Math.max(-1, ...classes.map((c) => c.index)) + 1;
    const free = defaultKey(index);
    const key = body.key !== undefined ? body.key : classes.some((c) => c.key === free) ? null : free;
    return classDto(await tx.projectClass.create({ data: { projectId, index, name: body.name.trim(), color: body.color ?? defaultColor(index), key } }));
  });
}

export async function patch(db: PrismaClient, projectId: string, index: number, body: Static<typeof PatchClass>): Promise<ClassDto> {
  return db.$transaction(async (tx) => {
    await lock(tx, projectId);
    const classes = await tx.projectClass.findMany({ where: { projectId } });
    if (!classes.some((c) => c.index === index)) throw new EmendError('not_found', `This project has no class ${index}.`);
    refuseTaken(classes.filter((c) => c.index !== index), body);
    const { name, color, key, retired, mergedInto } = body;
    if (mergedInto !== undefined) refuseMerge(classes, index, mergedInto, retired);
    return classDto(await tx.projectClass.update({
      where: { projectId_index: { projectId, index } },
      data: {
        ...(name === undefined ? {} : { name: name.trim() }), ...(color === undefined ? {} : { color }), ...(key === undefined ? {} : { key }),
        ...(retired === undefined ? {} : retired ? { retiredAt: new Date() } : { retiredAt: null, mergedInto: null }),
        ...(mergedInto === undefined ? {} : { retiredAt: new Date(), mergedInto }),
      },
    }));
  });
}

/** One at a time per project, so that two new classes never get the same position. */
async function lock(tx: Prisma.TransactionClient, projectId: string): Promise<void> {
  await tx.$queryRaw`SELECT id FROM "Project" WHERE id = ${projectId} FOR UPDATE`;
}

/** @throws EmendError `invalid` or `conflict`, with what stands in the way. */
function refuseMerge(classes: readonly { index: number; retiredAt: Date | null; mergedInto: number | null }[], from: number, into: number, retired: boolean | undefined): void {
  if (retired === false) throw new EmendError('invalid', 'A class is either merged into another one or used. Nothing was changed.');
  const problem = mergeProblem(classes.map((c) => ({ index: c.index, retired: c.retiredAt !== null, mergedInto: c.mergedInto })), from, into);
  if (problem !== null) throw new EmendError('conflict', `${problem} Nothing was changed.`);
}

function refuseTaken(others: readonly { name: string; key: string | null }[], { name, key }: { name?: string; key?: string | null }): void {
  if (name !== undefined && name.trim() === '') throw new EmendError('invalid', 'A class needs a name. Nothing was changed.');
  if (name !== undefined && others.some((c) => c.name === name.trim())) throw new EmendError('conflict', `This project has a class "${name.trim()}" already. Choose another name, or bring a retired class back.`);
  const holder = key === undefined || key === null ? undefined : others.find((c) => c.key === key);
  if (holder) throw new EmendError('conflict', `The key ${key} chooses "${holder.name}" already. Choose another key.`);
}
