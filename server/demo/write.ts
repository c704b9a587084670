/** Writes the demo in Roboflow's YOLO segmentation export layout. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { stringify } from 'yaml';
import { DEMO, demoImage, type DemoImage, type DemoPart } from './generator.ts';
import { CLASSES } from './truth.ts';

const FOLDER: Record<DemoPart, string> = { baseline: 'train', valid: 'valid', batch: 'batch' };

export interface WriteDemo {
  count?: number | undefined;
  seed?: number | undefined;
  /** Also writes the exact labels of the batch to truth/labels, for measuring against. */
  truth?: boolean | undefined;
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** `<out>/data.yaml`, `train|valid/images|labels`, and `batch/` with pictures alone. data.yaml comes last: with it the export is whole. */
export async function writeDemo(out: string, options: WriteDemo = {}): Promise<void> {
  const count = options.count ?? DEMO.count;
  const folders = ['train/images', 'train/labels', 'valid/images', 'valid/labels', 'batch', ...(options.truth ? ['truth/labels'] : [])];
  for (const folder of folders) await mkdir(join(out, folder), { recursive: true });
  for (let index = 0; index < count; index++) {
    await writeOne(out, demoImage(index, count, options.seed ?? DEMO.seed), options.truth === true);
    options.onProgress?.(index + 1, count);
  }
  await writeFile(join(out, 'data.yaml'), dataYaml());
}

async function writeOne(out: string, image: DemoImage, truth: boolean): Promise<void> {
  const bytes = await encode(image);
  const labels = image.name.replace(/\.\w+$/, '.txt');
  if (image.part !== 'batch') await writeFile(join(out, FOLDER[image.part], 'labels', labels), labelText(image));
  else if (truth) await writeFile(join(out, 'truth', 'labels', labels), labelText(image));
  const target = image.part === 'batch' ? join(out, 'batch', image.name) : join(out, FOLDER[image.part], 'images', image.name);
  await writeFile(`${target}.part`, bytes);
  await rename(`${target}.part`, target);
}

/** The picture as the file that its name says. */
export function encode(image: DemoImage): Promise<Buffer> {
  const raw = sharp(image.pixels, { raw: { width: image.width, height: image.height, channels: 1 } });
  return (image.name.endsWith('.png') ? raw.png({ compressionLevel: 6 }) : raw.jpeg({ quality: 92 })).toBuffer();
}

/** One row per instance: class, then x and y of every corner as shares of width and height. */
export function labelText(image: DemoImage): string {
  return image.instances.map((instance) => {
    const points = instance.polygon.flatMap(([x, y]) => [share(x / image.width), share(y / image.height)]);
    return `${instance.class} ${points.join(' ')}\n`;
  }).join('');
}

function share(value: number): string {
  return String(Number(Math.max(0, Math.min(1, value)).toFixed(6)));
}

/** As Roboflow writes it: paths relative to a folder beside the export, which it isn't in. */
export function dataYaml(): string {
  return stringify({ train: '../train/images', val: '../valid/images', nc: CLASSES.length, names: [...CLASSES] });
}
