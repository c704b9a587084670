import type { Static } from 'typebox';
import { DEFAULT_SETTINGS, type ClassDto, type CreateProject, type PatchProject, type ProjectDto } from '#core/api/project.ts';
import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { Prisma, PrismaClient, ProjectClass } from '#prisma';
import type { ProjectRole } from '../../access.ts';
import type { Person } from '../../context.ts';
import { defaultColor, defaultKey } from './colors.ts';
import { readSettings } from './settings.ts';

const WITH_CLASSES = { classes: { orderBy: { index: 'asc' } } } satisfies Prisma.ProjectInclude;

/** Makes a project with its first iteration; its maker is its first administrator. */
export async function create(db: PrismaClient, person: Person, body: Static<typeof CreateProject>): Promise<ProjectDto> {
  const names = body.classes.map((name) => name.trim());
  if (names.includes('')) throw new EmendError('invalid', 'A class has an empty name. Nothing was made; give every class a name.');
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new EmendError('invalid', `The class "${twice}" is named twice. Nothing was made; name every class once.`);
  const id = newId();
  await db.project.create({
    data: {
      id, name: body.name.trim(), task: body.task, settings: DEFAULT_SETTINGS,
      classes: { create: names.map((name, index) => ({ index, name, color: defaultColor(index), key: defaultKey(index) })) },
      memberships: { create: { userId: person.id, role: 'admin' } },
      iterations: { create: { id: newId(), number: 1 } },
    },
  });
  return read(db, id, 'admin');
}

export async function read(db: PrismaClient, id: string, role: ProjectRole): Promise<ProjectDto> {
  const row = await db.project.findUniqueOrThrow({ where: { id }, include: WITH_CLASSES });
  return {
    id: row.id, name: row.name, task: taskOf(row.task), settings: readSettings(row.settings), classes: row.classes.map(classDto),
    currentModelId: row.currentModelId, createdAt: row.createdAt.toISOString(), role,
  };
}

export async function patch(db: PrismaClient, id: string, role: ProjectRole, body: Static<typeof PatchProject>): Promise<ProjectDto> {
  await db.$transaction(async (tx) => {
    // Two people at the settings at once: the second reads what the first wrote.
    await tx.$queryRaw`SELECT id FROM "Project" WHERE id = ${id} FOR UPDATE`;
    const row = await tx.project.findUniqueOrThrow({ where: { id } });
    const name = body.name === undefined ? {} : { name: body.name.trim() };
    await tx.project.update({ where: { id }, data: { ...name, settings: { ...readSettings(row.settings), ...body.settings } } });
  });
  return read(db, id, role);
}

export function taskOf(task: string): 'detect' | 'segment' {
  return task === 'detect' ? 'detect' : 'segment';
}

export function classDto(row: ProjectClass): ClassDto {
  return { index: row.index, name: row.name, color: row.color, key: row.key, retired: row.retiredAt !== null, mergedInto: row.mergedInto };
}
