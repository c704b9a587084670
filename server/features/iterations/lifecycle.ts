import { newId } from '#core/ids.ts';
import type { ModelVersion, Prisma } from '#prisma';
import { moveOpenTasks } from '../tasks/index.ts';
import { writeReport } from './report.ts';

/**
 * Called when a model becomes current. An iteration in which nothing was submitted yet just goes on with that model; otherwise it ends with its report and
 * the next one begins. Tasks that are not submitted move along; those with unsubmitted edits keep the prediction set that the edits were made against.
 */
export async function beginIteration(tx: Prisma.TransactionClient, projectId: string, model: ModelVersion): Promise<void> {
  const latest = await tx.iteration.findFirst({ where: { projectId }, orderBy: { number: 'desc' } });
  if (latest && latest.endedAt === null) {
    const submitted = await tx.revision.count({ where: { iterationId: latest.id } });
    if (submitted === 0) {
      await tx.iteration.update({ where: { id: latest.id }, data: { modelId: model.id } });
      return;
    }
    const report = await writeReport(tx, latest, model);
    await tx.iteration.update({ where: { id: latest.id }, data: { endedAt: new Date(), runId: model.runId, datasetVersionId: model.datasetVersionId, report } });
  }
  const next = await tx.iteration.create({ data: { id: newId(), projectId, number: (latest?.number ?? 0) + 1, modelId: model.id } });
  await moveOpenTasks(tx, projectId, next.id);
}
