import sharp from 'sharp';
import { hashOf, SIDE, type Likeness } from '#core/dataset/likeness.ts';

/** An encoded picture, or raw pixels of 8 bits. */
export type LikenessSource = { encoded: string | Buffer } | { data: Uint8Array; info: { width: number; height: number; channels: 1 | 3 } };

/** What a picture is compared by. Decodes it whole: fails (sharp's error) where it is broken behind its header. */
export async function likenessOf(source: LikenessSource, maxPixels: number): Promise<Likeness> {
  const options = { limitInputPixels: maxPixels, failOn: 'error' } as const;
  const opened = 'encoded' in source ? sharp(source.encoded, options) : sharp(source.data, { ...options, raw: source.info });
  const { data, info } = await opened.rotate().removeAlpha().resize(SIDE, SIDE, { fit: 'fill' }).toColourspace('b-w').timeout({ seconds: 60 }).raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  const thumb = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => data[i * info.channels] ?? 0);
  return { hash: hashOf(thumb), thumb };
}
