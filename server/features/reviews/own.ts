/** Nobody reviews their own work while somebody else could. */
import type { Prisma } from '#prisma';

export interface Made {
  submittedById: string;
  authors: unknown;
}

export function makersOf({ submittedById, authors }: Made): Set<string> {
  return new Set([submittedById, ...(Array.isArray(authors) ? authors.filter((id) => typeof id === 'string') : [])]);
}

/** Ids of everybody who may decide in a project: its reviewers and administrators, and those of the instance. */
export async function reviewersOf(db: Prisma.TransactionClient, projectId: string): Promise<string[]> {
  const rows = await db.user.findMany({ where: { OR: [{ admin: true }, { memberships: { some: { projectId, role: { in: ['reviewer', 'admin'] } } } }] }, select: { id: true } });
  return rows.map((row) => row.id);
}

/** Why this person may not decide on that outcome, in a sentence; null = they may. Where every reviewer has a hand in it, each of them may. */
export function barredFrom(made: Made, personId: string, reviewers: readonly string[]): string | null {
  const makers = makersOf(made);
  if (!makers.has(personId) || reviewers.every((id) => makers.has(id))) return null;
  return made.submittedById === personId
    ? 'You submitted this image yourself, so another reviewer decides on it. You can go on with the next one.'
    : 'Some of these corrections are your own, so another reviewer decides on them. You can go on with the next one.';
}
