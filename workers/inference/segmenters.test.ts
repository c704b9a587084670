import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MaskCandidate } from '#core/segmentation/port.ts';
import { emptyRle } from '#core/geometry/rle.ts';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Lane, type RunOptions } from './pool.ts';
import type { RequestName, Requests } from './messages.ts';
import { Segmenters } from './segmenters.ts';

const folder = fileURLToPath(new URL('./fixtures/', import.meta.url));
const sparkPath = fileURLToPath(new URL('../../models/spark.onnx', import.meta.url));
const common = { workers: 1, threads: 1, keep: 2, nice: 0, queue: 10, providers: ['cpu'] as const, onError: () => undefined };
const BOX = { box: [40, 40, 90, 70] } as const;

/** The real lane, except that SAM's scores are what the test wants them to be: random weights are sure of nothing. */
class ScoredLane extends Lane {
  score = 0;
  readonly asked: RequestName[] = [];
  override async run<N extends RequestName>(name: N, message: Requests[N]['in'], options?: RunOptions): Promise<Requests[N]['out']> {
    this.asked.push(name);
    const answer = await super.run(name, message, options);
    if (name === 'decode' && Array.isArray(answer)) for (const [i, candidate] of answer.entries()) Object.assign(candidate, { score: this.score - i * 0.01 });
    return answer;
  }
}

describe('of the masks of two models', () => {
  let directory = '';
  let decode: ScoredLane;
  let encode: Lane;
  let segmenters: Segmenters;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'inference-second-'));
    for (const half of ['encoder', 'decoder']) await copyFile(`${folder}sam-tiny.${half}.onnx`, join(directory, `sam-tiny.${half}.onnx`));
    decode = new ScoredLane({ name: 'decode', ...common });
    encode = new Lane({ name: 'encode', ...common });
    segmenters = new Segmenters({ modelsDir: directory, sparkPath, encode, decode, bytes: 2 ** 24, disk: null, selfTest: false, onError: () => undefined });
  });
  afterEach(async () => {
    await Promise.all([decode.close(), encode.close()]);
    await rm(directory, { recursive: true, force: true });
  });
  const ask = () => segmenters.segment('landscape', `${folder}landscape.png`, BOX);
  const who = (candidates: readonly MaskCandidate[]) => candidates.map(({ model }) => model ?? 'own');

  it('the better score comes first, with its name, when SAM doubts its own; nobody else is asked when it does not', { timeout: 120_000 }, async () => {
    decode.score = 0.93;
    expect(who((await ask()).candidates)).toEqual(['own', 'own', 'own']);
    expect(decode.asked).not.toContain('spark');
    decode.score = 0.05;
    const { model, candidates } = await ask();
    expect(model).toBe('sam-tiny');
    expect(who(candidates)).toEqual(['Spark', 'own', 'own']);
    expect(candidates[0]?.score).toBeGreaterThan(0.05);
    expect(candidates[0]?.mask).not.toEqual(emptyRle({ width: 320, height: 231 }));
    const spark = candidates[0]?.score ?? 0;
    decode.score = (spark + 0.88) / 2;
    if (spark < 0.88) expect(who((await ask()).candidates), 'a doubtful mask of SAM that is still better than Spark’s').toEqual(['own', 'own', 'own']);
  });

  it('clicks alone are SAM’s: there was no mask on the screen before', { timeout: 120_000 }, async () => {
    decode.score = 0.05;
    const { candidates } = await segmenters.segment('landscape', `${folder}landscape.png`, { points: [{ point: [80, 80], positive: true }] });
    expect(who(candidates)).toEqual(['own', 'own', 'own']);
  });
});
