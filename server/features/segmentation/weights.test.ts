import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Value } from 'typebox/value';
import { SegmenterDto } from '#core/api/system.ts';
import { createInference } from '#inference';
import { fetchSegmenter, listSegmenters } from './weights.ts';

const spark = fileURLToPath(new URL('../../../models/spark.onnx', import.meta.url));
const modelsManifest = fileURLToPath(new URL('../../../models/manifest.json', import.meta.url));
const job = { id: 'j', signal: new AbortController().signal, progress: () => undefined };

it('lists Spark in use, and what the manifest offers', async () => {
  const inference = createInference({ modelsDir: null, sparkPath: spark, providers: ['cpu'] });
  const list = await listSegmenters(inference, modelsManifest);
  await inference.close();
  for (const entry of list) expect(Value.Check(SegmenterDto, entry)).toBe(true);
  expect(list.find(({ inUse }) => inUse)).toMatchObject({ name: 'Spark', family: 'spark', present: true });
  expect(list.find(({ name }) => name === 'efficientsam-ti')).toMatchObject({ present: false, fetchable: true });
  expect(list.find(({ name }) => name === 'mobilesam')).toMatchObject({ fetchable: false });
});

it('what cannot be fetched says why, without paths of this machine', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'inference-weights-'));
  const inference = createInference({ modelsDir: null, sparkPath: spark, providers: ['cpu'] });
  await expect(fetchSegmenter({ dataDir, modelsManifest }, inference, 'nothing', job)).rejects.toMatchObject({ code: 'not_found' });
  await expect(fetchSegmenter({ dataDir, modelsManifest }, inference, 'mobilesam', job)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('Convert it') });
  await inference.close();
  await rm(dataDir, { recursive: true, force: true });
});
