/** The whole project as files: `json/`, `masks/`, and apart from them `overlays/prediction` and `overlays/corrected`. */
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { decode } from '#core/geometry/rle.ts';
import type { PrismaClient } from '#prisma';
import type { Eyes } from '../../blind.ts';
import type { Blobs, JobHandle } from '../../context.ts';
import { shownBlob } from '../images/index.ts';
import { readLabelled, toAnnotations, type Labelled } from './annotations.ts';
import { toNpy } from './npy.ts';
import { drawOverlay } from './overlay.ts';

export interface Parts { db: PrismaClient; blobs: Blobs; dataDir: string; eyes: Eyes }

export function exportPath(dataDir: string, jobId: string): string {
  return join(dataDir, 'exports', `${jobId}.zip`);
}

export async function exportProject(parts: Parts, projectId: string, job: JobHandle): Promise<string> {
  const images = await parts.db.image.findMany({ where: { projectId }, orderBy: [{ name: 'asc' }, { id: 'asc' }], select: { id: true } });
  const target = exportPath(parts.dataDir, job.id);
  await mkdir(join(parts.dataDir, 'exports'), { recursive: true });
  const zip = new ZipFile();
  const written = pipeline(zip.outputStream, createWriteStream(`${target}.part`), { signal: job.signal });
  try {
    for (const [i, { id }] of images.entries()) {
      job.signal.throwIfAborted();
      job.progress(i, images.length, 'Writing files');
      await addImage(parts, zip, await readLabelled(parts.db, id, parts.eyes));
    }
    zip.end();
    await written;
    await rename(`${target}.part`, target);
    return `${images.length} images as files`;
  } catch (error) {
    // Without an end or an error of its own the stream would be waited for for ever.
    zip.outputStream.emit('error', error);
    await written.catch(() => undefined);
    await rm(`${target}.part`, { force: true });
    throw error;
  }
}

async function addImage({ blobs }: Parts, zip: ZipFile, image: Labelled): Promise<void> {
  const annotations = toAnnotations(image, (instance) => `masks/${image.id}/${instance.id}.npy`);
  zip.addBuffer(Buffer.from(`${JSON.stringify(annotations, null, 2)}\n`), `json/${image.id}.json`);
  for (const instance of image.corrected) {
    if (instance.mask) zip.addBuffer(toNpy(decode(instance.mask), image.height, image.width), `masks/${image.id}/${instance.id}.npy`);
  }
  const picture = await blobs.path(shownBlob(image));
  if (image.predicted.length) zip.addBuffer(await drawOverlay(picture, image, image.predicted, image.classes), `overlays/prediction/${image.id}.png`, { compress: false });
  if (image.status !== 'predicted' && image.status !== 'new') zip.addBuffer(await drawOverlay(picture, image, image.corrected, image.classes), `overlays/corrected/${image.id}.png`, { compress: false });
}
