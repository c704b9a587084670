import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maskIou } from '#core/geometry/iou.ts';
import { RleSchema } from '#core/geometry/rle.ts';
import type { Prompts } from '#core/segmentation/port.ts';
import { createInference, type Attempt, type Inference } from './index.ts';

const Asked = Type.Object({ box: Type.Optional(Type.Tuple([Type.Number(), Type.Number(), Type.Number(), Type.Number()])), points: Type.Optional(Type.Array(Type.Tuple([Type.Number(), Type.Number(), Type.Number()]))) });
const Case = Type.Object({ image: Type.String(), score: Type.Number(), mask: RleSchema, prompt: Asked, then: Type.Optional(Asked) });
const folder = fileURLToPath(new URL('./fixtures/', import.meta.url));
const casesOf = async (name: string) => Value.Parse(Type.Array(Case), JSON.parse(await readFile(`${folder}${name}.json`, 'utf8')));
const cases = await casesOf('sam-tiny');

function promptsOf({ box, points }: Static<typeof Asked>): Prompts {
  return { ...(box ? { box } : {}), ...(points ? { points: points.map(([x, y, label]) => ({ point: [x, y] as const, positive: label === 1 })) } : {}) };
}

async function inDirectory(files: readonly string[]): Promise<{ directory: string; inference: Inference }> {
  const made = await mkdtemp(join(tmpdir(), 'inference-sam-'));
  for (const file of files) await copyFile(`${folder}${file}`, join(made, file));
  // Without Spark: random weights doubt themselves, and its second opinion would win.
  return { directory: made, inference: createInference({ modelsDir: made, sparkPath: null, providers: ['cpu'], predictThreads: 1, selfTest: false }) };
}

let directory = '';
let inference: Inference;
beforeAll(async () => {
  ({ directory, inference } = await inDirectory(['sam-tiny.encoder.onnx', 'sam-tiny.decoder.onnx']));
});
afterAll(async () => {
  await inference.close();
  await rm(directory, { recursive: true, force: true });
});

/**
 * The real architectures with random weights, in the forms in which people have them, beside their authors' own predictors on the same weights. EfficientSAM is
 * not among them: no package holds its architecture, so that only its names and coordinates are tested (contracts.test.ts).
 */
describe.each([
  ['SAM, as segment_anything and samexporter write it, against SamPredictor', 'sam-tiny', ['sam-tiny.encoder.onnx', 'sam-tiny.decoder.onnx']],
  ['SAM 2.1, as samexporter writes it, against SAM2ImagePredictor', 'sam2-tiny', ['sam2-tiny.encoder.onnx', 'sam2-tiny.decoder.onnx']],
  ['SAM 2.1, as the manifest’s files are, against SAM2ImagePredictor', 'sam2-tiny', ['sam2-osam_preprocess.onnx', 'sam2-osam.onnx']],
  ['EfficientViT-SAM, as its authors write it, against EfficientViTSamPredictor', 'efficientvit-tiny', ['efficientvit-tiny.encoder.onnx', 'efficientvit-tiny.decoder.onnx']],
])('%s', (_, answers, files) => {
  it('gives the same masks and scores, and the same again when clicks mend them', { timeout: 240_000 }, async () => {
    const here = await inDirectory(files);
    try {
      for (const { image, prompt, then, score, mask } of await casesOf(answers)) {
        const ask = (prompts: Prompts) => here.inference.segment(image, folder + image, prompts);
        let { candidates: [best] } = await ask(promptsOf(prompt));
        if (then && best) ({ candidates: [best] } = await ask({ ...promptsOf(then), previous: best.mask }));
        const what = `${image} ${JSON.stringify(prompt)} ${JSON.stringify(then)}`;
        expect(Math.abs((best?.score ?? NaN) - Math.min(1, Math.max(0, score))), what).toBeLessThan(0.01);
        expect(best && maskIou(best.mask, mask), what).toBeGreaterThanOrEqual(0.98);
      }
    } finally {
      await here.inference.close();
      await rm(here.directory, { recursive: true, force: true });
    }
  });
});

describe('SAM', () => {

  it('encodes each picture once, ahead where asked to', async () => {
    const before = inference.status().embeddings;
    expect(await inference.prepare('another', `${folder}small.png`)).toBe(true);
    await Promise.all([1, 2, 3].map(() => inference.segment('another', `${folder}small.png`, { box: [10, 10, 40, 40] })));
    const after = inference.status().embeddings;
    expect(after.entries).toBe(before.entries + 1);
    expect(after.hits).toBe(before.hits + 3);
    expect(after.bytes).toBe(after.entries * 32 * 16 * 16 * 4);
  });

  it('refines a mask that it did not give out itself (another model’s, or of before a restart)', async () => {
    const [{ image, mask } = { image: '', mask: { size: [1, 1] as const, counts: '' } }] = cases;
    const first = await inference.segment(image, folder + image, { box: [60, 50, 90, 70] });
    const refined = await inference.segment(image, folder + image, { box: [60, 50, 90, 70], previous: mask });
    expect(refined.candidates[0]?.mask).not.toEqual(first.candidates[0]?.mask);
  });
});

it('tells which execution providers a lane tried, in order, and what came of each', async () => {
  const heard: [string, readonly Attempt[]][] = [];
  const spark = createInference({ modelsDir: null, sparkPath: fileURLToPath(new URL('../../models/spark.onnx', import.meta.url)), onAttempts: (lane, attempts) => { heard.push([lane, attempts]); } });
  try {
    for (let i = 0; i < 2; i++) await spark.segment('small', `${folder}small.png`, { box: [10, 10, 40, 40] });
    expect(heard, 'once, not with every request').toHaveLength(1);
    const [[lane, attempts] = ['', []]] = heard;
    expect(lane).toBe('decode');
    expect(attempts.map(({ provider }) => provider)).toEqual(['cuda', 'webgpu', 'cpu'].slice(0, attempts.length));
    expect(attempts.map(({ ok }) => ok)).toEqual(attempts.map((_, i) => i === attempts.length - 1));
    for (const { reason } of attempts) expect(reason).toMatch(/\w/);
    expect(spark.status()).toMatchObject({ provider: attempts.at(-1)?.provider, tried: attempts });
  } finally {
    await spark.close();
  }
});
