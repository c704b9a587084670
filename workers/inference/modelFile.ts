import { readFile, stat } from 'node:fs/promises';
import { EmendError } from '#core/errors.ts';
import { readOnnxMeta, type OnnxMeta } from './onnxMeta.ts';

/** protobuf itself ends at 2 GiB; larger ONNX files keep their weights elsewhere, which is refused. */
const MAX_FILE_BYTES = 2 ** 31 - 1;

/** A model file that passed the checks: its bytes (given to the runtime, so that what was checked is what is run) and meta data. */
export interface CheckedModel {
  readonly bytes: Uint8Array;
  readonly meta: OnnxMeta;
}

/** @throws EmendError `not_found` when there is no such file, `too_large`, or what {@link readOnnxMeta} throws. */
export async function readModelFile(path: string): Promise<CheckedModel> {
  const size = await stat(path).then((s) => s.size, () => null);
  if (size === null) throw new EmendError('not_found', 'The model file is missing; predictions and masks that need it cannot be made. Import or fetch the model again.');
  if (size > MAX_FILE_BYTES) throw new EmendError('too_large', 'The model file is larger than 2 GB and cannot be loaded.');
  const bytes = await readFile(path);
  return { bytes, meta: readOnnxMeta(bytes) };
}
