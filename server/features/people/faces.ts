/** Colour and letters of the people of a project: chosen when somebody is first seen there, then kept, so that nobody's change because of another. */
import type { PersonName } from '#core/api/system.ts';
import { chooseColor, chooseLetters } from '#core/team/faces.ts';
import type { Prisma, PrismaClient } from '#prisma';

interface Seen { id: string; name: string; member: boolean; color: number | null; letters: string | null }

/** Everybody who belongs to a project, has worked in it or looks at it now (`asker`), by name: what edits and outcomes are signed with. Who has no face yet gets one. */
export async function readPeople(db: PrismaClient, projectId: string, asker: string): Promise<PersonName[]> {
  const known = withFaces(await seen(db, projectId, asker));
  return known ?? db.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext(${`faces ${projectId}`}))`;
    return giveFaces(tx, projectId, await seen(tx, projectId, asker));
  });
}

/** Of somebody who comes back: where a member has got their colour meanwhile, they get another. */
export async function freeTakenColor(db: PrismaClient, projectId: string, userId: string): Promise<void> {
  await db.$executeRaw`DELETE FROM "Face" f WHERE f."projectId" = ${projectId} AND f."userId" = ${userId} AND EXISTS (
    SELECT 1 FROM "Face" o JOIN "Membership" m ON m."projectId" = o."projectId" AND m."userId" = o."userId"
    WHERE o."projectId" = f."projectId" AND o.color = f.color AND o."userId" <> f."userId")`;
}

/** Members in the order of joining, then the others. */
function seen(db: Pick<PrismaClient, '$queryRaw'>, projectId: string, asker: string): Promise<Seen[]> {
  return db.$queryRaw<Seen[]>`
    SELECT u.id, u.name, (m."userId" IS NOT NULL) AS member, f.color, f.letters FROM "User" u
    LEFT JOIN "Membership" m ON m."projectId" = ${projectId} AND m."userId" = u.id LEFT JOIN "Face" f ON f."projectId" = ${projectId} AND f."userId" = u.id
    WHERE u.id = ${asker} OR f.color IS NOT NULL OR u.id IN (
      SELECT "userId" FROM "Membership" WHERE "projectId" = ${projectId}
      UNION SELECT "userId" FROM "Activity" WHERE "projectId" = ${projectId} AND "userId" IS NOT NULL
      UNION SELECT r."submittedById" FROM "Revision" r JOIN "Image" i ON i.id = r."imageId" WHERE i."projectId" = ${projectId}
      UNION SELECT a.value FROM "Revision" r JOIN "Image" i ON i.id = r."imageId", jsonb_array_elements_text(r.authors) a WHERE i."projectId" = ${projectId}
      UNION SELECT d."userId" FROM "DocUpdate" d JOIN "Task" t ON t.id = d."taskId" WHERE t."projectId" = ${projectId}) ORDER BY m."createdAt" NULLS LAST, u."createdAt", u.id`;
}

/** Null where somebody has none. */
function withFaces(people: readonly Seen[]): PersonName[] | null {
  const done = people.flatMap(({ id, name, color, letters }) => (color === null || letters === null ? [] : [{ id, name, color, letters }]));
  return done.length === people.length ? done.toSorted((a, b) => (a.name < b.name ? -1 : 1)) : null;
}

async function giveFaces(tx: Prisma.TransactionClient, projectId: string, people: Seen[]): Promise<PersonName[]> {
  const bare = people.filter((p) => p.color === null);
  const elsewhere = await tx.face.findMany({ where: { userId: { in: bare.map((p) => p.id) } }, orderBy: { createdAt: 'asc' }, select: { userId: true, color: true } });
  for (const person of bare) {
    const worn = people.flatMap(({ color, member }) => (color === null ? [] : [{ color, member }]));
    person.color = chooseColor(worn, elsewhere.filter((e) => e.userId === person.id).map((e) => e.color));
    person.letters = chooseLetters(person.name, new Set(people.flatMap((p) => p.letters ?? [])));
  }
  await tx.face.createMany({ data: bare.map(({ id, color, letters }) => ({ projectId, userId: id, color: color ?? 0, letters: letters ?? '' })) });
  return withFaces(people) ?? [];
}
