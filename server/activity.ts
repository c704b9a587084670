import { newId } from '#core/ids.ts';
import type { Prisma } from '#prisma';

/** Writes one line of "latest activity". `text` is a whole sentence's predicate ("corrected die-07.png"); whoever did it is shown before it. */
export async function note(db: Prisma.TransactionClient, projectId: string, userId: string | null, kind: string, text: string): Promise<void> {
  await db.activity.create({ data: { id: newId(), projectId, userId, kind, text: text.slice(0, 500) } });
}
