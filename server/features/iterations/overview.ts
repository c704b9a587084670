import { Value } from 'typebox/value';
import type { Overview } from '#core/api/project.ts';
import { ModelMetrics } from '#core/api/model.ts';
import { tallyErrors } from '#core/report/corrections.ts';
import type { PrismaClient } from '#prisma';
import { hiddenTasks, type Eyes } from '../../blind.ts';
import { overlaysOf } from '../images/index.ts';
import { readSettings } from '../projects/index.ts';
import { readLoop } from './loop.ts';
import { judgedRevisions, timesOf } from './report.ts';
import { readStored } from './stored.ts';

/** Everything of the Overview page in one answer. */
export async function readOverview(db: PrismaClient, projectId: string, eyes: Eyes): Promise<Overview> {
  const iterations = await db.iteration.findMany({ where: { projectId }, orderBy: { number: 'asc' }, include: { model: true }, omit: { quality: true } });
  const present = iterations.at(-1);
  // A fresh iteration has nothing to tell yet: then the one before it is shown.
  const own = present ? await judgedRevisions(db, present.id, eyes) : [];
  const former = iterations.at(-2);
  const revisions = own.length === 0 && former ? await judgedRevisions(db, former.id, eyes) : own;
  const tally = tallyErrors(revisions);
  const presentShare = own.length > 0 ? share(tally.kept, tally.shown) : null;
  return {
    loop: await readLoop(db, projectId, eyes),
    history: iterations.filter((i) => i.model !== null).map((i) => {
      const metrics = Value.Check(ModelMetrics, i.model?.metrics) ? i.model.metrics : null;
      const done = i.id === present?.id ? null : readStored(i.report)?.correction;
      const keptShare = i.id === present?.id ? presentShare : done ? share(done.predictionsKept, done.predictionsShown) : null;
      return { iteration: i.number, model: i.model?.name ?? '', map: metrics?.map ?? null, map50: metrics?.map50 ?? null, keptShare };
    }),
    errors: [...tally.perClass.values()].toSorted((a, b) => a.classIndex - b.classIndex),
    ...timesOf(revisions, tally.corrections),
    activity: await latestActivity(db, projectId),
    next: await upcoming(db, projectId, eyes),
  };
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

async function latestActivity(db: PrismaClient, projectId: string): Promise<Overview['activity']> {
  const rows = await db.activity.findMany({ where: { projectId }, orderBy: { createdAt: 'desc' }, take: 12 });
  const people = await db.user.findMany({ where: { id: { in: rows.flatMap((r) => r.userId ?? []) } }, select: { id: true, name: true } });
  return rows.map((row) => ({ id: row.id, kind: row.kind, text: row.text, at: row.createdAt.toISOString(), user: people.find((p) => p.id === row.userId) ?? null }));
}

async function upcoming(db: PrismaClient, projectId: string, eyes: Eyes): Promise<Overview['next']> {
  const hidden = eyes === null ? [] : await hiddenTasks(db, projectId, eyes);
  const rows = await db.task.findMany({
    where: { projectId, state: 'pending', id: { notIn: hidden } }, orderBy: [{ priority: 'desc' }, { createdAt: 'asc' }, { copy: 'asc' }], distinct: ['imageId'], take: 8, include: { image: true, project: { select: { settings: true } } },
  });
  const threshold = readSettings(rows[0]?.project.settings).threshold;
  const overlays = await overlaysOf(db, { projectId, threshold, eyes }, rows.map((task) => task.imageId));
  return rows.map(({ id, imageId, reason, image: { name, width, height } }) => ({ taskId: id, imageId, name, reason, width, height, overlay: overlays.get(imageId)?.overlay ?? [] }));
}
