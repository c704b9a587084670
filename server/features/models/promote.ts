import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { ProjectEvent } from '#core/protocol.ts';
import type { PrismaClient } from '#prisma';
import type { Bus } from '../../context.ts';
import { beginIteration } from '../iterations/index.ts';

/** At the end of a run a promotion that does not come through costs the whole training. On an overloaded machine it took longer than Prisma's five seconds. */
const PATIENCE_MS = 60_000;

export interface Promote {
  modelId: string;
  kind: 'gate' | 'manual' | 'rollback' | 'first';
  reason: string | null;
  byId: string | null;
}

/**
 * Makes a model the project's current one: the promotion is recorded, the iteration that led to it ends and the next begins with the tasks that are left.
 * What is predicted anew follows from the event. Promoting the current model changes nothing.
 */
export async function promoteModel({ db, bus }: { db: PrismaClient; bus: Bus }, { modelId, kind, reason, byId }: Promote): Promise<void> {
  const events: ProjectEvent[] = [];
  const projectId = await db.$transaction(async (tx) => {
    const model = await tx.modelVersion.findUnique({ where: { id: modelId } });
    if (!model) throw new EmendError('not_found', 'There is no such model.');
    if (model.onnxSha256 === null) throw new EmendError('conflict', 'This model has no ONNX file and cannot predict. Train it again.');
    await tx.$queryRaw`SELECT id FROM "Project" WHERE id = ${model.projectId} FOR UPDATE`; // one promotion at a time
    const project = await tx.project.findUniqueOrThrow({ where: { id: model.projectId } });
    if (project.currentModelId === modelId) return model.projectId;
    await tx.promotion.create({ data: { id: newId(), projectId: project.id, modelId, kind: project.currentModelId === null ? 'first' : kind, reason, byId } });
    await tx.project.update({ where: { id: project.id }, data: { currentModelId: modelId } });
    await beginIteration(tx, project.id, model);
    await tx.activity.create({ data: { id: newId(), projectId: project.id, userId: byId, kind: 'promoted', text: `${model.name} promoted${reason === null ? '' : `: ${reason}`}` } });
    events.push({ type: 'model', id: modelId, promoted: true }, { type: 'loop' }, { type: 'project' }, { type: 'activity' });
    return project.id;
  }, { timeout: PATIENCE_MS });
  for (const event of events) bus.emit(projectId, event);
}

/** A person's promotion is a rollback when the model was current before, and manual otherwise. */
export async function kindOfPromotion(db: PrismaClient, modelId: string): Promise<'manual' | 'rollback'> {
  return (await db.promotion.count({ where: { modelId } })) > 0 ? 'rollback' : 'manual';
}
