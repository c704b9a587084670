import type { Static } from 'typebox';
import type { AddedMember, MemberDto } from '#core/api/system.ts';
import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { Prisma, PrismaClient } from '#prisma';
import { isRole, type ProjectRole } from '../../access.ts';
import { note } from '../../activity.ts';
import { createSignInLink, endSignInLinks } from '../../auth/signInLink.ts';
import type { Person } from '../../context.ts';
import { freeTakenColor } from './faces.ts';

type Member = Static<typeof MemberDto>;
/** Who looks at the list: administrators of the whole installation may let anybody in. */
interface Asker { admin: boolean }

const ABOUT = { id: true, name: true, email: true, admin: true, enteredAt: true, _count: { select: { accounts: true, memberships: true } } } satisfies Prisma.UserSelect;
type User = Prisma.UserGetPayload<{ select: typeof ABOUT }>;

function member(user: User, role: ProjectRole, asker: Asker): Member {
  return { userId: user.id, name: user.name, email: user.email, role, entered: user._count.accounts > 0, linkable: mayLink(user, asker) };
}

/**
 * A sign-in link is as good as the account. The administrator of one project makes them only for people who have no password yet and belong to no other project, and never
 * for an administrator of the installation.
 */
function mayLink(user: User, asker: Asker): boolean {
  return asker.admin || (!user.admin && user._count.accounts === 0 && user._count.memberships <= 1);
}

export async function list(db: PrismaClient, projectId: string, asker: Asker): Promise<Member[]> {
  const rows = await db.membership.findMany({ where: { projectId }, select: { role: true, user: { select: ABOUT } }, orderBy: { createdAt: 'asc' } });
  return rows.flatMap(({ user, role }) => (isRole(role) ? [member(user, role, asker)] : []));
}

/** Adds a person by e-mail address, or changes a member's role. Somebody new gets an account and a one-time link, which is returned. */
export async function add(db: PrismaClient, projectId: string, { email, role }: { email: string; role: ProjectRole }, asker: Asker): Promise<Static<typeof AddedMember>> {
  const address = email.trim().toLowerCase();
  const known = await db.user.findUnique({ where: { email: address } });
  const { id } = known ?? await db.user.create({ data: { id: newId(), email: address, name: address.split('@')[0] ?? address } });
  if (role !== 'admin') await keepAnAdmin(db, projectId, id);
  const before = await db.membership.findUnique({ where: { projectId_userId: { projectId, userId: id } } });
  await db.membership.upsert({ where: { projectId_userId: { projectId, userId: id } }, create: { projectId, userId: id, role }, update: { role } });
  if (!before) await freeTakenColor(db, projectId, id);
  // A link that another project's administrator holds must not open what the account may do from now on.
  if (known && !before) await endSignInLinks(db, id);
  const signInLink = known ? null : await createSignInLink(db, address);
  return { ...member(await db.user.findUniqueOrThrow({ where: { id }, select: ABOUT }), role, asker), signInLink };
}

/** A new one-time link for a member; an earlier one ends. Who has been here before is told of it, and so is the project. @throws EmendError `not_found`, `forbidden`. */
export async function link(db: PrismaClient, projectId: string, userId: string, asker: Person): Promise<string> {
  const row = await db.membership.findUnique({ where: { projectId_userId: { projectId, userId } }, select: { user: { select: ABOUT } } });
  if (!row) throw new EmendError('not_found', 'That person is not a member of this project.');
  const { user } = row;
  if (!mayLink(user, asker)) throw new EmendError('forbidden', `${user.name} has an account that is more than this project's. Ask an administrator of the installation for a new link.`);
  if (user.id !== asker.id && (user.enteredAt !== null || user._count.accounts > 0)) {
    await db.$transaction(async (tx) => {
      await tx.linkMade.create({ data: { id: newId(), userId, byId: asker.id, projectId } });
      await note(tx, projectId, asker.id, 'link', `made a new sign-in link for ${user.name}`);
    });
  }
  return createSignInLink(db, user.email);
}

export async function remove(db: PrismaClient, projectId: string, userId: string): Promise<void> {
  await keepAnAdmin(db, projectId, userId);
  const { count } = await db.membership.deleteMany({ where: { projectId, userId } });
  if (count === 0) throw new EmendError('not_found', 'That person is not a member of this project.');
}

/** Refuses to take the last administrator's role away. */
async function keepAnAdmin(db: PrismaClient, projectId: string, leaving: string): Promise<void> {
  const admins = await db.membership.findMany({ where: { projectId, role: 'admin' }, select: { userId: true } });
  if (admins.length === 1 && admins[0]?.userId === leaving) {
    throw new EmendError('conflict', 'This is the project\'s last administrator, so nothing was changed. Make somebody else administrator first.');
  }
}
