import { EmendError } from '#core/errors.ts';
import type { RgbImage } from '#core/segmentation/port.ts';
import type { OnnxMeta } from './onnxMeta.ts';
import { resizePillow, resizeSmooth } from './resizePillow.ts';

/**
 * `sam`: SAM, MobileSAM, TinySAM (letterbox at the top left). `sam2`: SAM 2 and 2.1 (stretched to a square). `efficient-sam`: takes
 * pictures of any size as they are.
 */
export type Family = 'sam' | 'sam2' | 'efficient-sam';

const MEAN = [123.675, 116.28, 103.53] as const;
const DEVIATION = [58.395, 57.12, 57.375] as const;
/** EfficientSAM shrinks to 1024 by itself; larger pictures are shrunk before, to save the runtime from hundreds of megabytes. */
const EFFICIENT_SAM_SIDE = 2048;
const SAM_SIDE = 1024;

/** Which family an encoder belongs to, by its inputs and outputs. @throws EmendError `unsupported` when it is none that is known. */
export function encoderFamily(meta: OnnxMeta): Family {
  const [input] = meta.inputs;
  if (meta.inputs.length !== 1 || !input || (input.shape.length !== 4 && input.shape.length !== 3)) {
    throw new EmendError('unsupported', 'This segmentation encoder does not take one picture as its input; the program knows SAM, MobileSAM, EfficientSAM and SAM 2.1 exports.');
  }
  if (input.name === 'batched_images') return 'efficient-sam';
  return meta.outputs.length >= 3 ? 'sam2' : 'sam';
}

/** The encoder's input for a picture. */
export function encoderInput(meta: OnnxMeta, family: Family, image: RgbImage): { name: string; data: Float32Array<ArrayBuffer>; dims: readonly number[] } {
  const [input] = meta.inputs;
  const name = input?.name ?? '';
  const shape = input?.shape ?? [];
  if (family === 'efficient-sam') {
    const small = shrink(image, EFFICIENT_SAM_SIDE);
    return { name, data: planes(small, small.width, small.height, (value) => value / 255), dims: [1, 3, small.height, small.width] };
  }
  const side = shape.length === 4 && typeof shape[2] === 'number' ? shape[2] : SAM_SIDE;
  const wide = shape.length === 4 && typeof shape[3] === 'number' ? shape[3] : side;
  if (family === 'sam2') {
    const square = resizeSmooth(image, wide, side);
    const plane = side * wide;
    const data = new Float32Array(3 * plane);
    for (let i = 0, from = 0; i < plane; i++) for (let channel = 0; channel < 3; channel++, from++) data[channel * plane + i] = normalise(square[from] ?? 0, channel);
    return { name, data, dims: [1, 3, side, wide] };
  }
  const resized = fitLongestSide(image, side);
  // Exports with a built-in preprocessing take the picture row by row and pad it themselves.
  if (shape.length === 3) return { name, data: Float32Array.from(resized.data), dims: [resized.height, resized.width, 3] };
  return { name, data: planes(resized, side, side, normalise), dims: [1, 3, side, side] };
}

function normalise(value: number, channel: number): number {
  return (value - (MEAN[channel] ?? 0)) / (DEVIATION[channel] ?? 1);
}

/** Source: segment_anything/utils/transforms.py, ResizeLongestSide. */
function fitLongestSide(image: RgbImage, side: number): RgbImage {
  const scale = side / Math.max(image.width, image.height);
  return resizePillow(image, Math.max(1, Math.floor(image.width * scale + 0.5)), Math.max(1, Math.floor(image.height * scale + 0.5)));
}

function shrink(image: RgbImage, side: number): RgbImage {
  return Math.max(image.width, image.height) <= side ? image : fitLongestSide(image, side);
}

/** `[3, height, width]`, the picture at the top left, zeros elsewhere. */
function planes(image: RgbImage, width: number, height: number, value: (level: number, channel: number) => number): Float32Array<ArrayBuffer> {
  const tables = [0, 1, 2].map((channel) => Float32Array.from({ length: 256 }, (_, level) => value(level, channel)));
  const out = new Float32Array(3 * width * height);
  for (const [channel, table] of tables.entries()) {
    for (let y = 0; y < image.height; y++) {
      let from = y * image.width * 3 + channel;
      const to = (channel * height + y) * width;
      for (let x = 0; x < image.width; x++, from += 3) out[to + x] = table[image.data[from] ?? 0] ?? 0;
    }
  }
  return out;
}
