/** Pictures whose objects have exact masks: held-out nuclei, and the demo project's own. */
import { createHash } from 'node:crypto';
import { access, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Size } from '#core/geometry/box.ts';
import { encodeWindow, type Rle } from '#core/geometry/rle.ts';
import { demoImage, DEMO } from '../../server/demo/generator.ts';
import { CLASSES } from '../../server/demo/truth.ts';
import { encode } from '../../server/demo/write.ts';

/** One picture and the masks of one kind of object in it. */
export interface Subject {
  readonly domain: string;
  readonly path: string;
  readonly size: Size;
  readonly masks: readonly Rle[];
}

/** What the names of the demo's domains begin with. */
export const DEMO_DOMAIN = 'demo ';

/** As models/spark/nuclei.py splits them, so that nothing is measured on what was trained on. */
const HELD_OUT_SHARE = 0.2;

function isHeldOut(name: string): boolean {
  const [first = 0] = createHash('sha256').update(name.replace(/\.png$/, '')).digest();
  return first < 256 * HELD_OUT_SHARE;
}

/** Every fifth nuclei image. @throws Error with what to do when the set is absent. */
export async function nuclei(datasets: string): Promise<Subject[]> {
  const folder = join(datasets, 'nuclei');
  const there = await access(join(folder, 'instances')).then(() => true, () => false);
  if (!there) throw new Error(`The nuclei set is not at ${folder}. Set EMEND_DATASETS to the folder that holds nuclei/images and nuclei/instances.`);
  const names = (await readdir(join(folder, 'images'))).filter((name) => name.endsWith('.png') && isHeldOut(name)).toSorted();
  return Promise.all(names.map(async (name) => ({ domain: 'held-out nuclei', path: join(folder, 'images', name), ...(await labelMap(join(folder, 'instances', name))) })));
}

async function labelMap(path: string): Promise<{ size: Size; masks: Rle[] }> {
  const { data, info } = await sharp(path).toColourspace('grey16').raw({ depth: 'ushort' }).toBuffer({ resolveWithObject: true });
  const labels = new Uint16Array(data.buffer, data.byteOffset, info.width * info.height);
  const size = { width: info.width, height: info.height };
  return { size, masks: masksOf(labels, size) };
}

/** The mask of each number above 0 in a row-major label map. */
export function masksOf(labels: Uint16Array, size: Size): Rle[] {
  const bounds = new Map<number, { x0: number; y0: number; x1: number; y1: number }>();
  for (const [at, label] of labels.entries()) {
    if (label === 0) continue;
    const [x, y] = [at % size.width, Math.floor(at / size.width)];
    const b = bounds.get(label);
    if (b) Object.assign(b, { x0: Math.min(b.x0, x), x1: Math.max(b.x1, x), y1: y });
    else bounds.set(label, { x0: x, y0: y, x1: x, y1: y });
  }
  return [...bounds].map(([label, { x0, y0, x1, y1 }]) => {
    const [w, h] = [x1 - x0 + 1, y1 - y0 + 1];
    const bitmap = Uint8Array.from({ length: w * h }, (_, i) => (labels[(y0 + Math.floor(i / w)) * size.width + x0 + (i % w)] === label ? 1 : 0));
    return encodeWindow(bitmap, [x0, y0, w, h], size);
  });
}

/** The first `count` pictures of the demo's validation part, written to `folder` as the demo writes them, with the generator's own masks. */
export async function demo(count: number, folder: string): Promise<Subject[]> {
  const subjects: Subject[] = [];
  for (let index = DEMO.baseline; index < DEMO.baseline + Math.min(count, DEMO.valid); index++) {
    const image = demoImage(index);
    const path = join(folder, image.name);
    await writeFile(path, await encode(image));
    const size = { width: image.width, height: image.height };
    for (const [number, name] of CLASSES.entries()) {
      subjects.push({ domain: `${DEMO_DOMAIN}${name}`, path, size, masks: image.instances.filter((one) => one.class === number).map(({ mask }) => mask) });
    }
  }
  return subjects;
}
