import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maskIou } from '#core/geometry/iou.ts';
import { RleSchema } from '#core/geometry/rle.ts';
import type { Prompts } from '#core/segmentation/port.ts';
import { createInference, type Inference } from './index.ts';

const Case = Type.Object({
  image: Type.String(), score: Type.Number(), mask: RleSchema,
  prompt: Type.Object({ box: Type.Optional(Type.Tuple([Type.Number(), Type.Number(), Type.Number(), Type.Number()])), points: Type.Optional(Type.Array(Type.Tuple([Type.Number(), Type.Number(), Type.Number()]))) }),
});
const folder = fileURLToPath(new URL('./fixtures/', import.meta.url));
const cases = Value.Parse(Type.Array(Case), JSON.parse(await readFile(`${folder}sam-tiny.json`, 'utf8')));

let directory = '';
let inference: Inference;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'inference-sam-'));
  for (const half of ['encoder', 'decoder']) await copyFile(`${folder}sam-tiny.${half}.onnx`, join(directory, `sam-tiny.${half}.onnx`));
  inference = createInference({ modelsDir: directory, sparkPath: fileURLToPath(new URL('../../models/spark.onnx', import.meta.url)), providers: ['cpu'], predictThreads: 1, selfTest: false });
});
afterAll(async () => {
  await inference.close();
  await rm(directory, { recursive: true, force: true });
});

describe('SAM against segment_anything’s SamPredictor on the same weights', () => {
  it.each(cases)('$image $prompt', async ({ image, prompt, score, mask }) => {
    const prompts: Prompts = {
      ...(prompt.box ? { box: prompt.box } : {}),
      ...(prompt.points ? { points: prompt.points.map(([x, y, label]) => ({ point: [x, y] as const, positive: label === 1 })) } : {}),
    };
    const result = await inference.segment(image, folder + image, prompts);
    expect(result.model).toBe('sam-tiny');
    const [best] = result.candidates;
    expect(Math.abs((best?.score ?? NaN) - Math.min(1, Math.max(0, score)))).toBeLessThan(0.01);
    expect(best && maskIou(best.mask, mask)).toBeGreaterThanOrEqual(0.98);
  });

  it('encodes each picture once, ahead where asked to', async () => {
    const before = inference.status().embeddings;
    expect(await inference.prepare('another', `${folder}small.png`)).toBe(true);
    await Promise.all([1, 2, 3].map(() => inference.segment('another', `${folder}small.png`, { box: [10, 10, 40, 40] })));
    const after = inference.status().embeddings;
    expect(after.entries).toBe(before.entries + 1);
    expect(after.hits).toBe(before.hits + 3);
    expect(after.bytes).toBe(after.entries * 32 * 16 * 16 * 4);
  });

  it('refines a mask of before', async () => {
    const [{ image, mask } = { image: '', mask: { size: [1, 1] as const, counts: '' } }] = cases;
    const first = await inference.segment(image, folder + image, { box: [60, 50, 90, 70] });
    const refined = await inference.segment(image, folder + image, { box: [60, 50, 90, 70], previous: mask });
    expect(refined.candidates[0]?.mask).not.toEqual(first.candidates[0]?.mask);
  });
});
