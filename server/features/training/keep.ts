import { Value } from 'typebox/value';
import type { Static } from 'typebox';
import { GateResult, type Kept, type RunDto } from '#core/api/run.ts';
import { EmendError } from '#core/errors.ts';
import type { PrismaClient } from '#prisma';
import { note } from '../../activity.ts';
import type { Bus, Log } from '../../context.ts';
import { readRun } from './dto.ts';

/**
 * A person keeps the present model instead of the one that a run made: recorded with the run, so that the loop goes on. The run's model stays, and may be
 * promoted later. A second time changes nothing. @throws EmendError `conflict` where there is nothing to decide.
 */
export async function keepPresent({ db, bus, log }: { db: PrismaClient; bus: Bus; log: Log }, id: string, reason: string | null, byId: string): Promise<RunDto> {
  const projectId = await db.$transaction(async (tx) => {
    const { projectId } = await tx.trainingRun.findUniqueOrThrow({ where: { id }, select: { projectId: true } });
    await tx.$queryRaw`SELECT id FROM "Project" WHERE id = ${projectId} FOR UPDATE`; // against a promotion at the same moment
    const run = await tx.trainingRun.findUniqueOrThrow({ where: { id }, include: { outModel: true, project: true } });
    const gate = Value.Check(GateResult, run.gate) ? run.gate : null;
    if (run.state !== 'done' || !run.outModel || (gate?.decision !== 'hold' && gate?.decision !== 'undecided')) {
      throw new EmendError('conflict', 'There is nothing to decide: this run made no model that waits.');
    }
    if (run.project.currentModelId === run.outModel.id) throw new EmendError('conflict', 'The model of this run is the present one by now. Roll back to an earlier model on the Models page.');
    if (run.decision !== null) return projectId;
    const decision: Static<typeof Kept> = { byId, at: new Date().toISOString(), reason };
    await tx.trainingRun.update({ where: { id }, data: { decision } });
    await note(tx, projectId, byId, 'kept', `kept the present model instead of model ${run.outModel.number} of run ${run.number}${reason === null ? '' : `: ${reason}`}`);
    return projectId;
  });
  for (const type of ['loop', 'activity'] as const) bus.emit(projectId, { type });
  const run = await readRun({ db, log }, id);
  bus.emit(projectId, { type: 'run', id, state: run.state, progress: run.progress, gate: run.gate, error: run.error });
  return run;
}
