import { Value } from 'typebox/value';
import { ModelMetrics } from '#core/api/model.ts';
import type { ProjectCard } from '#core/api/project.ts';
import type { Face } from '#core/api/system.ts';
import type { PrismaClient } from '#prisma';
import { isRole } from '../../access.ts';
import type { Person } from '../../context.ts';
import { progressIn, progressOfQueues } from '../../progress.ts';
import { classDto, taskOf } from './projects.ts';

type Online = (projectId: string) => { id: string; name: string }[];

/** The projects that a person may see, newest first, each with what its card shows. */
export async function cards(db: PrismaClient, person: Person, online: Online): Promise<ProjectCard[]> {
  const rows = await db.project.findMany({
    where: { archivedAt: null, ...(person.admin ? {} : { memberships: { some: { userId: person.id } } }) },
    orderBy: { createdAt: 'desc' },
    include: {
      classes: { orderBy: { index: 'asc' } },
      memberships: { where: { userId: person.id } },
      images: { orderBy: { createdAt: 'asc' }, take: 1, select: { id: true } },
      iterations: { orderBy: { number: 'desc' }, take: 1, select: { id: true, number: true } },
      promotions: { orderBy: { createdAt: 'asc' }, select: { model: { select: { metrics: true } } } },
      faces: { select: { userId: true, color: true, letters: true } },
      _count: { select: { images: true } },
    },
  });
  const counts = await progressOfQueues(db, rows.flatMap((row) => row.iterations.map((i) => i.id)));
  return rows.map((row) => {
    const iteration = row.iterations[0];
    const role = row.memberships[0]?.role;
    const progress = progressIn(counts, row.id);
    return {
      id: row.id, name: row.name, task: taskOf(row.task), classes: row.classes.map(classDto), role: person.admin || !isRole(role) ? 'admin' : role,
      coverImageId: row.images[0]?.id ?? null, images: row._count.images, iteration: iteration?.number ?? 1,
      submitted: progress.submitted, skipped: progress.skipped, tasks: progress.images,
      map: row.promotions.flatMap(({ model }) => (Value.Check(ModelMetrics, model.metrics) && model.metrics.map !== null ? [model.metrics.map] : [])),
      online: online(row.id).map((person) => ({ ...person, face: faceOf(row.faces, person.id) })),
    };
  });
}

function faceOf(faces: readonly (Face & { userId: string })[], id: string): Face | null {
  const found = faces.find((face) => face.userId === id);
  return found ? { color: found.color, letters: found.letters } : null;
}
