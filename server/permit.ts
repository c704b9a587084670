/** Decides a rule of access.ts for one person: the only place that does, for cookie, token and socket alike. */
import { EmendError } from '#core/errors.ts';
import type { PrismaClient } from '#prisma';
import { atLeast, isRole, type ProjectRole, type Rule, type Scope } from './access.ts';
import { isBlinded, refuseBlindRevision, refuseBlindTask } from './blind.ts';
import type { Person } from './context.ts';

/** What a decision found out on its way. Both null where no project is involved. */
export interface Permit {
  projectId: string | null;
  role: ProjectRole | null;
}

/** @throws EmendError `unauthenticated`, `forbidden`, or `not_found` when the thing of the scope does not exist. */
export async function permit(db: PrismaClient, rule: Rule, person: Person | null, id: string): Promise<Permit> {
  if (!('of' in rule)) return permitInstance(rule.least, person);
  if (!person) throw notSignedIn();
  const projectId = await projectOf(db, rule.of, id);
  const role = await roleIn(db, person, projectId);
  if (!role) throw new EmendError('forbidden', 'You are not a member of this project. Ask one of its administrators to add you.');
  if (!atLeast(role, rule.least)) {
    throw new EmendError('forbidden', `This needs the role ${rule.least}; yours in this project is ${role}. Ask an administrator of the project.`);
  }
  if (isBlinded(role) && rule.of === 'task') await refuseBlindTask(db, id, person.id, role !== 'viewer');
  if (isBlinded(role) && rule.of === 'revision') await refuseBlindRevision(db, id, person.id);
  return { projectId, role };
}

function permitInstance(least: 'public' | 'signed-in' | 'instance-admin', person: Person | null): Permit {
  if (least !== 'public' && !person) throw notSignedIn();
  if (least === 'instance-admin' && !person?.admin) throw new EmendError('forbidden', 'Only an administrator of this Emend may do that.');
  return { projectId: null, role: null };
}

function notSignedIn(): EmendError {
  return new EmendError('unauthenticated', 'You are not signed in. Sign in to go on; unsent work stays in this browser.');
}

/** The person's role in a project; null = not a member. */
export async function roleIn(db: PrismaClient, person: Person, projectId: string): Promise<ProjectRole | null> {
  if (person.admin) return 'admin';
  const row = await db.membership.findUnique({ where: { projectId_userId: { projectId, userId: person.id } }, select: { role: true } });
  return row && isRole(row.role) ? row.role : null;
}

async function projectOf(db: PrismaClient, scope: Scope, id: string): Promise<string> {
  const found = await LOOKUP[scope](db, id);
  if (found === null || found === undefined) throw new EmendError('not_found', `There is no such ${scope === 'version' ? 'dataset version' : scope}. It may have been removed, or the address is wrong.`);
  return found;
}

const select = { projectId: true } as const;
const LOOKUP: Record<Scope, (db: PrismaClient, id: string) => Promise<string | null | undefined>> = {
  project: async (db, id) => (await db.project.findUnique({ where: { id }, select: { id: true } }))?.id,
  task: async (db, id) => (await db.task.findUnique({ where: { id }, select }))?.projectId,
  image: async (db, id) => (await db.image.findUnique({ where: { id }, select }))?.projectId,
  import: async (db, id) => (await db.import.findUnique({ where: { id }, select }))?.projectId,
  run: async (db, id) => (await db.trainingRun.findUnique({ where: { id }, select }))?.projectId,
  version: async (db, id) => (await db.datasetVersion.findUnique({ where: { id }, select }))?.projectId,
  model: async (db, id) => (await db.modelVersion.findUnique({ where: { id }, select }))?.projectId,
  job: async (db, id) => (await db.job.findUnique({ where: { id }, select }))?.projectId,
  finding: async (db, id) => (await db.finding.findUnique({ where: { id }, select }))?.projectId,
  revision: async (db, id) => (await db.revision.findUnique({ where: { id }, select: { task: { select } } }))?.task.projectId,
};
