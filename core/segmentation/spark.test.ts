import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { EmendError } from '../errors.ts';
import { rleArea, toBox } from '../geometry/rle.ts';
import type { RgbImage } from './port.ts';
import { sparkBox, sparkCrop, sparkInput, sparkMask } from './spark.ts';

const Numbers = Type.Array(Type.Number());
const Fixture = Type.Object({
  contract: Type.Literal('spark-1'),
  cases: Type.Array(Type.Object({
    name: Type.String(), image: Type.String(), box: Type.Tuple([Type.Number(), Type.Number(), Type.Number(), Type.Number()]),
    positive: Type.Array(Type.Tuple([Type.Number(), Type.Number()])), negative: Type.Array(Type.Tuple([Type.Number(), Type.Number()])),
    crop: Type.Object({ x0: Type.Number(), y0: Type.Number(), side: Type.Number(), taps: Type.Integer() }),
    channelSums: Numbers, inputSamples: Type.Array(Numbers),
  })),
});
const folder = fileURLToPath(new URL('../../models/spark/fixtures/', import.meta.url));
const { cases } = Value.Parse(Fixture, JSON.parse(readFileSync(`${folder}fixture.json`, 'utf8')));

async function picture(name: string): Promise<RgbImage> {
  const { data, info } = await sharp(folder + name).removeAlpha().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

describe('Spark’s input', () => {
  it.each(cases)('$name: equals the reference of the contract', async ({ image, box, positive, negative, crop, channelSums, inputSamples }) => {
    const made = sparkCrop(box);
    expect(made.x).toBeCloseTo(crop.x0, 9);
    expect(made.y).toBeCloseTo(crop.y0, 9);
    expect(made.side).toBeCloseTo(crop.side, 9);
    const points = [...positive.map((point) => ({ point, positive: true })), ...negative.map((point) => ({ point, positive: false }))];
    const input = sparkInput(await picture(image), box, points);
    for (const [channel, sum] of channelSums.entries()) {
      const plane = input.subarray(channel * 16_384, (channel + 1) * 16_384);
      expect(plane.reduce((total, value) => total + value, 0)).toBeCloseTo(sum, 1);
    }
    for (const [channel = 0, i = 0, j = 0, value = 0] of inputSamples) expect(Math.abs((input[channel * 16_384 + i * 128 + j] ?? NaN) - value)).toBeLessThan(1e-5);
  });
});

describe('Spark’s mask', () => {
  it('stays within the box grown by a tenth', () => {
    const logits = new Float32Array(16_384).fill(1);
    expect(toBox(sparkMask(logits, [40, 30, 20, 10], { width: 100, height: 80 }))).toEqual([38, 29, 24, 12]);
    expect(rleArea(sparkMask(logits.fill(-1), [40, 30, 20, 10], { width: 100, height: 80 }))).toBe(0);
    expect(rleArea(sparkMask(logits.fill(1), [400, 30, 20, 10], { width: 100, height: 80 }))).toBe(0);
  });

  it('needs a box or a click on the object', () => {
    const size = { width: 160, height: 160 };
    expect(() => sparkBox({ points: [{ point: [1, 1], positive: false }] }, size)).toThrow(EmendError);
    expect(sparkBox({ points: [{ point: [50, 60], positive: true }] }, size)).toEqual([40, 50, 20, 20]);
  });
});
