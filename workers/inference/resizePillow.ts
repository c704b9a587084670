import type { RgbImage } from '#core/segmentation/port.ts';

/** Pillow computes 8-bit resampling weights with 22 bits (32 − 8 − 2). */
const BITS = 22;

interface Kernel {
  readonly first: number;
  readonly weights: Float64Array;
}

/**
 * Resize of RGB as Pillow’s `Image.resize(…, BILINEAR)` does it (single values may differ by one level), which widens its triangle when it shrinks (unlike OpenCV): what SAM's own
 * preprocessing uses. Source: Pillow, src/libImaging/Resample.c.
 */
export function resizePillow(image: RgbImage, width: number, height: number): RgbImage {
  const across = image.width === width ? image : pass(image, width, image.height, kernels(image.width, width), 3, image.width * 3, 3, width * 3);
  if (across.height === height) return across;
  return pass(across, width, height, kernels(image.height, height), width * 3, 3, width * 3, 3);
}

/**
 * The same filter without rounding on the way, as torchvision resizes tensors (torch.nn.functional.interpolate, antialias=True): what SAM 2 is fed with.
 * Row-major RGB, 0…255.
 */
export function resizeSmooth({ data, width: from, height: rows }: RgbImage, width: number, height: number): Float32Array {
  const across = smoothPass(data, rows, kernels(from, width, 1), 3, from * 3, width);
  return smoothPass(across, width, kernels(rows, height, 1), width * 3, 3, height);
}

/** One direction of {@link resizeSmooth}; `step` and `line` count values. */
function smoothPass(source: ArrayLike<number>, lines: number, list: readonly Kernel[], step: number, line: number, length: number): Float32Array {
  const out = new Float32Array(lines * length * 3);
  // Along rows the results stand beside each other, along columns below each other.
  const [toStep, toLine] = step === 3 ? [3, length * 3] : [lines * 3, 3];
  for (let l = 0; l < lines; l++) {
    for (const [i, { first, weights }] of list.entries()) {
      const from = l * line + first * step;
      const to = l * toLine + i * toStep;
      for (let k = 0; k < weights.length; k++) {
        const weight = weights[k] ?? 0;
        const at = from + k * step;
        for (let channel = 0; channel < 3; channel++) out[to + channel] = (out[to + channel] ?? 0) + (source[at + channel] ?? 0) * weight;
      }
    }
  }
  return out;
}

/** `unit`: the sum of the weights of one position; whole numbers, unless it is 1. */
function kernels(source: number, target: number, unit = 2 ** BITS): Kernel[] {
  const scale = source / target;
  const support = Math.max(scale, 1);
  const inverse = 1 / support; // multiplied, not divided by: the last bit of a weight decides some roundings
  return Array.from({ length: target }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(source, Math.trunc(centre + support + 0.5));
    const weights = Float64Array.from({ length: end - first }, (_, k) => Math.max(0, 1 - Math.abs((k + first - centre + 0.5) * inverse)));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => (unit === 1 ? weight / sum : Math.trunc((weight / sum) * unit + 0.5))) };
  });
}

/** One direction: `step` bytes between neighbours along it, `line` bytes between the lines across it, in source and target. */
function pass(image: RgbImage, width: number, height: number, list: readonly Kernel[], step: number, line: number, toStep: number, toLine: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  const lines = data.length / 3 / list.length;
  for (let l = 0; l < lines; l++) {
    for (const [i, { first, weights }] of list.entries()) {
      for (let channel = 0; channel < 3; channel++) {
        let sum = 2 ** (BITS - 1);
        let from = l * line + first * step + channel;
        for (const weight of weights) {
          sum += (image.data[from] ?? 0) * weight;
          from += step;
        }
        data[l * toLine + i * toStep + channel] = Math.min(255, Math.max(0, Math.floor(sum / 2 ** BITS)));
      }
    }
  }
  return { data, width, height };
}
