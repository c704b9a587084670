import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import type { SegmenterDto } from '#core/api/system.ts';
import { EmendError } from '#core/errors.ts';
import type { Inference } from '#inference';
import { FetchError, fetchModel } from '../../../scripts/fetch-model.mjs';
import type { Config } from '../../config.ts';
import type { JobHandle } from '../../context.ts';

const Nullable = Type.Union([Type.String(), Type.Null()]);
const Model = Type.Object({
  name: Type.String(), title: Type.String(), family: Type.String(), licence: Type.String(), inputSize: Type.Integer(), embedding: Type.Object({ shape: Type.String(), bytes: Type.Integer() }), parameters: Type.String(), quality: Nullable,
  bestFor: Type.String(), convert: Type.Optional(Type.String()), source: Type.Optional(Type.String()),
  files: Type.Array(Type.Object({ role: Type.Union([Type.Literal('encoder'), Type.Literal('decoder')]), url: Type.String(), sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) })),
});
type Model = Static<typeof Model>;
const Manifest = Type.Object({ format: Type.Literal('emend-models-1'), models: Type.Array(Model) });

async function readManifest(file: string): Promise<Model[]> {
  return Value.Parse(Manifest, JSON.parse(await readFile(file, 'utf8'))).models;
}

/** Every segmentation model: those of the manifest, those put there by hand, and Spark; which are present, and which one is in use. */
export async function listSegmenters(inference: Pick<Inference, 'status' | 'segmenter'>, manifest: string): Promise<Static<typeof SegmenterDto>[]> {
  await inference.segmenter(); // looks which weights are there
  const { choice, segmenters } = inference.status();
  const present = new Map(segmenters.map((entry) => [entry.name, entry]));
  const standing = (name: string): Pick<Static<typeof SegmenterDto>, 'present' | 'inUse' | 'chosen' | 'state' | 'problem' | 'testIou' | 'bytes'> => {
    const here = present.get(name);
    return {
      present: here !== undefined, inUse: here?.inUse ?? false, chosen: here !== undefined && choice === name,
      state: here?.state ?? null, problem: here?.problem ?? null, testIou: here?.testIou ?? null, bytes: here?.bytes ?? null,
    };
  };
  const models = await readManifest(manifest);
  const listed = models.map((model) => ({
    name: model.name, family: model.family, licence: model.licence, bestFor: model.bestFor, ...standing(model.name),
    fetchable: model.files.length > 0, howTo: model.convert ?? `npm run models -- fetch ${model.name}`,
    quality: model.quality, inputSize: model.inputSize, embeddingBytes: model.embedding.bytes,
  }));
  const own = segmenters.filter(({ name }) => !models.some((model) => model.name === name)).map((entry) => ({
    name: entry.name, family: entry.family, ...standing(entry.name), fetchable: false, howTo: null, quality: null, inputSize: null, embeddingBytes: null,
    ...(entry.family === 'spark' ? { licence: 'Apache-2.0', bestFor: 'every machine: milliseconds on one core' } : { licence: 'not known', bestFor: 'put there by hand' }),
  }));
  return [...own, ...listed];
}

/** Downloads the files of one model of the manifest into the models directory and has it tested; the job's progress is in bytes. Returns its closing message. */
export async function fetchSegmenter({ dataDir, modelsManifest }: Pick<Config, 'dataDir' | 'modelsManifest'>, inference: Inference, name: string, job: JobHandle): Promise<string> {
  const model = (await readManifest(modelsManifest)).find((entry) => entry.name === name);
  if (!model) throw new EmendError('not_found', 'There is no such segmentation model in the list.');
  const { convert, source, ...rest } = model;
  const plain = { ...rest, ...(convert === undefined ? {} : { convert }), ...(source === undefined ? {} : { source }) };
  try {
    await fetchModel(plain, join(dataDir, 'models'), { signal: job.signal, onProgress: ({ file, done, total }) => { job.progress(done, total, file); } });
  } catch (error) {
    // Its words are meant for people; the place to put a file by hand would be a path of this machine, which the screen must not show.
    if (error instanceof FetchError) throw new EmendError('unavailable', error.message.replaceAll(join(dataDir, 'models'), 'the models directory'));
    throw error;
  }
  job.progress(0, 1, 'Testing it on a known picture');
  await inference.refresh();
  await inference.tested();
  const here = inference.status().segmenters.find((entry) => entry.name === name);
  if (here?.state === 'refused') throw new EmendError('failed', `${model.title} was fetched, and is refused. ${here.problem ?? ''}`);
  return `${model.title} is ready`;
}
