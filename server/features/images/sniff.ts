/** What a file is by its first bytes. Nothing else decides which decoder may see it: neither its name nor what the browser says. */
export type PictureType = 'image/jpeg' | 'image/png' | 'image/webp' | 'image/tiff' | 'image/gif' | 'image/avif';

/** `head`: at least the first 16 bytes. */
export function pictureType(head: Uint8Array): PictureType | null {
  const text = Buffer.from(head.subarray(0, 16)).toString('latin1');
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'image/webp';
  if (text.startsWith('II*\0') || text.startsWith('MM\0*')) return 'image/tiff';
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return 'image/gif';
  if (text.slice(4, 12) === 'ftypavif') return 'image/avif';
  return null;
}

/** Endings that people mean as pictures: a file that has one and is none is reported, any other file is no picture. */
export const PICTURE_NAME = /\.(jpe?g|png|webp|tiff?|gif|avif|bmp|svg|pdf|heic|jp2)$/i;
