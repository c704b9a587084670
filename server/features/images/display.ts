/** Upright 8-bit renditions of pictures that browsers can't show as they are. */
import sharp from 'sharp';
import type { Header } from './picture.ts';

/** 16-bit pictures are shown from the 0.5th to the 99.5th percentile of their own values, as viewers of X-rays do at first sight. */
const TAIL = 0.005;

/** PNG, or JPEG where the original is one (it lost its last bits already). */
export async function displayOf(path: string, header: Header, maxPixels: number): Promise<Buffer> {
  const options = { limitInputPixels: maxPixels, failOn: 'error' } as const;
  if (!header.deep) {
    const upright = sharp(path, options).rotate().timeout({ seconds: 120 });
    return header.type === 'image/jpeg' ? upright.jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).toBuffer() : upright.png({ compressionLevel: 6 }).toBuffer();
  }
  const grey = (await sharp(path, { limitInputPixels: maxPixels }).metadata()).channels < 3;
  const { data, info } = await sharp(path, options).rotate().removeAlpha().toColourspace(grey ? 'grey16' : 'rgb16').timeout({ seconds: 120 }).raw({ depth: 'ushort' }).toBuffer({ resolveWithObject: true });
  const values = new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
  return sharp(windowed(values), { raw: { width: info.width, height: info.height, channels: info.channels } }).png({ compressionLevel: 6 }).toBuffer();
}

/** Maps 16-bit values to 8 bits so that the percentiles become black and white. A picture of one value becomes black. */
export function windowed(values: Uint16Array): Uint8Array {
  const histogram = new Uint32Array(65_536);
  for (const value of values) histogram[value] = (histogram[value] ?? 0) + 1;
  const low = percentile(histogram, values.length * TAIL);
  const high = percentile(histogram, values.length * (1 - TAIL));
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
