import { readFile } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Compile } from 'typebox/compile';
import type { Static } from 'typebox';
import type { EvaluationDto, EvaluationQuery } from '#core/api/evaluation.ts';
import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { EvaluationFile } from '#core/training/evaluation.ts';
import type { PrismaClient } from '#prisma';
import type { Blobs } from '../../context.ts';

const check = Compile(EvaluationFile);
/** Ten thousand pictures with 300 detections each, as JSON. What unpacks to more is no evaluation. */
const MAX_BYTES = 512 * 1024 ** 2;
const unpack = promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip);

/** @throws EmendError `failed` where the bytes are no gzipped EvaluationFile. */
export async function parseEvaluation(bytes: Buffer): Promise<EvaluationFile> {
  try {
    const value: unknown = JSON.parse((await unpack(bytes, { maxOutputLength: MAX_BYTES })).toString('utf8'));
    if (check.Check(value)) return value;
  } catch {
    // Said below in words.
  }
  throw new EmendError('failed', 'The evaluation of a model cannot be read. Start the training run again; it measures both models anew.');
}

/** The file that a trainer names, read from below its own directory only. */
export async function readTrainersFile(out: string, path: string): Promise<Buffer> {
  if (!resolve(path).startsWith(resolve(out) + sep)) throw new EmendError('failed', 'The trainer named a file outside of its own directory. Start the run again.');
  return readFile(path);
}

export interface NewEvaluation {
  modelId: string;
  datasetVersionId: string;
  runId: string;
  /** Gzipped EvaluationFile, checked. */
  bytes: Buffer;
}

/** Keeps what a model found on a version's validation split. Immutable: where that is known already, the first evaluation stays. */
export async function storeEvaluation(db: PrismaClient, blobs: Blobs, { bytes, ...keys }: NewEvaluation): Promise<void> {
  await db.evaluation.createMany({ data: [{ id: newId(), ...keys, sha256: await blobs.put(bytes) }], skipDuplicates: true });
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

/** Blob of one evaluation of this project. @throws EmendError `not_found`. */
export async function evaluationBlob(db: PrismaClient, projectId: string, id: string): Promise<string> {
  const row = await db.evaluation.findFirst({ where: { id, model: { projectId } }, select: { sha256: true } });
  if (!row) throw new EmendError('not_found', 'There is no such evaluation in this project.');
  return row.sha256;
}
