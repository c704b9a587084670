import type { Box } from '#core/geometry/box.ts';
import { runsOf, toBox, type Rle } from '#core/geometry/rle.ts';

/** The part of a mask that holds something: its place in the image and a row-major bitmap of 0 and 255, one byte per `step` pixels. */
export interface MaskCrop {
  /** Whole image pixels. */
  readonly window: Box;
  readonly width: number;
  readonly height: number;
  readonly bitmap: Uint8Array;
}

/** No texture may be larger on any GPU that matters; larger masks are shown coarser. */
const MAX_SIDE = 4096;

/** Unpacks only the window around the object: the cost follows the object, not the image. Null for an empty or damaged mask. */
export function cropMask(rle: Rle): MaskCrop | null {
  try {
    const window = toBox(rle);
    return window && unpack(rle, window);
  } catch {
    return null;
  }
}

function unpack(rle: Rle, window: Box): MaskCrop {
  const [x0, y0, w, h] = window;
  const step = Math.ceil(Math.max(w, h) / MAX_SIDE);
  const [width, height] = [Math.ceil(w / step), Math.ceil(h / step)];
  const bitmap = new Uint8Array(width * height);
  const rows = rle.size[0];
  let position = 0;
  for (const [i, run] of runsOf(rle).entries()) {
    if (i % 2 === 1) {
      for (let p = position; p < position + run; p++) {
        const x = Math.floor(p / rows) - x0;
        const y = (p % rows) - y0;
        bitmap[Math.floor(y / step) * width + Math.floor(x / step)] = 255;
      }
    }
    position += run;
  }
  return { window, width, height, bitmap };
}
