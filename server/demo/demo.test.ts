import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { contains } from '#core/geometry/box.ts';
import { maskIou } from '#core/geometry/iou.ts';
import { polygonToRle } from '#core/geometry/rasterise.ts';
import { decode, rleArea } from '#core/geometry/rle.ts';
import { DEMO, demoImage, partOf, type DemoImage } from './generator.ts';
import { labelText, writeDemo } from './write.ts';

const some: DemoImage[] = [0, 1, 2, 3, 44, 90, 130, 211].map((i) => demoImage(i));

const digest = (images: readonly DemoImage[]): string => {
  const hash = createHash('sha256');
  for (const image of images) hash.update(image.name).update(image.pixels).update(labelText(image));
  return hash.digest('hex');
};

it('gives the same pixels and labels for the same seed, in any order, and others for another seed', () => {
  const again = [3, 2, 1, 0].map((i) => demoImage(i)).reverse();
  expect(digest(again)).toBe(digest(some.slice(0, 4)));
  expect(digest([demoImage(1, DEMO.count, 7)])).not.toBe(digest(some.slice(1, 2)));
});

it('keeps voids within one chip, apart from each other, and chips apart', () => {
  for (const image of some) {
    const used = [new Uint8Array(image.pixels.length), new Uint8Array(image.pixels.length)] as const;
    for (const instance of image.instances) {
      const bits = decode(instance.mask);
      for (let i = 0; i < bits.length; i++) {
        if (!bits[i]) continue;
        if (used[instance.class][i]) throw new Error(`Two instances of class ${instance.class} share pixel ${i} of ${image.name}.`);
        used[instance.class][i] = 1;
        if (instance.class === 1 && !used[0][i]) throw new Error(`A void of ${image.name} leaves its chip.`);
      }
    }
  }
});

it('writes polygons that mean the same as the exact masks', () => {
  for (const image of some) {
    for (const { polygon, mask, box } of image.instances) {
      const again = polygonToRle([polygon], image);
      expect(maskIou(again, mask)).toBeGreaterThan(rleArea(mask) < 60 ? 0.7 : 0.85);
      expect(contains([0, 0, image.width, image.height], box)).toBe(true);
    }
  }
});

it('has three sizes and the promised parts', () => {
  expect(new Set(some.map((image) => image.width))).toEqual(new Set([512, 640, 800]));
  const parts = Array.from({ length: DEMO.count }, (_, i) => partOf(i, DEMO.count));
  expect([parts.filter((p) => p === 'baseline').length, parts.filter((p) => p === 'valid').length, parts.filter((p) => p === 'batch').length]).toEqual([40, 40, 132]);
});

it('writes an export that YAML and sharp can read', async () => {
  const out = await mkdtemp(join(tmpdir(), 'data-demo-'));
  try {
    await writeDemo(out, { count: 6, truth: true });
    expect(parse(await readFile(join(out, 'data.yaml'), 'utf8'))).toEqual({ train: '../train/images', val: '../valid/images', nc: 2, names: ['Chip', 'Void'] });
    const [train, labels, batch, truth] = await Promise.all(['train/images', 'train/labels', 'batch', 'truth/labels'].map((f) => readdir(join(out, f))));
    expect(labels?.length).toBe(train?.length);
    expect(truth?.length).toBe(batch?.length);
    const meta = await sharp(join(out, 'batch', batch?.[0] ?? '')).metadata();
    expect([512, 640, 800]).toContain(meta.width);
  } finally {
    await rm(out, { recursive: true });
  }
});
