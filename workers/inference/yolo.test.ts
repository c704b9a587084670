import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { afterAll, describe, expect, it } from 'vitest';
import { boxIou, maskIou } from '#core/geometry/iou.ts';
import { fromCorners } from '#core/geometry/box.ts';
import { RleSchema } from '#core/geometry/rle.ts';
import { createInference } from './index.ts';

const Reference = Type.Object({
  model: Type.String(), task: Type.Union([Type.Literal('detect'), Type.Literal('segment')]), ultralytics: Type.String(), names: Type.Array(Type.String()),
  cases: Type.Array(Type.Object({
    image: Type.String(), conf: Type.Number(), iou: Type.Number(),
    instances: Type.Array(Type.Object({ box: Type.Tuple([Type.Number(), Type.Number(), Type.Number(), Type.Number()]), score: Type.Number(), class: Type.Integer(), mask: Type.Optional(RleSchema) })),
  })),
});
const folder = fileURLToPath(new URL('./fixtures/', import.meta.url));
const references = readdirSync(folder).filter((name) => /^(v8|11|26)-.*\.json$/.test(name)).map((name) => Value.Parse(Reference, JSON.parse(readFileSync(folder + name, 'utf8'))));
const inference = createInference({ modelsDir: null, sparkPath: null, providers: ['cpu'], predictThreads: 1 });
afterAll(() => inference.close());

/** A JPEG decoder may differ from another by a level: scores and boxes of rotated.jpg may follow. */
const tolerance = (image: string) => (image.endsWith('.jpg') ? { box: 1, score: 0.02, iou: 0.95 } : { box: 0.1, score: 0.002, iou: 0.98 });

describe.each(references)('$model against Ultralytics $ultralytics', ({ model, task, names, cases }) => {
  it('is described from its own metadata', async () => {
    const yolo = await inference.describeModel(folder + model);
    expect(yolo).toMatchObject({ task, names, stride: 32, head: model.includes('end2end') ? 'end-to-end' : 'anchors' });
  });

  it.each(cases)('finds the same on $image at conf $conf, iou $iou', async ({ image, conf, iou, instances }) => {
    const limits = tolerance(image);
    const result = await inference.predict(folder + model, folder + image, { conf, iou });
    // A score within rounding of the threshold may fall on either side.
    const sure = (score: number) => score > conf + limits.score;
    expect(result.instances.filter(({ score }) => sure(score)).length).toBeLessThanOrEqual(instances.length);
    const left = [...result.instances];
    for (const expected of instances.filter(({ score }) => sure(score))) {
      const box = fromCorners(...expected.box);
      left.sort((a, b) => Number(b.class === expected.class) - Number(a.class === expected.class) || boxIou(b.box, box) - boxIou(a.box, box));
      const found = left.shift();
      expect(found?.class).toBe(expected.class);
      for (const [i, value] of box.entries()) expect(Math.abs((found?.box[i] ?? NaN) - value)).toBeLessThan(limits.box);
      expect(Math.abs((found?.score ?? NaN) - expected.score)).toBeLessThan(limits.score);
      expect(found?.mask === undefined).toBe(expected.mask === undefined);
      if (found?.mask && expected.mask) expect(maskIou(found.mask, expected.mask)).toBeGreaterThanOrEqual(limits.iou);
    }
  });
});

describe('how a model sees the whole picture', () => {
  const demo = fileURLToPath(new URL('../../models/demo.onnx', import.meta.url));

  it('comes with the prediction where the file has the output, the same for the same picture', async () => {
    expect(await inference.describeModel(demo)).toMatchObject({ task: 'segment', names: ['Chip', 'Void'], features: 96 });
    const [first, again, other] = [await inference.predict(demo, `${folder}landscape.png`), await inference.predict(demo, `${folder}landscape.png`), await inference.predict(demo, `${folder}portrait.png`)];
    expect(first.features).toHaveLength(96);
    expect(first.features?.some((value) => value !== 0)).toBe(true);
    expect(again.features).toEqual(first.features);
    expect(other.features).not.toEqual(first.features);
  });

  it('is absent where the file has none', async () => {
    expect((await inference.describeModel(`${folder}v8-segment.onnx`)).features).toBe(0);
    expect('features' in (await inference.predict(`${folder}v8-segment.onnx`, `${folder}small.png`))).toBe(false);
  });
});
