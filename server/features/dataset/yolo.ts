/** A dataset version as YOLO files: for the trainer in a folder, for people in a zip. */
import { constants } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { ZipFile } from 'yazl';
import type { Instance } from '#core/annotation/schema.ts';
import { boxRow, polygonRow } from '#core/dataset/yolo.ts';
import type { Size } from '#core/geometry/box.ts';
import { traceRegions } from '#core/geometry/contour.ts';
import { joinRings, ringsOf } from '#core/geometry/joinRings.ts';
import { decode } from '#core/geometry/rle.ts';
import { simplify } from '#core/geometry/simplify.ts';
import { toCorners } from '#core/geometry/box.ts';
import type { Polygon } from '#core/geometry/polygon.ts';
import type { PrismaClient } from '#prisma';
import { breather } from '../../breather.ts';
import type { Blobs } from '../../context.ts';
import { shownBlob, splitName } from '../images/index.ts';
import { readInstances } from './candidates.ts';
import { classesOf, findVersion } from './versions.ts';

export interface WriteYolo {
  /** How often a fresh image of the train split is listed in train.txt; 1 = like all others. */
  repeatFresh: number;
}
interface Parts { db: PrismaClient; blobs: Blobs }
interface Row { stem: string; ending: string; blob: string; split: 'train' | 'valid' | 'test'; fresh: boolean; labels: string }

const ENDING: Readonly<Record<string, string>> = { 'image/jpeg': 'jpg', 'image/png': 'png', 'image/webp': 'webp', 'image/gif': 'png', 'image/avif': 'avif', 'image/tiff': 'png' };
const PAGE = 200;

/** The items of a version, page by page: labels of a thousand images with masks need not be in memory at once. */
async function* rowsOf({ db }: Parts, versionId: string, segment: boolean): AsyncGenerator<Row> {
  const breathe = breather();
  let after = '';
  for (;;) {
    const items = await db.datasetItem.findMany({ where: { datasetVersionId: versionId, imageId: { gt: after } }, orderBy: { imageId: 'asc' }, take: PAGE, include: { image: true } });
    for (const { image, instances, split, fresh } of items) {
      const display = image.displaySha256;
      const labels: string[] = [];
      for (const instance of readInstances(instances)) {
        labels.push(`${labelRow(instance, image, segment)}\n`);
        await breathe();
      }
      yield {
        stem: image.id, ending: display !== null && image.type !== 'image/jpeg' ? 'png' : (ENDING[image.type] ?? 'png'), blob: shownBlob(image),
        split: splitName(split), fresh, labels: labels.join(''),
      };
    }
    const last = items.at(-1);
    if (!last || items.length < PAGE) return;
    after = last.imageId;
  }
}

/** Polygons for segmentation (a box without mask as its four corners), boxes for detection. */
export function labelRow(instance: Instance, size: Size, segment: boolean): string {
  if (!segment) return boxRow(instance.class, instance.box, size);
  const outline = instance.mask ? outlineOf(decode(instance.mask), size) : [];
  if (outline.length >= 3) return polygonRow(instance.class, outline, size);
  const [x1, y1, x2, y2] = toCorners(instance.box);
  return polygonRow(instance.class, [[x1, y1], [x2, y1], [x2, y2], [x1, y2]], size);
}

function outlineOf(bitmap: Uint8Array, size: Size): Polygon {
  return joinRings(ringsOf(traceRegions(bitmap, size)).map((ring) => simplify(ring, 0.5)));
}

/**
 * Writes `images/<split>`, `labels/<split>`, `train.txt` and `data.yaml` (absolute paths) into `dir`: upright 8-bit pictures, copied.
 * Returns the path of data.yaml. Only what the frozen version holds is written.
 */
export async function writeYolo(parts: Parts, versionId: string, dir: string, { repeatFresh }: WriteYolo): Promise<string> {
  const version = await findVersion(parts.db, versionId);
  const project = await parts.db.project.findUniqueOrThrow({ where: { id: version.projectId }, select: { task: true } });
  const root = resolve(dir);
  for (const split of ['train', 'valid', 'test']) for (const kind of ['images', 'labels']) await mkdir(join(root, kind, split), { recursive: true });
  const train: string[] = [];
  const counts = { train: 0, valid: 0, test: 0 };
  for await (const row of rowsOf(parts, versionId, project.task === 'segment')) {
    const picture = join(root, 'images', row.split, `${row.stem}.${row.ending}`);
    await place(await parts.blobs.path(row.blob), picture);
    await writeFile(join(root, 'labels', row.split, `${row.stem}.txt`), row.labels);
    counts[row.split]++;
    if (row.split === 'train') train.push(...Array.from({ length: row.fresh ? Math.max(1, repeatFresh) : 1 }, () => picture));
  }
  await writeFile(join(root, 'train.txt'), train.map((path) => `${path}\n`).join(''));
  const path = join(root, 'data.yaml');
  await writeFile(path, stringify({
    path: root, train: 'train.txt', val: 'images/valid', ...(counts.test > 0 ? { test: 'images/test' } : {}), nc: classesOf(version).length, names: classesOf(version),
  }));
  return path;
}

/**
 * Never a link: Ultralytics repairs a corrupt JPEG by rewriting it in place, which would change the blob behind it, and blobs never change.
 * Where the file system can, the copy shares its blocks until one of the two is written.
 */
async function place(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE);
}

/** The same as a zip in Roboflow's layout, streamed. */
export async function yoloZip(parts: Parts, versionId: string): Promise<NodeJS.ReadableStream> {
  const version = await findVersion(parts.db, versionId);
  const project = await parts.db.project.findUniqueOrThrow({ where: { id: version.projectId }, select: { task: true } });
  const zip = new ZipFile();
  const names = classesOf(version);
  zip.addBuffer(Buffer.from(stringify({ train: '../train/images', val: '../valid/images', test: '../test/images', nc: names.length, names })), 'data.yaml');
  const fill = async (): Promise<void> => {
    for await (const row of rowsOf(parts, versionId, project.task === 'segment')) {
      zip.addFile(await parts.blobs.path(row.blob), `${row.split}/images/${row.stem}.${row.ending}`, { compress: false });
      zip.addBuffer(Buffer.from(row.labels), `${row.split}/labels/${row.stem}.txt`);
    }
    zip.end();
  };
  fill().catch((error: unknown) => { zip.outputStream.emit('error', error); });
  return zip.outputStream;
}
