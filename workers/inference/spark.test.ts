import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { afterAll, describe, expect, it } from 'vitest';
import { maskIou } from '#core/geometry/iou.ts';
import { encode } from '#core/geometry/rle.ts';
import sharp from 'sharp';
import { createInference } from './index.ts';

const models = fileURLToPath(new URL('../../models/', import.meta.url));
const Pair = Type.Tuple([Type.Number(), Type.Number()]);
const Fixture = Type.Object({
  version: Type.String(),
  cases: Type.Array(Type.Object({
    name: Type.String(), image: Type.String(), box: Type.Tuple([Type.Number(), Type.Number(), Type.Number(), Type.Number()]),
    positive: Type.Array(Pair), negative: Type.Array(Pair), quality: Type.Number(), runs: Type.Array(Type.Integer()),
  })),
});
const { cases } = Value.Parse(Fixture, JSON.parse(readFileSync(`${models}spark/fixtures/fixture.json`, 'utf8')));
const inference = createInference({ modelsDir: null, sparkPath: `${models}spark.onnx`, providers: ['cpu'], predictThreads: 1 });
afterAll(() => inference.close());

/** Row-major runs, first run background. */
async function expected(image: string, runs: readonly number[]) {
  const { width, height } = await sharp(models + 'spark/fixtures/' + image).metadata();
  const bitmap = new Uint8Array(width * height);
  let at = 0;
  for (const [i, run] of runs.entries()) {
    bitmap.fill(i % 2, at, at + run);
    at += run;
  }
  return encode(bitmap, { width, height });
}

describe('Spark in its worker', () => {
  it.each(cases)('$name: the mask and quality of the reference', async ({ image, box, positive, negative, quality, runs }) => {
    const points = [...positive.map((point) => ({ point, positive: true })), ...negative.map((point) => ({ point, positive: false }))];
    const result = await inference.segment(image, `${models}spark/fixtures/${image}`, { box, points });
    expect(result.model).toBe('Spark');
    const [best] = result.candidates;
    expect(best?.score).toBeCloseTo(quality, 3);
    const reference = await expected(image, runs);
    if (best && runs.length > 1) expect(maskIou(best.mask, reference)).toBeGreaterThanOrEqual(0.99);
  });

  it('has nothing to prepare, and says what is in use', async () => {
    expect(await inference.prepare('x', `${models}spark/fixtures/grey.png`)).toBe(false);
    expect(await inference.segmenter()).toBe('Spark');
    expect(inference.status()).toMatchObject({ provider: 'cpu', segmenters: [{ name: 'Spark', family: 'spark', inUse: true }] });
  });

  it('tells what went wrong: no prompt, no picture', async () => {
    await expect(inference.segment('x', `${models}spark/fixtures/grey.png`, {})).rejects.toMatchObject({ code: 'invalid' });
    await expect(inference.segment('x', `${models}spark/fixtures/none.png`, { box: [0, 0, 5, 5] })).rejects.toMatchObject({ code: 'not_found' });
  });
});
