/** Reading one picture: checked by its header before anything is decoded. */
import { open, stat } from 'node:fs/promises';
import sharp, { type Metadata } from 'sharp';
import { EmendError } from '#core/errors.ts';
import { likenessOf } from '../splits/index.ts';
import type { Window } from '#core/api/import.ts';
import type { Likeness } from '#core/dataset/likeness.ts';
import { deepPixels, displayOf } from './display.ts';
import { pictureType, type PictureType } from './sniff.ts';

/** What the header says. Width and height are upright (EXIF orientation applied). */
export interface Header {
  type: PictureType;
  bytes: number;
  width: number;
  height: number;
  /** 1…8 as in EXIF. */
  orientation: number;
  /** Browsers can't show the original as it is, or would have to turn it. */
  needsDisplay: boolean;
  /** 16 bits per channel: shown through a window. */
  deep: boolean;
}

export interface Renditions {
  /** WebP, at most 320 px a side. */
  thumb: Buffer;
  display: Buffer | null;
  /** Of a 16-bit picture: what is black and white in `display`. */
  window: Window | null;
  likeness: Likeness;
}

export const THUMB_SIDE = 320;

/**
 * @throws EmendError `unsupported` (no picture that is taken here, several pages), `too_large` (more than `maxPixels`), `invalid` (broken).
 */
export async function readHeader(path: string, maxPixels: number): Promise<Header> {
  const type = pictureType(await headOf(path));
  if (!type) throw new EmendError('unsupported', 'This is not a JPEG, PNG, WebP, TIFF, GIF or AVIF picture. It is left out; convert it to one of them.');
  const meta = await metadataOf(path);
  const { width, height } = meta;
  if (!(width > 0) || !(height > 0)) throw new EmendError('invalid', 'The picture says nothing of its size. It is left out.');
  if (width * height > maxPixels || width > 65_535 || height > 65_535) {
    throw new EmendError('too_large', `The picture has ${width} × ${height} pixels; at most ${Math.round(maxPixels / 1e6)} million, and 65 535 a side, are taken here. It is left out.`);
  }
  if ((meta.pages ?? 1) > 1) throw new EmendError('unsupported', `The picture has ${meta.pages} pages or frames. It is left out; save each as a picture of its own.`);
  if (meta.depth !== 'uchar' && meta.depth !== 'ushort' && meta.depth !== 'char') throw new EmendError('unsupported', `The picture has pixels of type ${meta.depth}. It is left out; save it with 8 or 16 bits per channel.`);
  const orientation = meta.orientation !== undefined && meta.orientation >= 1 && meta.orientation <= 8 ? meta.orientation : 1;
  const deep = meta.depth === 'ushort';
  const turned = orientation >= 5;
  return {
    type, bytes: (await stat(path)).size, width: turned ? height : width, height: turned ? width : height, orientation, deep,
    needsDisplay: deep || orientation !== 1 || type === 'image/tiff',
  };
}

async function headOf(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function metadataOf(path: string): Promise<Metadata> {
  try {
    return await sharp(path, { limitInputPixels: false }).metadata();
  } catch {
    throw broken();
  }
}

export interface Look { likeness: Likeness; /** Of a 16-bit picture: its own percentiles, or the one that was asked for. */ window: Window | null }

/** Decodes the whole picture once: finds out whether it is broken behind its header, and what it looks like. @throws EmendError `invalid` */
export async function lookAt(path: string, header: Header, maxPixels: number, window: Window | null): Promise<Look> {
  try {
    if (!header.deep) return { window: null, likeness: await likenessOf({ encoded: path }, maxPixels) };
    const { raw, used } = await deepPixels(path, maxPixels, window);
    return { window: used, likeness: await likenessOf(raw, maxPixels) };
  } catch {
    throw broken();
  }
}

/** Thumbnail and, where it is needed, the upright 8-bit rendition. @throws EmendError `invalid` when the picture is broken. */
export async function render(path: string, header: Header, maxPixels: number, window: Window | null): Promise<Renditions> {
  try {
    const display = header.needsDisplay ? await displayOf(path, header, maxPixels, window) : null;
    const thumb = await sharp(display?.bytes ?? path, { limitInputPixels: maxPixels, failOn: 'error' })
      .rotate().resize(THUMB_SIDE, THUMB_SIDE, { fit: 'inside', withoutEnlargement: true }).webp({ quality: 76, effort: 2 }).timeout({ seconds: 60 }).toBuffer();
    return { thumb, display: display?.bytes ?? null, window: display?.window ?? null, likeness: await likenessOf({ encoded: thumb }, maxPixels) };
  } catch (error) {
    if (error instanceof EmendError) throw error;
    throw broken();
  }
}

function broken(): EmendError {
  return new EmendError('invalid', 'The picture is broken: it cannot be decoded to its end. It is left out; export it again.');
}
