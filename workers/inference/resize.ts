import type { RgbImage } from '#core/segmentation/port.ts';

/** OpenCV computes 8-bit bilinear weights with 11 bits (INTER_RESIZE_COEF_BITS). */
const ONE = 2048;

/** For each target position: the left source position and the weights of it and its right neighbour (sum 2048). */
interface Axis {
  readonly from: Int32Array;
  readonly next: Int32Array;
  readonly first: Int32Array;
  readonly second: Int32Array;
}

/**
 * Bilinear resize of RGB, equal to OpenCV's `cv2.resize(…, interpolation=cv2.INTER_LINEAR)` on 8-bit images, level by level: the same
 * fixed-point arithmetic (modules/imgproc/src/resize.cpp), and its switch to area averaging when both sides are exactly halved.
 */
export function resizeBilinear(image: RgbImage, width: number, height: number): RgbImage {
  if (image.width === width && image.height === height) return image;
  if (image.width === width * 2 && image.height === height * 2) return halve(image);
  const columns = axis(image.width, width, true);
  const rows = axis(image.height, height, false);
  const data = new Uint8Array(width * height * 3);
  let [upper, lower] = [new Int32Array(width * 3), new Int32Array(width * 3)];
  let [upperRow, lowerRow] = [-1, -1];
  for (let y = 0; y < height; y++) {
    const [top, bottom] = [rows.from[y] ?? 0, rows.next[y] ?? 0];
    if (upperRow !== top) {
      if (lowerRow === top) [upper, lower, lowerRow] = [lower, upper, -1];
      else resizeRow(image, top, columns, upper);
      upperRow = top;
    }
    if (lowerRow !== bottom) {
      resizeRow(image, bottom, columns, lower);
      lowerRow = bottom;
    }
    blend(upper, lower, rows.first[y] ?? 0, rows.second[y] ?? 0, data, y * width * 3);
  }
  return { data, width, height };
}

/** At the borders OpenCV repeats the last pixel: along a row by weights (2048, 0), down a column by the same row twice, which rounds differently. */
function axis(source: number, target: number, snap: boolean): Axis {
  const out = { from: new Int32Array(target), next: new Int32Array(target), first: new Int32Array(target), second: new Int32Array(target) };
  const scale = 1 / (target / source);
  for (let i = 0; i < target; i++) {
    const place = Math.fround((i + 0.5) * scale - 0.5);
    let left = Math.floor(place);
    let fraction = Math.fround(place - left);
    if (snap && left < 0) [left, fraction] = [0, 0];
    if (snap && left >= source - 1) [left, fraction] = [source - 1, 0];
    out.from[i] = Math.max(left, 0);
    out.next[i] = Math.min(left + 1, source - 1);
    out.first[i] = roundHalfEven(Math.fround(1 - fraction) * ONE);
    out.second[i] = roundHalfEven(fraction * ONE);
  }
  return out;
}

function resizeRow(image: RgbImage, row: number, columns: Axis, out: Int32Array): void {
  const { data, width } = image;
  const base = row * width * 3;
  const count = columns.from.length;
  for (let x = 0, to = 0; x < count; x++, to += 3) {
    const left = base + (columns.from[x] ?? 0) * 3;
    const right = base + (columns.next[x] ?? 0) * 3;
    const [a, b] = [columns.first[x] ?? 0, columns.second[x] ?? 0];
    out[to] = (data[left] ?? 0) * a + (data[right] ?? 0) * b;
    out[to + 1] = (data[left + 1] ?? 0) * a + (data[right + 1] ?? 0) * b;
    out[to + 2] = (data[left + 2] ?? 0) * a + (data[right + 2] ?? 0) * b;
  }
}

function blend(upper: Int32Array, lower: Int32Array, a: number, b: number, out: Uint8Array, at: number): void {
  for (let i = 0; i < upper.length; i++) {
    out[at + i] = (((a * ((upper[i] ?? 0) >> 4)) >> 16) + ((b * ((lower[i] ?? 0) >> 4)) >> 16) + 2) >> 2;
  }
}

function halve({ data, width, height }: RgbImage): RgbImage {
  const [w, h] = [width / 2, height / 2];
  const out = new Uint8Array(w * h * 3);
  const row = width * 3;
  for (let y = 0, to = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const from = y * 2 * row + x * 6;
      for (let c = from; c < from + 3; c++) {
        out[to++] = ((data[c] ?? 0) + (data[c + 3] ?? 0) + (data[c + row] ?? 0) + (data[c + row + 3] ?? 0) + 2) >> 2;
      }
    }
  }
  return { data: out, width: w, height: h };
}

/** Rounds to the nearest integer, halves to the even one: Python's `round` and OpenCV's `cvRound`. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
