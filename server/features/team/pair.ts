/** Two people's outcomes of one image, and which of them is its label. */
import type { PairDto } from '#core/api/team.ts';
import { EmendError } from '#core/errors.ts';
import type { PrismaClient } from '#prisma';
import { note } from '../../activity.ts';
import type { Bus, Person } from '../../context.ts';
import { blindPairs } from '../iterations/index.ts';
import { lockPair, revisionDto } from '../tasks/index.ts';

/** The newest pair of an image. @throws EmendError `not_found` while not both have submitted blind. */
export async function readPair(db: PrismaClient, imageId: string): Promise<PairDto> {
  const image = await db.image.findUniqueOrThrow({ where: { id: imageId }, select: { name: true, width: true, height: true, tasks: { where: { copy: 1 }, orderBy: { createdAt: 'desc' }, select: { iterationId: true } } } });
  for (const { iterationId } of image.tasks) {
    const [pair] = await blindPairs(db, iterationId, imageId);
    if (!pair) continue;
    const people = await db.user.findMany({ where: { id: { in: [pair.a.personId, pair.b.personId] } }, select: { id: true, name: true } });
    const sides = await Promise.all([pair.a, pair.b].map(async (side) => ({
      taskId: side.taskId, copy: side.copy, counts: !side.measures, person: people.find((p) => p.id === side.personId) ?? { id: side.personId, name: 'somebody who has left' },
      revision: await revisionDto(db, side.revisionId),
    })));
    return { imageId, name: image.name, width: image.width, height: image.height, sides };
  }
  throw new EmendError('not_found', 'There are not two outcomes of this image to compare: two people have not both submitted it without seeing each other.');
}

/** A reviewer decides that this copy is the image's label and the other one measures. Versions that are frozen stay as they are. */
export async function letCount({ db, bus }: { db: PrismaClient; bus: Bus }, taskId: string, person: Person): Promise<void> {
  const task = await db.$transaction(async (tx) => {
    const pair = await lockPair(tx, taskId);
    const row = await tx.task.findUniqueOrThrow({ where: { id: taskId }, select: { projectId: true, imageId: true, state: true, image: { select: { name: true } } } });
    if (pair.length !== 2 || pair.some((t) => t.state !== 'submitted')) throw new EmendError('conflict', 'Both people must have submitted this image before one outcome can be chosen. Nothing was changed.');
    await tx.task.updateMany({ where: { id: { in: pair.filter((t) => t.id !== taskId).map((t) => t.id) } }, data: { measures: true } });
    await tx.task.update({ where: { id: taskId }, data: { measures: false } });
    await note(tx, row.projectId, person.id, 'settled', `chose between two outcomes of ${row.image.name}`);
    return row;
  });
  bus.emit(task.projectId, { type: 'task', task: taskId, image: task.imageId, state: task.state, by: person.id });
  for (const type of ['images', 'loop', 'activity'] as const) bus.emit(task.projectId, { type });
}
