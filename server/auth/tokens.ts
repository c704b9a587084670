import { createHash, randomBytes } from 'node:crypto';
import type { PrismaClient } from '#prisma';
import type { Visitor } from '../context.ts';

/** Recognisable by secret scanners; the rest is 192 random bits. */
const PREFIX = 'emend_';
const SEEN_MS = 60_000;

export function makeToken(): { token: string; hash: string; prefix: string } {
  const token = `${PREFIX}${randomBytes(24).toString('base64url')}`;
  return { token, hash: hashToken(token), prefix: token.slice(0, PREFIX.length + 4) };
}

function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Whose token it is; null = unknown or expired. Notes its use at most once a minute. */
export async function visitorOfToken(db: PrismaClient, token: string): Promise<Visitor | null> {
  if (!token.startsWith(PREFIX)) return null;
  const row = await db.apiToken.findUnique({ where: { hash: hashToken(token) }, include: { user: true } });
  if (!row || (row.expiresAt !== null && row.expiresAt.getTime() <= Date.now())) return null;
  if (!row.lastUsedAt || Date.now() - row.lastUsedAt.getTime() > SEEN_MS) {
    // May have been revoked in between: then there is nothing to note.
    await db.apiToken.updateMany({ where: { id: row.id }, data: { lastUsedAt: new Date() } });
  }
  const { id, name, email, admin } = row.user;
  return { person: { id, name, email, admin }, proof: { kind: 'token', id: row.id } };
}
