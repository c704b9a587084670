/** All iterations of a project beside each other, oldest first. */
import type { ReportModel, ReportRow } from '#core/api/report.ts';
import type { PrismaClient } from '#prisma';
import { eyesOf } from '../../blind.ts';
import { readAgreement } from '../iterations/index.ts';
import { correctionOf, type Asking } from './read.ts';
import { readSubject, type IterationRow } from './subject.ts';

export async function readHistory(db: PrismaClient, asking: Asking): Promise<ReportRow[]> {
  const iterations = await db.iteration.findMany({ where: { projectId: asking.projectId }, orderBy: { number: 'asc' }, omit: { quality: true } });
  const rows: ReportRow[] = [];
  // One after the other: a handful of small queries each, and no more connections than anybody else has.
  for (const iteration of iterations) rows.push(await rowOf(db, iteration, asking));
  return rows;
}

async function rowOf(db: PrismaClient, iteration: IterationRow, { person, role }: Asking): Promise<ReportRow> {
  const subject = await readSubject(db, iteration);
  const { images, corrections, predictionsKept, predictionsShown, secondsPerImage, secondsPerCorrection } = await correctionOf(db, subject, eyesOf(person, role));
  const agreement = subject.stored ? subject.stored.agreement?.total : (await readAgreement(db, iteration)).total;
  const [before, after] = [subject.old?.model, subject.fresh?.model];
  return {
    iteration: iteration.number, startedAt: iteration.startedAt.toISOString(), endedAt: iteration.endedAt?.toISOString() ?? null,
    oldModel: named(before), newModel: named(after), mapBefore: before?.metrics?.map ?? null, mapAfter: after?.metrics?.map ?? null, map50After: after?.metrics?.map50 ?? null,
    labelled: subject.training?.labelled ?? null, images, corrections, keptShare: predictionsShown ? predictionsKept / predictionsShown : null, secondsPerImage, secondsPerCorrection, agreement: agreement?.found ?? null,
  };
}

function named(model: ReportModel | undefined): ReportRow['oldModel'] {
  return model ? { number: model.number, name: model.name } : null;
}
