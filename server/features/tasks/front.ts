/** Images that a person wants corrected next: their waiting tasks go before the ranking's. */
import type { Static } from 'typebox';
import type { FrontDone, FrontTasks } from '#core/api/map.ts';
import { FRONT } from '#core/next/front.ts';
import type { PrismaClient } from '#prisma';
import type { Person } from '../../context.ts';

/**
 * Puts what waits of these images in front, or back (then it has no place until it is ranked anew). Tasks that somebody has in hand, or that are done, stay as
 * they are. Of those in front the ones that were chosen before keep their words.
 */
export async function putInFront(db: PrismaClient, projectId: string, { images, front }: Static<typeof FrontTasks>, person: Pick<Person, 'name'>): Promise<Static<typeof FrontDone>> {
  const ids = [...new Set(images)];
  const reason = `put in front by ${person.name}`.slice(0, 120);
  const moved = front
    ? await db.$queryRaw<{ imageId: string }[]>`
        UPDATE "Task" SET priority = ${FRONT} + LEAST(1, GREATEST(0, priority)), reason = ${reason} WHERE "projectId" = ${projectId} AND "imageId" = ANY(${ids}::text[]) AND state = 'pending' AND priority < ${FRONT} RETURNING "imageId"`
    : await db.$queryRaw<{ imageId: string }[]>`
        UPDATE "Task" SET priority = priority - ${FRONT}, reason = NULL WHERE "projectId" = ${projectId} AND "imageId" = ANY(${ids}::text[]) AND state = 'pending' AND priority >= ${FRONT} RETURNING "imageId"`;
  const waiting = await db.task.findMany({ where: { projectId, imageId: { in: ids }, state: 'pending' }, distinct: ['imageId'], select: { imageId: true } });
  return { images: new Set(moved.map((row) => row.imageId)).size, notWaiting: ids.length - waiting.length };
}
