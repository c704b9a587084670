import { readFile } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import type { Static } from 'typebox';
import type { EvaluationDto, EvaluationQuery } from '#core/api/evaluation.ts';
import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { EvaluationFile } from '#core/training/evaluation.ts';
import type { Prisma, PrismaClient } from '#prisma';
import type { Blobs } from '../../context.ts';
import { parseEvaluation } from './parse.ts';

/** The file that a trainer names: one below its own directory, that can be read as an evaluation. */
export async function checkTrainersFile(out: string, path: string): Promise<string> {
  if (!resolve(path).startsWith(resolve(out) + sep)) throw new EmendError('failed', 'The trainer named a file outside of its own directory. Start the run again.');
  await parseEvaluation(await readFile(path));
  return path;
}

export interface NewEvaluation {
  modelId: string;
  datasetVersionId: string;
  runId: string | null;
  /** Blob: a gzipped EvaluationFile, checked. */
  sha256: string;
}

/** Keeps what a model found on a version's validation split. Immutable: where that is known already, the first evaluation stays. */
export async function storeEvaluation(db: Prisma.TransactionClient, evaluation: NewEvaluation): Promise<void> {
  await db.evaluation.createMany({ data: [{ id: newId(), ...evaluation }], skipDuplicates: true });
}

/** What a model found on a version's validation split; null where it was never measured there. */
export async function readEvaluation(db: PrismaClient, blobs: Blobs, modelId: string, datasetVersionId: string): Promise<EvaluationFile | null> {
  const row = await db.evaluation.findUnique({ where: { modelId_datasetVersionId: { modelId, datasetVersionId } }, select: { sha256: true } });
  return row && parseEvaluation(await blobs.get(row.sha256));
}

/** Newest first. */
export async function listEvaluations(db: PrismaClient, projectId: string, { model, version }: Static<typeof EvaluationQuery>): Promise<EvaluationDto[]> {
  const rows = await db.evaluation.findMany({
    where: { model: { projectId }, ...(model === undefined ? {} : { modelId: model }), ...(version === undefined ? {} : { datasetVersionId: version }) },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }], include: { model: true, datasetVersion: true },
  });
  return rows.map((row) => ({
    id: row.id, model: { id: row.model.id, number: row.model.number, name: row.model.name },
    datasetVersion: { id: row.datasetVersion.id, number: row.datasetVersion.number }, createdAt: row.createdAt.toISOString(),
  }));
}

/** One evaluation of this project. @throws EmendError `not_found`. */
export async function findEvaluation(db: PrismaClient, projectId: string, id: string): Promise<{ sha256: string; datasetVersionId: string }> {
  const row = await db.evaluation.findFirst({ where: { id, model: { projectId } }, select: { sha256: true, datasetVersionId: true } });
  if (!row) throw new EmendError('not_found', 'There is no such evaluation in this project.');
  return row;
}
