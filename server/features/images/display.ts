/** Upright 8-bit renditions of pictures that browsers can't show as they are. Everything that looks at a picture looks at its rendition: screen, models, training. */
import sharp from 'sharp';
import type { Window } from '#core/api/import.ts';
import type { Header } from './picture.ts';

/** 16-bit pictures are shown from the 0.5th to the 99.5th percentile of their own values, as viewers of X-rays do at first sight. */
const TAIL = 0.005;

export interface Display {
  /** PNG, or JPEG where the original is one (it lost its last bits already). */
  bytes: Buffer;
  /** What became black and white; null where the original has 8 bits. */
  window: Window | null;
}

/** `window`: the one to be used for a 16-bit picture; null = its own percentiles. */
export async function displayOf(path: string, header: Header, maxPixels: number, window: Window | null): Promise<Display> {
  if (!header.deep) {
    const upright = sharp(path, { limitInputPixels: maxPixels, failOn: 'error' }).rotate().timeout({ seconds: 120 });
    return { window: null, bytes: await (header.type === 'image/jpeg' ? upright.jpeg({ quality: 95, chromaSubsampling: '4:4:4' }) : upright.png({ compressionLevel: 6 })).toBuffer() };
  }
  const { raw, used } = await deepPixels(path, maxPixels, window);
  return { window: used, bytes: await sharp(raw.data, { raw: raw.info, limitInputPixels: maxPixels }).png({ compressionLevel: 6 }).toBuffer() };
}

export interface DeepPixels { raw: { data: Uint8Array; info: { width: number; height: number; channels: 1 | 3 } }; used: Window }

/** A 16-bit picture through its window: upright, 8 bits, grey or RGB. */
export async function deepPixels(path: string, maxPixels: number, window: Window | null): Promise<DeepPixels> {
  const grey = (await sharp(path, { limitInputPixels: maxPixels }).metadata()).channels < 3;
  const { data, info } = await sharp(path, { limitInputPixels: maxPixels, failOn: 'error' })
    .rotate().removeAlpha().toColourspace(grey ? 'grey16' : 'rgb16').timeout({ seconds: 120 }).raw({ depth: 'ushort' }).toBuffer({ resolveWithObject: true });
  const values = new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
  const used = window ?? windowOf(values);
  return { raw: { data: windowed(values, used), info: { width: info.width, height: info.height, channels: grey ? 1 : 3 } }, used };
}

/** From the 0.5th to the 99.5th percentile of 16-bit values. */
export function windowOf(values: Uint16Array): Window {
  const histogram = new Uint32Array(65_536);
  for (const value of values) histogram[value] = (histogram[value] ?? 0) + 1;
  return { low: percentile(histogram, values.length * TAIL), high: percentile(histogram, values.length * (1 - TAIL)) };
}

/** Maps 16-bit values to 8 bits: `low` and less become black, `high` and more white, in between in proportion. A picture of one value becomes black. */
export function windowed(values: Uint16Array, { low, high }: Window): Uint8Array {
  const table = Uint8Array.from({ length: 65_536 }, (_, value) => Math.max(0, Math.min(255, Math.round(((value - low) / Math.max(1, high - low)) * 255))));
  const bytes = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) bytes[i] = table[values[i] ?? 0] ?? 0;
  return bytes;
}

function percentile(histogram: Uint32Array, count: number): number {
  let seen = 0;
  for (let value = 0; value < histogram.length; value++) {
    seen += histogram[value] ?? 0;
    if (seen > count) return value;
  }
  return histogram.length - 1;
}

/** The file that everything reads which looks at a picture: its rendition, where the original is not what it looks like. */
export function shownBlob(image: { sha256: string; displaySha256: string | null }): string {
  return image.displaySha256 ?? image.sha256;
}
