import sharp from 'sharp';
import { EmendError } from '#core/errors.ts';
import type { RgbImage } from '#core/segmentation/port.ts';

/** Pictures beyond this are refused before they are unpacked (a 50 kB PNG can hold 400 megapixels). */
const MAX_PIXELS = 120_000_000;

/** Where a picture comes from: a file on this machine, or its encoded bytes. */
export type ImageSource = string | Uint8Array;

/**
 * Unpacks a picture into upright RGB, 8 bits per channel. Colour profiles and alpha are ignored, as OpenCV's `imread` does, so that the
 * model sees what it saw in training.
 * @throws EmendError `not_found` or `invalid` when the file is missing, damaged or too large.
 */
export async function loadImage(source: ImageSource): Promise<RgbImage> {
  try {
    const { data, info } = await sharp(source, { limitInputPixels: MAX_PIXELS, ignoreIcc: true, failOn: 'truncated' })
      .autoOrient()
      .removeAlpha()
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { data: info.channels === 3 ? data : greyToRgb(data, info.channels), width: info.width, height: info.height };
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    if (/missing/i.test(reason)) throw new EmendError('not_found', 'The picture file is missing; nothing can be computed on it. Import the picture again.');
    throw new EmendError('invalid', 'The picture cannot be read: it is damaged, too large or of an unknown type. Import a repaired copy.');
  }
}

function greyToRgb(data: Uint8Array, channels: number): Uint8Array {
  const out = new Uint8Array((data.length / channels) * 3);
  for (let from = 0, to = 0; to < out.length; from += channels, to += 3) out.fill(data[from] ?? 0, to, to + 3);
  return out;
}
