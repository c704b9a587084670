import { pixelBounds, type Box } from './box.ts';
import { decode, emptyRle, encodeWindow, type Rle } from './rle.ts';

/** A mask moved and stretched as its box is: from one box to another, nearest pixels, cut off at the picture. @throws RangeError on a damaged mask. */
export function warp(rle: Rle, from: Box, to: Box): Rle {
  const [height, width] = rle.size;
  const window = pixelBounds(to, { width, height });
  if (!window || from[2] <= 0 || from[3] <= 0 || to[2] <= 0 || to[3] <= 0) return emptyRle({ width, height });
  const bitmap = decode(rle);
  const [sx, sy] = [from[2] / to[2], from[3] / to[3]];
  const out = new Uint8Array(window[2] * window[3]);
  for (let y = 0; y < window[3]; y++) {
    const row = Math.floor(from[1] + (window[1] + y + 0.5 - to[1]) * sy);
    if (row < 0 || row >= height) continue;
    for (let x = 0; x < window[2]; x++) {
      const column = Math.floor(from[0] + (window[0] + x + 0.5 - to[0]) * sx);
      if (column >= 0 && column < width && bitmap[row * width + column] === 1) out[y * window[2] + x] = 1;
    }
  }
  return encodeWindow(out, window, { width, height });
}
