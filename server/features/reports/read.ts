/** The report of one iteration, as one reader may see it. */
import type { CorrectionWork, Expectation, Report, ReportClass } from '#core/api/report.ts';
import { EmendError } from '#core/errors.ts';
import { expectationOf } from '#core/report/expectation.ts';
import type { PrismaClient } from '#prisma';
import { eyesOf, type Eyes } from '../../blind.ts';
import type { Blobs } from '../../context.ts';
import { readAgreement, readCorrection, readLearning, readWork, storedAgreement, type StoredAgreement } from '../iterations/index.ts';
import { showAgreement, showPeople, type Reader } from './people.ts';
import { readQuality, withoutBlind } from './quality.ts';
import { readSubject, type IterationRow, type Subject } from './subject.ts';

export interface Asking extends Reader { projectId: string }
interface Parts { db: PrismaClient; blobs: Blobs }

/** @throws EmendError `not_found` */
export async function readReport({ db, blobs }: Parts, asking: Asking, number: number): Promise<Report> {
  const iteration = await db.iteration.findUnique({ where: { projectId_number: { projectId: asking.projectId, number } }, omit: { quality: true } });
  if (!iteration) throw new EmendError('not_found', `This project has no iteration ${number}.`);
  const eyes = eyesOf(asking.person, asking.role);
  const subject = await readSubject(db, iteration);
  const project = await db.project.findUniqueOrThrow({ where: { id: asking.projectId }, select: { id: true, name: true, task: true, classes: { orderBy: { index: 'asc' } } } });
  const agreement = subject.stored ? subject.stored.agreement : storedAgreement(await readAgreement(db, iteration));
  const correction = await correctionOf(db, subject, eyes);
  const quality = await readQuality({ db, blobs }, { iterationId: iteration.id, ended: iteration.endedAt !== null, oldId: subject.old?.id ?? null, newId: subject.fresh?.id ?? null, versionId: subject.versionId });
  return {
    format: 'emend-report-2', project: { id: project.id, name: project.name, task: project.task === 'detect' ? 'detect' : 'segment' },
    iteration: number, startedAt: iteration.startedAt.toISOString(), endedAt: iteration.endedAt?.toISOString() ?? null, writtenAt: subject.stored?.writtenAt ?? iteration.endedAt?.toISOString() ?? new Date().toISOString(),
    classes: classesOf(subject, project.classes), models: { old: subject.old?.model ?? null, new: subject.fresh?.model ?? null }, training: subject.training, correction,
    ...(await showPeople(db, subject.stored ? subject.stored.people : await readWork(db, iteration.id), asking)), agreement: await showAgreement(db, agreement, asking),
    quality: await withoutBlind(db, quality, eyes), expectation: await expectationFor(db, subject, correction, agreement, eyes),
  };
}

/** As it was written down; but somebody who is still to correct the other copy of a picture must not read from the sums what a colleague found in it. */
export async function correctionOf(db: PrismaClient, { iteration, stored }: Pick<Subject, 'iteration' | 'stored'>, eyes: Eyes): Promise<CorrectionWork> {
  if (stored && (eyes === null || !(await isBlindTo(db, iteration, eyes)))) return stored.correction;
  return readCorrection(db, iteration.id, eyes);
}

async function isBlindTo(db: PrismaClient, { id }: IterationRow, eyes: string): Promise<boolean> {
  return (await db.task.count({ where: { iterationId: id, blind: true, revisions: { some: {} }, NOT: { seenBy: { has: eyes } } } })) > 0;
}

/** Written down with the rest; before there were such reports, nothing was. */
async function expectationFor(db: PrismaClient, { iteration, stored }: Subject, correction: CorrectionWork, agreement: StoredAgreement | null, eyes: Eyes): Promise<Expectation> {
  if (stored?.expectation && correction === stored.correction) return stored.expectation;
  const learning = await readLearning(db, iteration.projectId, iteration.endedAt ?? new Date());
  return expectationOf({ ...learning, ...(await paceOf(db, iteration, correction, eyes)), ceiling: agreement?.ceiling ?? null });
}

/** An iteration that has only begun goes at the pace of the one before it. */
async function paceOf(db: PrismaClient, { projectId, number }: IterationRow, correction: CorrectionWork, eyes: Eyes): Promise<CorrectionWork> {
  if (correction.corrections > 0) return correction;
  const former = await db.iteration.findUnique({ where: { projectId_number: { projectId, number: number - 1 } }, select: { id: true } });
  return former ? readCorrection(db, former.id, eyes) : correction;
}

/** As they were called then; reports of the former format did not say. */
function classesOf({ stored }: Subject, now: readonly ReportClass[]): ReportClass[] {
  return (stored?.classes.length ? stored.classes : now).map(({ index, name, color }) => ({ index, name, color }));
}
