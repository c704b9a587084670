import type { Static } from 'typebox';
import type { MemberDto } from '#core/api/system.ts';
import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { PrismaClient } from '#prisma';
import { isRole, type ProjectRole } from '../../access.ts';
import { createSignInLink } from '../../auth/signInLink.ts';

type Member = Static<typeof MemberDto>;

export async function list(db: PrismaClient, projectId: string): Promise<Member[]> {
  const rows = await db.membership.findMany({ where: { projectId }, include: { user: true }, orderBy: { createdAt: 'asc' } });
  return rows.flatMap(({ user, role }) => (isRole(role) ? [{ userId: user.id, name: user.name, email: user.email, role }] : []));
}

/** Adds a person by e-mail address, or changes a member's role. Somebody new gets an account and a one-time link, which is returned. */
export async function add(db: PrismaClient, projectId: string, { email, role }: { email: string; role: ProjectRole }): Promise<Member & { signInLink: string | null }> {
  const address = email.trim().toLowerCase();
  const known = await db.user.findUnique({ where: { email: address } });
  const user = known ?? await db.user.create({ data: { id: newId(), email: address, name: address.split('@')[0] ?? address } });
  if (role !== 'admin') await keepAnAdmin(db, projectId, user.id);
  await db.membership.upsert({ where: { projectId_userId: { projectId, userId: user.id } }, create: { projectId, userId: user.id, role }, update: { role } });
  const signInLink = known ? null : await createSignInLink(db, address);
  return { userId: user.id, name: user.name, email: user.email, role, signInLink };
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
