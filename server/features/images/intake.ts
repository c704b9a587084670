/** The one way by which a picture comes into a project: first its blobs, then one row; a crash between leaves blobs nobody sees. */
import type { Window } from '#core/api/import.ts';
import { familyOf } from '#core/dataset/split.ts';
import { newId } from '#core/ids.ts';
import type { Image, Prisma } from '#prisma';
import type { Blobs } from '../../context.ts';
import { readHeader, render, type Header } from './picture.ts';

export interface Intake { blobs: Blobs; maxPixels: number }

/** A picture whose files are stored, ready to become a row. */
export interface Prepared extends Pick<Header, 'type' | 'bytes' | 'width' | 'height' | 'orientation'> {
  sha256: string;
  thumbSha256: string;
  displaySha256: string | null;
  phash: string;
  windowLow: number | null;
  windowHigh: number | null;
  /** What it is compared by: a row of its own. */
  small: Uint8Array<ArrayBuffer>;
}

export interface ImagePlace { projectId: string; name: string; split: 'train' | 'valid' | 'test'; excluded: boolean; importId: string | null }

/** `window`: for a 16-bit picture, null = its own percentiles. @throws EmendError `unsupported`, `too_large` or `invalid`: then nothing is stored that anybody sees. */
export async function prepareImage({ blobs, maxPixels }: Intake, path: string, wanted: Window | null = null): Promise<Prepared> {
  const header = await readHeader(path, maxPixels);
  const { thumb, display, window, likeness } = await render(path, header, maxPixels, wanted);
  const thumbSha256 = await blobs.put(thumb);
  const displaySha256 = display ? await blobs.put(display) : null;
  const sha256 = await blobs.putFile(path);
  const { type, bytes, width, height, orientation } = header;
  return {
    type, bytes, width, height, orientation, sha256, thumbSha256, displaySha256, phash: likeness.hash, small: new Uint8Array(likeness.thumb),
    windowLow: window?.low ?? null, windowHigh: window?.high ?? null,
  };
}

/** Inserts the row, or finds the one that holds the same bytes already: an image is in a project once. */
export async function insertImage(tx: Prisma.TransactionClient, { small, ...prepared }: Prepared, place: ImagePlace): Promise<{ image: Image; created: boolean }> {
  const { count } = await tx.image.createMany({ data: [{ id: newId(), ...prepared, ...place, family: familyOf(place.name) }], skipDuplicates: true });
  const image = await tx.image.findUniqueOrThrow({ where: { projectId_sha256: { projectId: place.projectId, sha256: prepared.sha256 } } });
  if (count === 1) await tx.likeness.createMany({ data: [{ imageId: image.id, thumb: small }], skipDuplicates: true });
  return { image, created: count === 1 };
}
