import type { Static } from 'typebox';
import type { CreatedToken, CreateToken, Me, PatchMe, TokenDto } from '#core/api/system.ts';
import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { ApiToken, PrismaClient } from '#prisma';
import { endSignInLinks } from '../../auth/signInLink.ts';
import { makeToken } from '../../auth/tokens.ts';
import type { Person } from '../../context.ts';

const LINKS_MS = 90 * 86_400_000;
const MOST_LINKS = 20;

export async function me(db: PrismaClient, person: Person): Promise<Me> {
  const hasPassword = (await db.account.count({ where: { userId: person.id, providerId: 'credential' } })) > 0;
  const { namedInReports, faces } = await db.user.findUniqueOrThrow({ where: { id: person.id }, select: { namedInReports: true, faces: { orderBy: { createdAt: 'asc' }, take: 1, select: { color: true, letters: true } } } });
  return { ...person, hasPassword, namedInReports, face: faces[0] ?? null, linksMade: await linksMade(db, person.id) };
}

/** Whoever makes a link can come in as the person: it is never done unseen. */
async function linksMade(db: PrismaClient, userId: string): Promise<Me['linksMade']> {
  const rows = await db.linkMade.findMany({ where: { userId, createdAt: { gt: new Date(Date.now() - LINKS_MS) } }, orderBy: { createdAt: 'desc' }, take: MOST_LINKS });
  const [people, projects] = await Promise.all([
    db.user.findMany({ where: { id: { in: rows.map((r) => r.byId) } }, select: { id: true, name: true } }),
    db.project.findMany({ where: { id: { in: rows.map((r) => r.projectId) } }, select: { id: true, name: true } }),
  ]);
  return rows.map((row) => ({
    id: row.id, by: people.find((p) => p.id === row.byId)?.name ?? 'somebody who has left', project: projects.find((p) => p.id === row.projectId)?.name ?? '', at: row.createdAt.toISOString(),
  }));
}

/** What a person may change of their own account. */
export async function patchMe(db: PrismaClient, person: Person, { namedInReports }: Static<typeof PatchMe>): Promise<Me> {
  if (namedInReports !== undefined) await db.user.update({ where: { id: person.id }, data: { namedInReports } });
  return me(db, person);
}

/** Null where the person has none. */
export async function passwordHash(db: PrismaClient, person: Person): Promise<string | null> {
  const account = await db.account.findFirst({ where: { userId: person.id, providerId: 'credential' }, select: { password: true } });
  return account?.password ?? null;
}

/**
 * Sets or replaces the password (already hashed). All other sessions of the person and links not yet used end: whoever else knew the old one is out. With the first password
 * all API tokens end too, because until then anybody who was given a link could make them; later ones stay unless `endTokens`.
 */
export async function setPassword(db: PrismaClient, person: Person, hash: string, { session, endTokens }: { session: string; endTokens: boolean }): Promise<void> {
  await db.$transaction(async (tx) => {
    // One at a time, so that the first is known. Not the key: a token that is being made refers to it, holds its session, and is waited for below.
    await tx.$queryRaw`SELECT 1 FROM "User" WHERE id = ${person.id} FOR NO KEY UPDATE`;
    const account = await tx.account.findFirst({ where: { userId: person.id, providerId: 'credential' } });
    if (account) await tx.account.update({ where: { id: account.id }, data: { password: hash } });
    else await tx.account.create({ data: { id: newId(), userId: person.id, accountId: person.id, providerId: 'credential', password: hash } });
    // Sessions first: a token that one of them is just making is then there to be ended, or is refused.
    await tx.session.deleteMany({ where: { userId: person.id, id: { not: session } } });
    if (!account || endTokens) await tx.apiToken.deleteMany({ where: { userId: person.id } });
    await endSignInLinks(tx, person.id);
  });
}

export async function tokens(db: PrismaClient, person: Person): Promise<Static<typeof TokenDto>[]> {
  return (await db.apiToken.findMany({ where: { userId: person.id }, orderBy: { createdAt: 'desc' } })).map(toDto);
}

/** @throws EmendError `unauthenticated` where `session` has ended meanwhile. */
export async function createToken(db: PrismaClient, person: Person, body: Static<typeof CreateToken>, session: string): Promise<Static<typeof CreatedToken>> {
  const { token, hash, prefix } = makeToken();
  const expiresAt = body.days === undefined ? null : new Date(Date.now() + body.days * 86_400_000);
  const row = await db.$transaction(async (tx) => {
    const held = await tx.$queryRaw<unknown[]>`SELECT 1 FROM "Session" WHERE id = ${session} FOR SHARE`;
    if (held.length === 0) throw new EmendError('unauthenticated', 'This session has ended, so no token was made. Sign in again.');
    return tx.apiToken.create({ data: { id: newId(), userId: person.id, name: body.name, hash, prefix, expiresAt } });
  });
  return { token, ...toDto(row) };
}

export async function revokeToken(db: PrismaClient, person: Person, id: string): Promise<void> {
  const { count } = await db.apiToken.deleteMany({ where: { id, userId: person.id } });
  if (count === 0) throw new EmendError('not_found', 'You have no such token. It may have been revoked already.');
}

function toDto(row: ApiToken): Static<typeof TokenDto> {
  return {
    id: row.id, name: row.name, prefix: row.prefix, createdAt: row.createdAt.toISOString(),
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null, expiresAt: row.expiresAt?.toISOString() ?? null,
  };
}
