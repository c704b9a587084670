import { Type, type Static } from 'typebox';
import type { Box, Size } from './box.ts';
import { decodeCounts, encodeCounts } from './rleCounts.ts';

const side = Type.Integer({ minimum: 1, maximum: 65_535 });

/** Characters of `counts`. */
export const MAX_COUNTS = 200_000;

/** `counts` is bounded so that one mask fits into one message of the live protocol (256 kB). */
export const RleSchema = Type.Object(
  {
    size: Type.Immutable(Type.Tuple([side, side])),
    counts: Type.String({ maxLength: MAX_COUNTS, pattern: '^[0-o]*$' }),
  },
  { additionalProperties: false },
);

/**
 * A binary mask as COCO's compressed run lengths: `size` is `[height, width]` in pixels, `counts` holds alternating runs of 0 and 1
 * in column-major order, starting with 0. Source: cocoapi, common/maskApi.c; equal to pycocotools byte by byte.
 */
export type Rle = Static<typeof RleSchema>;

/** Largest mask that is unpacked (256 MiB of bitmap); beyond it a hostile `size` would only eat memory. */
const MAX_PIXELS = 2 ** 28;

function pixelsOf(rle: Rle): number {
  const [h, w] = rle.size;
  const pixels = h * w;
  if (!(pixels > 0) || pixels > MAX_PIXELS) throw new RangeError(`A mask of ${w} × ${h} pixels cannot be read.`);
  return pixels;
}

/**
 * The runs of a mask, checked: they add up to height × width.
 * @throws RangeError when the string is damaged or does not fit the size.
 */
export function runsOf(rle: Rle): number[] {
  const runs = decodeCounts(rle.counts);
  let total = 0;
  for (const run of runs) {
    if (run < 0) throw new RangeError('The mask holds a run of negative length.');
    total += run;
  }
  if (total !== pixelsOf(rle)) throw new RangeError(`The mask's runs cover ${total} pixels, its size is ${rle.size[1]} × ${rle.size[0]}.`);
  return runs;
}

/** Packs alternating runs (first run = zeros) of a mask of `size`. */
export function fromRuns(runs: readonly number[], size: Size): Rle {
  return { size: [size.height, size.width], counts: encodeCounts(runs) };
}

/** Packs a row-major bitmap (any non-zero byte is 1) of `size`. */
export function encode(bitmap: Uint8Array, size: Size): Rle {
  return encodeWindow(bitmap, [0, 0, size.width, size.height], size);
}

/**
 * Packs a row-major bitmap that covers only `window` (integers, within the image) of an otherwise empty mask of `size`:
 * the cost follows the object, not the image.
 */
export function encodeWindow(bitmap: Uint8Array, window: Box, size: Size): Rle {
  const [x0, y0, w, h] = window;
  if (bitmap.length !== w * h) throw new RangeError(`The bitmap has ${bitmap.length} bytes, its window is ${w} × ${h}.`);
  if (x0 < 0 || y0 < 0 || x0 + w > size.width || y0 + h > size.height) throw new RangeError('The window leaves the mask.');
  const runs: number[] = [];
  let current = 0;
  let start = 0; // column-major index at which the current run began
  for (let x = 0; x < w; x++) {
    const column = (x0 + x) * size.height + y0;
    for (let y = 0; y < h; y++) {
      const value = bitmap[y * w + x] ? 1 : 0;
      if (value === current) continue;
      runs.push(column + y - start);
      start = column + y;
      current = value;
    }
    if (current === 1 && h < size.height) {
      runs.push(column + h - start);
      start = column + h;
      current = 0;
    }
  }
  if (current === 1) {
    const end = (x0 + w - 1) * size.height + y0 + h;
    runs.push(end - start);
    start = end;
  }
  const rest = size.width * size.height - start;
  if (rest > 0) runs.push(rest);
  return fromRuns(runs, size);
}

/** Unpacks into a row-major bitmap of 0 and 1, `height × width` bytes. @throws RangeError on a damaged mask. */
export function decode(rle: Rle): Uint8Array {
  const runs = runsOf(rle);
  const [h, w] = rle.size;
  const bitmap = new Uint8Array(h * w);
  let position = 0;
  for (const [i, run] of runs.entries()) {
    const end = position + run;
    if (i % 2 === 1) setRun(bitmap, position, end, h, w);
    position = end;
  }
  return bitmap;
}

/** Sets the pixels `from`…`to - 1`, counted down the columns, in a row-major bitmap. */
function setRun(bitmap: Uint8Array, from: number, to: number, h: number, w: number): void {
  let x = Math.floor(from / h);
  let y = from % h;
  for (let left = to - from; left > 0; left--) {
    bitmap[y * w + x] = 1;
    if (++y === h) [x, y] = [x + 1, 0];
  }
}

/** Number of pixels that are set. */
export function rleArea(rle: Rle): number {
  return runsOf(rle).reduce((sum, run, i) => (i % 2 === 1 ? sum + run : sum), 0);
}

/** The smallest box around the pixels that are set (integers), or null when the mask is empty. */
export function toBox(rle: Rle): Box | null {
  const h = rle.size[0];
  let [x1, y1, x2, y2] = [Infinity, Infinity, -1, -1];
  let position = 0;
  for (const [i, run] of runsOf(rle).entries()) {
    if (i % 2 === 1 && run > 0) {
      const last = position + run - 1;
      const [first, final] = [Math.floor(position / h), Math.floor(last / h)];
      x1 = Math.min(x1, first);
      x2 = Math.max(x2, final);
      y1 = first === final ? Math.min(y1, position % h) : 0;
      y2 = first === final ? Math.max(y2, last % h) : h - 1;
    }
    position += run;
  }
  return x2 < 0 ? null : [x1, y1, x2 - x1 + 1, y2 - y1 + 1];
}

/** A mask without any pixel set. */
export function emptyRle(size: Size): Rle {
  return fromRuns([size.width * size.height], size);
}

/** True when no pixel is set. */
export function isEmpty(rle: Rle): boolean {
  return rleArea(rle) === 0;
}
