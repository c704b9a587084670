import type { Size } from '#core/geometry/box.ts';
import type { RgbImage } from '#core/segmentation/port.ts';
import { resizeBilinear, roundHalfEven } from './resize.ts';

/** Ultralytics' grey around the picture. */
const PADDING = 114;

/** How a picture was fitted into the model's input; all in pixels of that input. */
export interface Letterbox {
  readonly input: Size;
  readonly image: Size;
  readonly resized: Size;
  readonly left: number;
  readonly top: number;
  /** Input pixels per image pixel, per axis (they differ by the rounding of `resized`). */
  readonly gainX: number;
  readonly gainY: number;
}

/**
 * Where a picture lies in the input. `target` is the export's size; with `stride` (a dynamic export) the padding is cut down to the next
 * multiple of it. Source: ultralytics/data/augment.py, LetterBox, and utils/ops.py, scale_boxes (8.4).
 */
export function letterboxOf(image: Size, target: Size, stride: number | null): Letterbox {
  const gain = Math.min(target.height / image.height, target.width / image.width);
  const resized = { width: side(image.width, gain), height: side(image.height, gain) };
  let [dw, dh] = [target.width - resized.width, target.height - resized.height];
  if (stride !== null) [dw, dh] = [dw % stride, dh % stride];
  const [left, right] = [roundHalfEven(dw / 2 - 0.1), roundHalfEven(dw / 2 + 0.1)];
  const [top, bottom] = [roundHalfEven(dh / 2 - 0.1), roundHalfEven(dh / 2 + 0.1)];
  const input = { width: resized.width + left + right, height: resized.height + top + bottom };
  return { input, image: { width: image.width, height: image.height }, resized, left, top, gainX: resized.width / image.width, gainY: resized.height / image.height };
}

function side(length: number, gain: number): number {
  return Math.max(roundHalfEven(length * gain), 1);
}

const UNIT = Float32Array.from({ length: 256 }, (_, level) => Math.fround(level) / 255);

/** The network's input: float32 `[3, height, width]` of `box.input`, RGB, 0…1. */
export function letterbox(image: RgbImage, box: Letterbox): Float32Array<ArrayBuffer> {
  const { data } = resizeBilinear(image, box.resized.width, box.resized.height);
  const plane = box.input.width * box.input.height;
  const out = new Float32Array(plane * 3).fill(UNIT[PADDING] ?? 0);
  for (let y = 0, from = 0; y < box.resized.height; y++) {
    let to = (y + box.top) * box.input.width + box.left;
    for (let x = 0; x < box.resized.width; x++, to++, from += 3) {
      out[to] = UNIT[data[from] ?? 0] ?? 0;
      out[to + plane] = UNIT[data[from + 1] ?? 0] ?? 0;
      out[to + 2 * plane] = UNIT[data[from + 2] ?? 0] ?? 0;
    }
  }
  return out;
}
