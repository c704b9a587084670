/** The one way by which a picture comes into a project: first its blobs, then one row; a crash between leaves blobs nobody sees. */
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
}

export interface ImagePlace { projectId: string; name: string; split: 'train' | 'valid' | 'test'; importId: string | null }

/** @throws EmendError `unsupported`, `too_large` or `invalid`: then nothing is stored that anybody sees. */
export async function prepareImage({ blobs, maxPixels }: Intake, path: string): Promise<Prepared> {
  const header = await readHeader(path, maxPixels);
  const { thumb, display } = await render(path, header, maxPixels);
  const thumbSha256 = await blobs.put(thumb);
  const displaySha256 = display ? await blobs.put(display) : null;
  const sha256 = await blobs.putFile(path);
  const { type, bytes, width, height, orientation } = header;
  return { type, bytes, width, height, orientation, sha256, thumbSha256, displaySha256 };
}

/** Inserts the row, or finds the one that holds the same bytes already: an image is in a project once. */
export async function insertImage(tx: Prisma.TransactionClient, prepared: Prepared, place: ImagePlace): Promise<{ image: Image; created: boolean }> {
  const { count } = await tx.image.createMany({ data: [{ id: newId(), ...prepared, ...place }], skipDuplicates: true });
  const image = await tx.image.findUniqueOrThrow({ where: { projectId_sha256: { projectId: place.projectId, sha256: prepared.sha256 } } });
  return { image, created: count === 1 };
}
