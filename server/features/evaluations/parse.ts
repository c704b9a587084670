import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Compile } from 'typebox/compile';
import { EmendError } from '#core/errors.ts';
import { EvaluationFile } from '#core/training/evaluation.ts';

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
