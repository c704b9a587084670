import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { ProjectEvent } from '#core/protocol.ts';
import type { Prisma, PrismaClient } from '#prisma';
import type { Bus } from '../../context.ts';
import { beginIteration } from '../iterations/index.ts';

export interface Promote {
  modelId: string;
  kind: 'gate' | 'manual' | 'rollback' | 'first';
  reason: string | null;
  byId: string | null;
}

/** A report of thousands of revisions is written within. Milliseconds. */
const MOST_MS = 60_000;

/**
 * Makes a model the project's current one: the promotion is recorded, the iteration that led to it ends and the next begins with the tasks that are left.
 * What is predicted anew follows from the event. Promoting the current model changes nothing.
 */
export async function promoteModel({ db, bus }: { db: PrismaClient; bus: Bus }, promote: Promote): Promise<void> {
  const { projectId, events } = await db.$transaction((tx) => promoteIn(tx, promote), { timeout: MOST_MS });
  for (const event of events) bus.emit(projectId, event);
}

/** The same within a transaction that holds more than the promotion. `events` are to be told once it is committed. */
export async function promoteIn(tx: Prisma.TransactionClient, { modelId, kind, reason, byId }: Promote): Promise<{ projectId: string; events: ProjectEvent[] }> {
  const model = await tx.modelVersion.findUnique({ where: { id: modelId } });
  if (!model) throw new EmendError('not_found', 'There is no such model.');
  if (model.onnxSha256 === null) throw new EmendError('conflict', 'This model has no ONNX file and cannot predict. Train it again.');
  const { projectId } = model;
  await tx.$queryRaw`SELECT id FROM "Project" WHERE id = ${projectId} FOR UPDATE`; // one promotion at a time
  const project = await tx.project.findUniqueOrThrow({ where: { id: projectId } });
  if (project.currentModelId === modelId) return { projectId, events: [] };
  await tx.promotion.create({ data: { id: newId(), projectId, modelId, kind: project.currentModelId === null ? 'first' : kind, reason, byId } });
  await tx.project.update({ where: { id: projectId }, data: { currentModelId: modelId } });
  await beginIteration(tx, projectId, model);
  await tx.activity.create({ data: { id: newId(), projectId, userId: byId, kind: 'promoted', text: `${model.name} promoted${reason === null ? '' : `: ${reason}`}` } });
  return { projectId, events: [{ type: 'model', id: modelId, promoted: true }, { type: 'loop' }, { type: 'project' }, { type: 'activity' }] };
}

/** A person's promotion is a rollback when the model was current before, and manual otherwise. */
export async function kindOfPromotion(db: PrismaClient, modelId: string): Promise<'manual' | 'rollback'> {
  return (await db.promotion.count({ where: { modelId } })) > 0 ? 'rollback' : 'manual';
}
