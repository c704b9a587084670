import type { Static } from 'typebox';
import type { CreatedToken, CreateToken, Me, PatchMe, TokenDto } from '#core/api/system.ts';
import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { ApiToken, PrismaClient } from '#prisma';
import { makeToken } from '../../auth/tokens.ts';
import type { Person } from '../../context.ts';

export async function me(db: PrismaClient, person: Person): Promise<Me> {
  const hasPassword = (await db.account.count({ where: { userId: person.id, providerId: 'credential' } })) > 0;
  const { namedInReports } = await db.user.findUniqueOrThrow({ where: { id: person.id }, select: { namedInReports: true } });
  return { ...person, hasPassword, namedInReports };
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

/** Sets or replaces the password (already hashed). All sessions of the person but `session` end: whoever else knew the old one is out. */
export async function setPassword(db: PrismaClient, person: Person, hash: string, session: string | null): Promise<void> {
  await db.$transaction(async (tx) => {
    const account = await tx.account.findFirst({ where: { userId: person.id, providerId: 'credential' } });
    if (account) await tx.account.update({ where: { id: account.id }, data: { password: hash } });
    else await tx.account.create({ data: { id: newId(), userId: person.id, accountId: person.id, providerId: 'credential', password: hash } });
    await tx.session.deleteMany({ where: { userId: person.id, ...(session === null ? {} : { id: { not: session } }) } });
  });
}

export async function tokens(db: PrismaClient, person: Person): Promise<Static<typeof TokenDto>[]> {
  return (await db.apiToken.findMany({ where: { userId: person.id }, orderBy: { createdAt: 'desc' } })).map(toDto);
}

export async function createToken(db: PrismaClient, person: Person, body: Static<typeof CreateToken>): Promise<Static<typeof CreatedToken>> {
  const { token, hash, prefix } = makeToken();
  const expiresAt = body.days === undefined ? null : new Date(Date.now() + body.days * 86_400_000);
  const row = await db.apiToken.create({ data: { id: newId(), userId: person.id, name: body.name, hash, prefix, expiresAt } });
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
