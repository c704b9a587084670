/** The job `likeness`: hashes of images that came before there were any, then their groups. Goes on where it was cut off. */
import { familyOf } from '#core/dataset/split.ts';
import { EmendError } from '#core/errors.ts';
import type { PrismaClient } from '#prisma';
import type { Blobs, Bus, JobHandle, Jobs, Log } from '../../context.ts';
import { linkProject } from './link.ts';
import { likenessOf } from './look.ts';

export interface Parts { db: PrismaClient; blobs: Blobs; bus: Bus; jobs: Jobs; log: Pick<Log, 'warn'>; config: { maxPixels: number } }

const CHUNK = 100;

/** Orders the comparison wherever images wait for it. */
export async function orderLikeness({ db, jobs }: Parts): Promise<void> {
  const waiting = await db.image.findMany({ where: { groupId: null }, distinct: ['projectId'], select: { projectId: true } });
  for (const { projectId } of waiting) {
    await jobs.enqueue({ kind: 'likeness', projectId, data: { project: projectId }, singletonKey: projectId, message: 'Comparing the images' }).catch((error: unknown) => {
      if (!(error instanceof EmendError && error.code === 'conflict')) throw error; // it is under way
    });
  }
}

export async function fillLikeness(parts: Parts, projectId: string, job: JobHandle): Promise<string> {
  const { db, bus } = parts;
  const total = await db.image.count({ where: { projectId, groupId: null } });
  let after = '';
  for (let done = 0; ;) {
    const images = await db.image.findMany({
      where: { projectId, groupId: null, phash: null, id: { gt: after } }, orderBy: { id: 'asc' }, take: CHUNK, select: { id: true, name: true, thumbSha256: true },
    });
    for (const image of images) {
      job.signal.throwIfAborted();
      await fillOne(parts, image);
      job.progress(++done, total, 'Looking at the images');
    }
    const last = images.at(-1);
    if (!last) break;
    after = last.id;
  }
  const compared = await linkProject(db, projectId, { signal: job.signal, progress: (done) => { job.progress(done, total, 'Comparing the images'); } });
  bus.emit(projectId, { type: 'images' });
  return `${compared} ${compared === 1 ? 'image' : 'images'} compared`;
}

/** From its thumbnail, as at intake. One that cannot be read has no hash, and is alike to nothing but its family. */
async function fillOne({ db, blobs, log, config }: Parts, image: { id: string; name: string; thumbSha256: string }): Promise<void> {
  const family = familyOf(image.name);
  try {
    const { hash, thumb } = await likenessOf({ encoded: await blobs.path(image.thumbSha256) }, config.maxPixels);
    await db.$transaction([
      db.likeness.createMany({ data: [{ imageId: image.id, thumb: new Uint8Array(thumb) }], skipDuplicates: true }),
      db.image.update({ where: { id: image.id }, data: { phash: hash, family } }),
    ]);
  } catch (error) {
    log.warn({ image: image.id, err: error }, 'an image could not be looked at');
    await db.image.update({ where: { id: image.id }, data: { family } });
  }
}
