import type { Iteration, ModelVersion, Prisma } from '#prisma';
import { countingRevisions } from '../../blind.ts';
import { readAgreement } from './agreement.ts';
import { tallyErrors, type Judged } from './errors.ts';

/** The latest revision of each task of an iteration, with the predictions that it judged; each image once. */
export async function judgedRevisions(tx: Prisma.TransactionClient, iterationId: string): Promise<(Judged & { status: string; timeMs: number })[]> {
  const rows = await tx.revision.findMany({
    where: { iterationId, ...countingRevisions() }, orderBy: { number: 'desc' }, distinct: ['taskId'],
    select: { instances: true, verdicts: true, threshold: true, status: true, timeMs: true, predictionSet: { select: { instances: true } } },
  });
  return rows.map(({ predictionSet, ...row }) => ({ ...row, predictions: predictionSet?.instances ?? [] }));
}

export interface Times {
  secondsPerImage: number | null;
  secondsPerCorrection: number | null;
  secondsToAccept: number | null;
}

export function timesOf(revisions: readonly { status: string; timeMs: number }[], corrections: number): Times {
  const seconds = (rows: readonly { timeMs: number }[]): number => rows.reduce((sum, r) => sum + r.timeMs, 0) / 1000;
  const ok = revisions.filter((r) => r.status === 'ok');
  const corrected = revisions.filter((r) => r.status === 'corrected');
  return {
    secondsPerImage: revisions.length ? seconds(revisions) / revisions.length : null,
    secondsPerCorrection: corrections ? seconds(corrected) / corrections : null,
    secondsToAccept: ok.length ? seconds(ok) / ok.length : null,
  };
}

/** What an iteration brought, kept with it when it ends. */
export async function writeReport(tx: Prisma.TransactionClient, iteration: Iteration, successor: ModelVersion): Promise<Prisma.InputJsonObject> {
  const revisions = await judgedRevisions(tx, iteration.id);
  const tally = tallyErrors(revisions);
  const model = iteration.modelId === null ? null : await tx.modelVersion.findUnique({ where: { id: iteration.modelId } });
  return {
    format: 'emend-iteration-1', iteration: iteration.number,
    images: revisions.length, ok: revisions.filter((r) => r.status === 'ok').length,
    predictionsShown: tally.shown, predictionsKept: tally.kept, corrections: tally.corrections,
    errors: [...tally.perClass.values()].map((row) => ({ ...row })),
    ...timesOf(revisions, tally.corrections),
    oldModel: model === null ? null : { number: model.number, name: model.name, metrics: model.metrics },
    agreement: await agreementIn(tx, iteration),
    newModel: { number: successor.number, name: successor.name, metrics: successor.metrics },
  };
}

/** Without the list of images: that is for the screen. null = nobody corrected the same image twice. */
async function agreementIn(tx: Prisma.TransactionClient, iteration: Iteration): Promise<Prisma.InputJsonObject | null> {
  const { total, perClass, pairs } = await readAgreement(tx, iteration);
  return total.images === 0 ? null : { total: { ...total }, perClass: perClass.map((row) => ({ ...row })), pairs: pairs.map((row) => ({ ...row, first: { ...row.first }, second: { ...row.second } })) };
}
