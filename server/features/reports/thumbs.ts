import type { Report } from '#core/api/report.ts';
import type { PrismaClient } from '#prisma';
import type { Blobs } from '../../context.ts';

/** Thumbnails of a report's pictures as data: URLs, by image id. One that is lost is left out; its boxes are shown all the same. */
export async function readThumbs({ db, blobs }: { db: PrismaClient; blobs: Blobs }, { quality }: Report): Promise<Map<string, string>> {
  const shown = quality ? [...quality.pictures.worst, ...quality.pictures.improved, ...quality.pictures.fallen] : [];
  const rows = await db.image.findMany({ where: { id: { in: shown.map((p) => p.imageId) } }, select: { id: true, thumbSha256: true } });
  const thumbs = new Map<string, string>();
  for (const { id, thumbSha256 } of rows) {
    if (await blobs.has(thumbSha256)) thumbs.set(id, `data:image/webp;base64,${(await blobs.get(thumbSha256)).toString('base64')}`);
  }
  return thumbs;
}
