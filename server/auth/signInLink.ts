import { createHash, randomBytes } from 'node:crypto';
import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { PrismaClient } from '#prisma';

const DAY_MS = 24 * 3600 * 1000;
/** A link lies in somebody's mail; an administrator makes another one at any time. */
const VALID_MS = 7 * DAY_MS;
/** The first start may be long before the first sign-in, and every start prints a new one until then. */
const FIRST_VALID_MS = 90 * DAY_MS;
const PREFIX = 'sign-in:';
export const FIRST_ADMIN = 'admin@emend.local';

const hashOf = (token: string): string => `${PREFIX}${createHash('sha256').update(token).digest('hex')}`;

export interface LinkOptions {
  validMs?: number;
  /** Earlier unused links of the same person stay good until they are used or expire; else they end. */
  keepOthers?: boolean;
}

/** Makes a one-time token for a person; only its hash is kept. Returns the path to open. */
export async function createSignInLink(db: PrismaClient, email: string, { validMs = VALID_MS, keepOthers = false }: LinkOptions = {}): Promise<string> {
  const user = await db.user.findUnique({ where: { email: email.trim().toLowerCase() } });
  if (!user) throw new EmendError('not_found', `Nobody here has the e-mail address ${email}. Add the person to a project first.`);
  const token = randomBytes(24).toString('base64url');
  await db.$transaction([
    ...(keepOthers ? [] : [db.verification.deleteMany({ where: { value: user.id, identifier: { startsWith: PREFIX } } })]),
    db.verification.create({ data: { id: newId(), identifier: hashOf(token), value: user.id, expiresAt: new Date(Date.now() + validMs) } }),
  ]);
  return `/sign-in?token=${token}`;
}

/** Ends the unused links of a person. */
export async function endSignInLinks(db: Pick<PrismaClient, 'verification'>, userId: string): Promise<void> {
  await db.verification.deleteMany({ where: { value: userId, identifier: { startsWith: PREFIX } } });
}

/** Uses a token up. Returns whose it was; undefined = unknown, used or expired. Of two at once, one wins. */
export async function spendSignInToken(db: PrismaClient, token: string): Promise<string | undefined> {
  const identifier = hashOf(token);
  const row = await db.verification.findFirst({ where: { identifier, expiresAt: { gt: new Date() } } });
  if (!row) return undefined;
  const { count } = await db.verification.deleteMany({ where: { id: row.id } });
  if (count !== 1) return undefined;
  await db.user.updateMany({ where: { id: row.value, enteredAt: null }, data: { enteredAt: new Date() } });
  return row.value;
}

/** The link for the first administrator: null once an administrator has ever signed in or set a password. Makes the account on first use. */
export async function ensureFirstSignIn(db: PrismaClient): Promise<string | null> {
  const entered = await db.user.count({ where: { admin: true, OR: [{ sessions: { some: {} } }, { accounts: { some: {} } }] } });
  if (entered > 0) return null;
  const admin = await db.user.findFirst({ where: { admin: true }, orderBy: { createdAt: 'asc' } })
    ?? await db.user.create({ data: { id: newId(), name: 'Admin', email: FIRST_ADMIN, admin: true } });
  return createSignInLink(db, admin.email, { validMs: FIRST_VALID_MS });
}
