import { copyFile, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createInference, type Inference } from './index.ts';

// The "filling" pair answers the box that it is given (right for the test picture's chip); sam-tiny has random weights and finds nothing.
const folder = fileURLToPath(new URL('./fixtures/', import.meta.url));
const sparkPath = fileURLToPath(new URL('../../models/spark.onnx', import.meta.url));
const BOX = { box: [10, 10, 40, 40] } as const;

let directory = '';
let inference: Inference | null = null;
beforeEach(async () => { directory = await mkdtemp(join(tmpdir(), 'inference-models-')); });
afterEach(async () => {
  await inference?.close();
  await rm(directory, { recursive: true, force: true });
});

const put = async (files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [name, fixture] of Object.entries(files)) await copyFile(folder + fixture, join(directory, name));
};
const open = (): Inference => {
  inference = createInference({ modelsDir: directory, sparkPath, providers: ['cpu'], predictThreads: 1 });
  return inference;
};
const states = (of: Inference): unknown[] => of.status().segmenters.map(({ name, state, inUse }) => [name, state, inUse]);
const problem = (of: Inference, name: string): string | null | undefined => of.status().segmenters.find((s) => s.name === name)?.problem;
const FILLING = { 'filling.encoder.onnx': 'efficient-contract_encoder.onnx', 'filling.decoder.onnx': 'efficient-contract_decoder.onnx' };
const RANDOM = { 'mobilesam.encoder.onnx': 'sam-tiny.encoder.onnx', 'mobilesam.decoder.onnx': 'sam-tiny.decoder.onnx' };

describe('the self-test', () => {
  it('comes before the first use; a model that fails it is refused with its IoU, and Spark answers', async () => {
    await put({ ...RANDOM });
    const all = open();
    expect((await all.segment('x', `${folder}small.png`, BOX)).model).toBe('Spark');
    await all.tested();
    expect(states(all)).toEqual([['mobilesam', 'refused', false], ['Spark', 'ready', true]]);
    expect(problem(all, 'mobilesam')).toMatch(/^Its mask of the test picture is wrong \(IoU 0\.\d\d .* at least 0\.70/);
    await expect(all.choose('mobilesam')).rejects.toMatchObject({ code: 'conflict' });
  });

  it('lets a right model be used, and is remembered by the next start until a file is replaced', async () => {
    await put({ ...FILLING, ...RANDOM });
    const first = open();
    await first.tested();
    expect(states(first)).toEqual([['mobilesam', 'refused', false], ['filling', 'ready', true], ['Spark', 'ready', false]]);
    expect((await first.segment('x', `${folder}small.png`, BOX)).model).toBe('filling');
    await first.close();
    const second = open();
    expect(await second.segmenter(), 'before any test has run').toBe('filling');
    await second.close();
    await utimes(join(directory, 'filling.decoder.onnx'), new Date(), new Date(0));
    const third = open();
    expect(await third.segmenter()).toBe('Spark');
    await third.tested();
    expect(await third.segmenter()).toBe('filling');
  });
});

describe('files that were put there by hand', () => {
  it('are refused with what is wrong: strangers, halves, pairs that do not belong together', async () => {
    await put({
      'strange.encoder.onnx': '26-detect.onnx', 'strange.decoder.onnx': '26-detect.onnx', 'half.encoder.onnx': 'sam-tiny.encoder.onnx', 'alone.onnx': '26-detect.onnx',
      'mixed.encoder.onnx': 'efficient-contract_encoder.onnx', 'mixed.decoder.onnx': 'sam-tiny.decoder.onnx',
    });
    await writeFile(join(directory, 'torn.encoder.onnx'), 'no model');
    await writeFile(join(directory, 'torn.decoder.onnx'), 'no model');
    const all = open();
    await all.tested();
    expect(await all.segmenter()).toBe('Spark');
    expect(problem(all, 'strange')).toContain('takes no points or boxes');
    expect(problem(all, 'half')).toContain('put half.decoder.onnx or half_decoder.onnx or half-decoder.onnx beside it');
    expect(problem(all, 'alone')).toContain('no partner');
    expect(problem(all, 'mixed')).toContain('the encoder is of the family efficient-sam, the decoder of sam');
    expect(problem(all, 'torn')).toMatch(/ONNX|model/);
  });
});

it('a person’s choice goes before the better model, stays over a restart, and can be taken back', async () => {
  await put({ ...FILLING, 'other.encoder.onnx': 'efficient-contract_encoder.onnx', 'other.decoder.onnx': 'efficient-contract_decoder.onnx' });
  const first = open();
  await first.tested();
  expect(await first.segmenter()).toBe('filling');
  await first.choose('other');
  expect((await first.segment('x', `${folder}small.png`, BOX)).model).toBe('other');
  await first.close();
  const second = open();
  expect(await second.segmenter()).toBe('other');
  await second.choose('Spark');
  expect((await second.segment('x', `${folder}small.png`, BOX)).model).toBe('Spark');
  expect(JSON.parse(await readFile(join(directory, 'in-use.json'), 'utf8'))).toEqual({ name: 'Spark' });
  await second.choose(null);
  expect(await second.segmenter()).toBe('filling');
  await expect(second.choose('nothing')).rejects.toMatchObject({ code: 'not_found' });
});

it('finds embeddings on disk after a restart instead of encoding again', async () => {
  const embeddingsDir = join(directory, 'embeddings');
  await put(RANDOM);
  const options = { modelsDir: directory, sparkPath: null, providers: ['cpu'], predictThreads: 1, selfTest: false, embeddingsDir } as const;
  const first = createInference(options);
  const before = await first.segment('picture', `${folder}small.png`, BOX);
  await expect.poll(() => first.status().embeddings.disk.entries).toBe(1);
  await first.close();
  inference = createInference(options);
  expect((await inference.segment('picture', `${folder}missing.png`, BOX)).candidates, 'the picture itself is not needed').toEqual(before.candidates);
  expect(inference.status().embeddings).toMatchObject({ hits: 1, misses: 0, disk: { entries: 1, hits: 1 } });
});
