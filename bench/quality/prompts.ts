/** What a person would ask: a box that is not quite right, and clicks where the mask is wrong. */
import type { Box } from '#core/geometry/box.ts';
import { decode, type Rle } from '#core/geometry/rle.ts';
import type { PointPrompt } from '#core/segmentation/port.ts';
import type { Random } from '../../server/demo/random.ts';

/** Moves each side by up to ± `amount` of the box's width or height. */
export function jitter(random: Random, [x, y, w, h]: Box, amount: number): Box {
  const [left, right, top, bottom] = [0, 0, 0, 0].map(() => random.between(-amount, amount)) as [number, number, number, number];
  return [x + left * w, y + top * h, Math.max(1, w * (1 + right - left)), Math.max(1, h * (1 + bottom - top))];
}

/** A click into the middle of the larger kind of error (missed or extra); null when there is none. */
export function nextClick(truth: Rle, mask: Rle): PointPrompt | null {
  const [wanted, got] = [decode(truth), decode(mask)];
  const missed = wanted.map((bit, i) => (bit && !got[i] ? 1 : 0));
  const extra = got.map((bit, i) => (bit && !wanted[i] ? 1 : 0));
  const [ofMissed, ofExtra] = [count(missed), count(extra)];
  if (ofMissed + ofExtra === 0) return null;
  const positive = ofMissed >= ofExtra;
  const [height, width] = truth.size;
  const at = deepest(positive ? missed : extra, width, height);
  return { point: [(at % width) + 0.5, Math.floor(at / width) + 0.5], positive };
}

const count = (bitmap: Uint8Array): number => bitmap.reduce((sum, bit) => sum + bit, 0);

/** The first of the pixels that are farthest (city block) from the edge of a row-major bitmap that is not empty. */
function deepest(bitmap: Uint8Array, width: number, height: number): number {
  const depth = Int32Array.from(bitmap);
  const near = (at: number, x: number, y: number, dx: number, dy: number): number => (x + dx < 0 || x + dx >= width || y + dy < 0 || y + dy >= height ? 0 : depth[at + dx + dy * width] ?? 0);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) if (bitmap[at]) depth[at] = 1 + Math.min(near(at, x, y, -1, 0), near(at, x, y, 0, -1));
  }
  for (let y = height - 1, at = width * height - 1; y >= 0; y--) {
    for (let x = width - 1; x >= 0; x--, at--) if (bitmap[at]) depth[at] = Math.min(depth[at] ?? 0, 1 + Math.min(near(at, x, y, 1, 0), near(at, x, y, 0, 1)));
  }
  return depth.reduce((best, value, at) => (value > (depth[best] ?? 0) ? at : best), 0);
}
