import { EmendError } from '#core/errors.ts';
import { pixelBounds, type Box, type Size } from '#core/geometry/box.ts';
import { emptyRle, encodeWindow, type Rle } from '#core/geometry/rle.ts';
import type { Prompts, RgbImage } from './port.ts';

/** What goes before and after Spark, by its contract `spark-1` (models/spark/CONTRACT.md). Runs in workers and in the browser. */
export const SPARK_CONTRACT = 'spark-1';
export const SPARK_SIZE = 128;
export const SPARK_CHANNELS = 7;
const CONTEXT = 1.5;
const MIN_SIDE = 16;
const MAX_TAPS = 4;
const CLICK_RADIUS = 8;
const CLIP_MARGIN = 0.1;
const PLANE = SPARK_SIZE * SPARK_SIZE;

/** The square window of the image that the network sees as 128 × 128 pixels; image pixels, may reach over the border. */
export interface SparkCrop {
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

export function sparkCrop([x, y, w, h]: Box): SparkCrop {
  const side = Math.max(MIN_SIDE, CONTEXT * Math.max(w, h));
  return { x: x + w / 2 - side / 2, y: y + h / 2 - side / 2, side };
}

/** The box of the prompts; with clicks alone, one around the positive clicks. @throws EmendError `invalid` without either. */
export function sparkBox(prompts: Prompts, size: Size): Box {
  if (prompts.box) return prompts.box;
  const points = (prompts.points ?? []).filter(({ positive }) => positive).map(({ point }) => point);
  if (points.length === 0) throw new EmendError('invalid', 'A mask needs a box or a click on the object; nothing was changed. Draw a box first.');
  // One click says nothing about the size: an eighth of the shorter side is a guess that further clicks correct.
  const margin = Math.min(size.width, size.height) / 16;
  const [xs, ys] = [points.map(([px]) => px), points.map(([, py]) => py)];
  const [left, top] = [Math.min(...xs) - margin, Math.min(...ys) - margin];
  return [left, top, Math.max(...xs) + margin - left, Math.max(...ys) + margin - top];
}

/** Sampling weights of one axis: for each of the 128 crop positions, weights of the source positions from `first[i]` on. */
interface AxisWeights {
  readonly first: readonly number[];
  readonly weights: readonly Float64Array[];
  /** Share of valid sub-samples per crop position. */
  readonly valid: Float64Array;
}

function axisWeights(start: number, scale: number, length: number): AxisWeights {
  const taps = Math.min(MAX_TAPS, Math.max(1, Math.ceil(scale)));
  const first: number[] = [];
  const weights: Float64Array[] = [];
  const valid = new Float64Array(SPARK_SIZE);
  for (let j = 0; j < SPARK_SIZE; j++) {
    const places: (readonly [number, number])[] = [];
    for (let t = 0; t < taps; t++) {
      const where = start + (j + (t + 0.5) / taps) * scale;
      if (where < 0 || where >= length) continue;
      const place = Math.min(Math.max(where - 0.5, 0), length - 1);
      places.push([Math.floor(place), place - Math.floor(place)]);
    }
    const low = places[0]?.[0] ?? 0;
    const high = Math.min((places[places.length - 1]?.[0] ?? 0) + 1, length - 1);
    const row = new Float64Array(high - low + 1);
    for (const [at, fraction] of places) {
      row[at - low] = (row[at - low] ?? 0) + (1 - fraction) / taps;
      const next = Math.min(at + 1, length - 1) - low;
      row[next] = (row[next] ?? 0) + fraction / taps;
    }
    first.push(low);
    weights.push(row);
    valid[j] = places.length / taps;
  }
  return { first, weights, valid };
}

/** The network's input: float32 `[7, 128, 128]` — R, G, B, validity, box, positive clicks, negative clicks. */
export function sparkInput(image: RgbImage, box: Box, points: Prompts['points'] = []): Float32Array<ArrayBuffer> {
  const crop = sparkCrop(box);
  const scale = crop.side / SPARK_SIZE;
  const across = axisWeights(crop.x, scale, image.width);
  const down = axisWeights(crop.y, scale, image.height);
  const input = new Float32Array(SPARK_CHANNELS * PLANE);
  sampleColours(image, across, down, input);
  const [bx, by] = [coverage(box[0] - crop.x, box[2], scale), coverage(box[1] - crop.y, box[3], scale)];
  for (let i = 0; i < SPARK_SIZE; i++) {
    for (let j = 0; j < SPARK_SIZE; j++) {
      input[3 * PLANE + i * SPARK_SIZE + j] = (down.valid[i] ?? 0) * (across.valid[j] ?? 0);
      input[4 * PLANE + i * SPARK_SIZE + j] = (by[i] ?? 0) * (bx[j] ?? 0);
    }
  }
  for (const { point, positive } of points) addClick(input, (positive ? 5 : 6) * PLANE, (point[0] - crop.x) / scale, (point[1] - crop.y) / scale);
  return input;
}

/** Separable resampling: every source row is squeezed once per channel, then rows are mixed. Plain loops: this runs for every frame of a drag. */
function sampleColours(image: RgbImage, across: AxisWeights, down: AxisWeights, out: Float32Array): void {
  const squeezed = new Map<number, Float64Array>();
  const sum = new Float64Array(SPARK_SIZE * 3);
  for (let i = 0; i < SPARK_SIZE; i++) {
    const first = down.first[i] ?? 0;
    const weights = down.weights[i] ?? new Float64Array();
    sum.fill(0);
    for (let k = 0; k < weights.length; k++) {
      const weight = weights[k] ?? 0;
      if (weight === 0) continue;
      let row = squeezed.get(first + k);
      if (!row) squeezed.set(first + k, (row = squeezeRow(image, first + k, across)));
      for (let c = 0; c < sum.length; c++) sum[c] = (sum[c] ?? 0) + weight * (row[c] ?? 0);
    }
    for (let j = 0, at = i * SPARK_SIZE; j < SPARK_SIZE; j++, at++) {
      out[at] = (sum[j * 3] ?? 0) / 255;
      out[PLANE + at] = (sum[j * 3 + 1] ?? 0) / 255;
      out[2 * PLANE + at] = (sum[j * 3 + 2] ?? 0) / 255;
    }
    for (const key of squeezed.keys()) if (key < first) squeezed.delete(key);
  }
}

function squeezeRow({ width, data }: RgbImage, r: number, across: AxisWeights): Float64Array {
  const out = new Float64Array(SPARK_SIZE * 3);
  for (let j = 0; j < SPARK_SIZE; j++) {
    const weights = across.weights[j] ?? new Float64Array();
    let from = (r * width + (across.first[j] ?? 0)) * 3;
    let [red, green, blue] = [0, 0, 0];
    for (let k = 0; k < weights.length; k++, from += 3) {
      const weight = weights[k] ?? 0;
      red += weight * (data[from] ?? 0);
      green += weight * (data[from + 1] ?? 0);
      blue += weight * (data[from + 2] ?? 0);
    }
    out[j * 3] = red;
    out[j * 3 + 1] = green;
    out[j * 3 + 2] = blue;
  }
  return out;
}

/** Share of each crop pixel of one axis that the box covers. */
function coverage(offset: number, length: number, scale: number): Float64Array {
  const [low, high] = [offset / scale, (offset + length) / scale];
  return Float64Array.from({ length: SPARK_SIZE }, (_, j) => Math.min(1, Math.max(0, Math.min(j + 1, high) - Math.max(j, low))));
}

function addClick(input: Float32Array, base: number, u: number, v: number): void {
  for (let i = 0; i < SPARK_SIZE; i++) {
    for (let j = 0; j < SPARK_SIZE; j++) {
      const value = 1 - Math.hypot(j + 0.5 - u, i + 0.5 - v) / CLICK_RADIUS;
      const at = base + i * SPARK_SIZE + j;
      if (value > (input[at] ?? 0)) input[at] = value;
    }
  }
}

/** The mask in the image from `logits` `[128, 128]`: enlarged bilinearly, > 0, clipped to the box grown by a tenth on each side. */
export function sparkMask(logits: Float32Array, box: Box, size: Size): Rle {
  const [x, y, w, h] = box;
  const crop = sparkCrop(box);
  const grown: Box = [x - CLIP_MARGIN * w, y - CLIP_MARGIN * h, w * (1 + 2 * CLIP_MARGIN), h * (1 + 2 * CLIP_MARGIN)];
  const window = pixelBounds(grown, size);
  if (window === null) return emptyRle(size);
  const columns = places(window[0], window[2], grown[0], x + (1 + CLIP_MARGIN) * w, crop.x, crop.side);
  const rows = places(window[1], window[3], grown[1], y + (1 + CLIP_MARGIN) * h, crop.y, crop.side);
  const bitmap = new Uint8Array(window[2] * window[3]);
  for (const [r, row] of rows.entries()) {
    for (const [c, column] of columns.entries()) {
      if (row >= 0 && column >= 0 && interpolate(logits, column, row) > 0) bitmap[r * window[2] + c] = 1;
    }
  }
  return encodeWindow(bitmap, window, size);
}

/** Positions in the logits of `count` pixels from `from` on; -1 for pixels whose centre lies outside the grown box or the crop. */
function places(from: number, count: number, low: number, high: number, start: number, side: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const centre = from + i + 0.5;
    if (centre < low || centre > high || centre < start || centre >= start + side) return -1;
    return Math.min(SPARK_SIZE - 1, Math.max(0, ((centre - start) / side) * SPARK_SIZE - 0.5));
  });
}

function interpolate(logits: Float32Array, u: number, v: number): number {
  const [c0, r0] = [Math.floor(u), Math.floor(v)];
  const [c1, r1] = [Math.min(c0 + 1, SPARK_SIZE - 1), Math.min(r0 + 1, SPARK_SIZE - 1)];
  const [fx, fy] = [u - c0, v - r0];
  const at = (row: number, column: number): number => logits[row * SPARK_SIZE + column] ?? 0;
  return (at(r0, c0) * (1 - fx) + at(r0, c1) * fx) * (1 - fy) + (at(r1, c0) * (1 - fx) + at(r1, c1) * fx) * fy;
}
