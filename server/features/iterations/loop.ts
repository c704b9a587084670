import { Value } from 'typebox/value';
import type { Loop, LoopStep } from '#core/api/project.ts';
import { GateResult, RunProgress } from '#core/api/run.ts';
import { ModelMetrics } from '#core/api/model.ts';
import type { ModelVersion, PrismaClient, TrainingRun } from '#prisma';
import { countingRevisions, visibleTasks, type Eyes } from '../../blind.ts';
import { progressIn, progressOfQueues } from '../../progress.ts';

const ENDED = new Set(['done', 'failed', 'cancelled']);

/** All numbers of the loop bar, from the rows themselves: nothing is counted twice and nothing can run out of step. */
export async function readLoop(db: PrismaClient, projectId: string, eyes: Eyes): Promise<Loop> {
  const iteration = await db.iteration.findFirst({ where: { projectId }, orderBy: { number: 'desc' } });
  const [project, classes, images, waiting, progress, version, run, job] = await Promise.all([
    db.project.findUniqueOrThrow({ where: { id: projectId } }),
    db.projectClass.count({ where: { projectId, retiredAt: null } }),
    db.image.count({ where: { projectId, excluded: false } }),
    db.image.count({ where: { projectId, excluded: false, baselines: { none: {} }, revisions: { none: {} } } }),
    progressOfQueues(db, iteration ? [iteration.id] : []),
    db.datasetVersion.findFirst({ where: { projectId }, orderBy: { number: 'desc' }, include: { _count: { select: { items: true } } } }),
    db.trainingRun.findFirst({ where: { projectId }, orderBy: { number: 'desc' }, include: { outModel: true } }),
    db.job.findFirst({ where: { projectId, kind: 'predict', state: { in: ['queued', 'running'] } } }),
  ]);
  const model = project.currentModelId === null ? null : await db.modelVersion.findUnique({ where: { id: project.currentModelId } });
  const tasks = progressIn(progress, projectId);
  const predictedWaiting = model === null ? 0 : await db.image.count({
    where: { projectId, excluded: false, baselines: { none: {} }, revisions: { none: {} }, OR: [{ predictionSets: { some: { modelId: model.id } } }, { tasks: { some: { dirty: true, state: { in: ['pending', 'assigned'] } } } }] },
  });
  const numbers = {
    iteration: iteration?.number ?? 1, images, predicted: tasks.predicted, unpredicted: Math.max(0, waiting - predictedWaiting),
    tasks: tasks.images, submitted: tasks.submitted, skipped: tasks.skipped, corrected: tasks.corrected,
    toReview: await db.task.count({ where: { projectId, state: 'submitted', review: 'queued', ...visibleTasks(eyes) } }),
    unfrozen: await unfrozenCount(db, projectId, version?.createdAt ?? new Date(0)),
  };
  return {
    ...numbers,
    next: nextStep({ ...numbers, hasClasses: classes > 0, labelled: images - waiting, hasVersion: version !== null, pending: tasks.left, hasModel: model !== null, untrained: await isUntrained(db, version?.id ?? null), held: isWaiting(run, model), training: run !== null && !isEnded(run.state) }),
    model: model && { id: model.id, number: model.number, name: model.name, map: metric(model, 'map'), map50: metric(model, 'map50') },
    version: version && { id: version.id, number: version.number, images: version._count.items },
    run: run && { id: run.id, number: run.number, state: run.state, ...runNumbers(run), waiting: isWaiting(run, model) },
    gain: await gainOf(db, model),
    predictJobId: job?.id ?? null,
  };
}

/** Images with a revision younger than the newest version, without those that a reviewer sent back. */
export async function countUnfrozen(db: PrismaClient, projectId: string): Promise<number> {
  const version = await db.datasetVersion.findFirst({ where: { projectId }, orderBy: { number: 'desc' }, select: { createdAt: true } });
  return unfrozenCount(db, projectId, version?.createdAt ?? new Date(0));
}

async function unfrozenCount(db: PrismaClient, projectId: string, since: Date): Promise<number> {
  const rows = await db.revision.groupBy({ by: ['imageId'], where: { createdAt: { gt: since }, image: { projectId }, AND: [countingRevisions(), { task: { OR: [{ review: null }, { review: { not: 'returned' } }] } }] } });
  return rows.length;
}

async function isUntrained(db: PrismaClient, versionId: string | null): Promise<boolean> {
  return versionId !== null && (await db.trainingRun.count({ where: { datasetVersionId: versionId, state: { notIn: ['failed', 'cancelled'] } } })) === 0;
}

/** The newest run made a model that the gate held or could not decide on, and nobody has promoted it or kept the present one. */
function isWaiting(run: (TrainingRun & { outModel: ModelVersion | null }) | null, current: ModelVersion | null): boolean {
  if (run?.state !== 'done' || run.decision !== null || !run.outModel || run.outModel.id === current?.id) return false;
  return current === null || run.outModel.createdAt > current.createdAt;
}

interface Standing {
  images: number;
  /** Without a class nothing can be drawn. */
  hasClasses: boolean;
  /** Of them with labels, imported or submitted. */
  labelled: number;
  hasVersion: boolean;
  unpredicted: number;
  pending: number;
  submitted: number;
  unfrozen: number;
  hasModel: boolean;
  untrained: boolean;
  held: boolean;
  /** A run is under way. */
  training: boolean;
}

/** Submits that make a version worth freezing while tasks are still open. */
export const ENOUGH_TO_FREEZE = 10;

/** The one highlighted action. Whoever only ever presses it gets once around the loop. */
export function nextStep(s: Standing): LoopStep {
  if (s.images === 0) return 'import';
  if (!s.hasClasses) return 'classes';
  if (s.held && s.unfrozen === 0) return 'promote';
  if (s.untrained && s.unfrozen === 0) return 'train';
  if (s.hasModel && s.unpredicted > 0) return 'predict';
  if (s.unfrozen >= ENOUGH_TO_FREEZE || (s.pending === 0 && s.unfrozen > 0)) return 'freeze';
  if (s.pending > 0) return 'correct';
  if (s.training) return 'train';
  // Nothing waits. Without labels there is nothing to freeze; with them, a first version and a first model come of them.
  if (s.hasModel || s.labelled === 0) return 'import';
  return s.hasVersion ? 'train' : 'freeze';
}

function runNumbers(run: TrainingRun): { epoch: number; epochs: number; map: number | null } {
  const progress = Value.Check(RunProgress, run.progress) ? run.progress : null;
  return { epoch: progress?.epoch ?? 0, epochs: progress?.epochs ?? 0, map: Value.Check(GateResult, run.gate) ? run.gate.new.map : (progress?.map ?? null) };
}

export function isEnded(state: string): boolean {
  return ENDED.has(state);
}

function metric(model: ModelVersion, name: 'map' | 'map50'): number | null {
  return Value.Check(ModelMetrics, model.metrics) ? model.metrics[name] : null;
}

/** mAP50-95 of the current model minus that of the model that was current before. */
async function gainOf(db: PrismaClient, model: ModelVersion | null): Promise<number | null> {
  if (!model) return null;
  const [latest, before] = await db.promotion.findMany({ where: { projectId: model.projectId }, orderBy: { createdAt: 'desc' }, take: 2, include: { model: true } });
  // A step back is no gain, whatever the model before it was worth.
  if (latest?.kind === 'rollback') return null;
  const [a, b] = [metric(model, 'map'), before ? metric(before.model, 'map') : null];
  return a === null || b === null ? null : a - b;
}
