import { Tensor } from 'onnxruntime-node';
import { EmendError } from '#core/errors.ts';
import type { Size } from '#core/geometry/box.ts';
import { decode as decodeRle, type Rle } from '#core/geometry/rle.ts';
import type { Prompts } from '#core/segmentation/port.ts';
import type { OnnxMeta, OnnxValueInfo } from './onnxMeta.ts';
import type { Family } from './samInput.ts';

/** The picture, and the side of the embedding's grid (64; the decoder's coordinates reach to 16 times that). */
export interface DecoderShape {
  readonly image: Size;
  readonly grid: number;
}

const INT64 = 7;

/** Which family a decoder belongs to, by its inputs. @throws EmendError `unsupported` when it is none that is known. */
export function decoderFamily(meta: OnnxMeta): Family {
  const names = new Set(meta.inputs.map(({ name }) => name));
  if (names.has('batched_point_coords') && names.has('batched_point_labels')) return 'efficient-sam';
  if (!names.has('point_coords') || !names.has('point_labels')) {
    throw new EmendError('unsupported', 'This segmentation decoder takes no points or boxes that the program knows (SAM, MobileSAM, EfficientSAM and SAM 2.1 exports).');
  }
  return meta.inputs.some(({ name }) => /^high_?res/i.test(name)) ? 'sam2' : 'sam';
}

interface LabelledPoint {
  readonly x: number;
  readonly y: number;
  /** 1 object, 0 background, 2 and 3 the corners of a box, -1 padding. */
  readonly label: number;
}

/** What the decoder is told beside the prompts. */
export interface DecoderHints {
  /** Logits of the previous mask in the decoder's low resolution, where they are known: they say more than the mask itself. */
  readonly logits: Float32Array | undefined;
  /** For `orig_im_size`. */
  readonly size: Size;
}

/** Every input of the decoder that says what the person wants. @throws EmendError `invalid` without box and positive point. */
export function promptTensors(meta: OnnxMeta, family: Family, shape: DecoderShape, prompts: Prompts, hints: DecoderHints): Record<string, Tensor> {
  const points = orderedPoints(family, prompts);
  const [sx, sy] = coordinateScale(family, shape);
  const coordinates = Float32Array.from(points.flatMap(({ x, y }) => [x * sx, y * sy]));
  const labels = Float32Array.from(points, ({ label }) => label);
  const queries = family === 'efficient-sam' ? [1, 1] : [1];
  const feeds: Record<string, Tensor> = {};
  for (const input of meta.inputs) {
    if (/point_coords$/.test(input.name)) feeds[input.name] = new Tensor('float32', coordinates, [...queries, points.length, 2]);
    else if (/point_labels$/.test(input.name)) feeds[input.name] = new Tensor('float32', labels, [...queries, points.length]);
    else if (input.name === 'mask_input') feeds[input.name] = maskTensor(prompts.previous, shape, family, hints.logits);
    else if (input.name === 'has_mask_input') feeds[input.name] = new Tensor('float32', Float32Array.of(prompts.previous ? 1 : 0), [1]);
    else if (input.name === 'orig_im_size') feeds[input.name] = sizeTensor(input, hints.size);
  }
  return feeds;
}

/** SAM puts a box behind the clicks and a padding point where there is none; SAM 2 puts the box first and pads by itself. */
function orderedPoints(family: Family, prompts: Prompts): LabelledPoint[] {
  const clicks = (prompts.points ?? [])
    .filter(({ positive }) => positive || family !== 'efficient-sam') // EfficientSAM knows no background clicks
    .map(({ point, positive }): LabelledPoint => ({ x: point[0], y: point[1], label: positive ? 1 : 0 }));
  if (!prompts.box) {
    if (!clicks.some(({ label }) => label === 1)) throw new EmendError('invalid', 'A mask needs a box or a click on the object; nothing was changed. Draw a box first.');
    return family === 'sam' ? [...clicks, { x: 0, y: 0, label: -1 }] : clicks;
  }
  const [x, y, w, h] = prompts.box;
  const corners: LabelledPoint[] = [{ x, y, label: 2 }, { x: x + w, y: y + h, label: 3 }];
  return family === 'sam' ? [...clicks, ...corners] : [...corners, ...clicks];
}

/** From picture pixels to the decoder's coordinates. */
function coordinateScale(family: Family, { image, grid }: DecoderShape): [number, number] {
  const side = grid * 16;
  if (family === 'efficient-sam') return [1, 1]; // scales by orig_im_size itself
  if (family === 'sam2') return [side / image.width, side / image.height];
  const scale = side / Math.max(image.width, image.height);
  return [Math.floor(image.width * scale + 0.5) / image.width, Math.floor(image.height * scale + 0.5) / image.height];
}

/** `[height, width]`, in the type that the export wants. */
function sizeTensor(input: OnnxValueInfo, { width, height }: Size): Tensor {
  return input.elementType === INT64 ? new Tensor('int64', BigInt64Array.of(BigInt(height), BigInt(width)), [2]) : new Tensor('float32', Float32Array.of(height, width), [2]);
}

function maskTensor(previous: Rle | undefined, shape: DecoderShape, family: Family, logits: Float32Array | undefined): Tensor {
  const side = shape.grid * 4;
  return new Tensor('float32', logits ?? (previous ? lowResolution(previous, shape, family) : new Float32Array(side * side)), [1, 1, side, side]);
}

/** A mask of the picture as SAM's `mask_input`: ±10 in the decoder's low resolution. */
function lowResolution(previous: Rle, shape: DecoderShape, family: Family): Float32Array<ArrayBuffer> {
  const side = shape.grid * 4;
  const { width, height } = shape.image;
  const bitmap = decodeRle(previous);
  const [sx, sy] = family === 'sam' ? [Math.max(width, height) / side, Math.max(width, height) / side] : [width / side, height / side];
  return Float32Array.from({ length: side * side }, (_, i) => {
    const x = Math.floor(((i % side) + 0.5) * sx);
    const y = Math.floor((Math.floor(i / side) + 0.5) * sy);
    return x < width && y < height && bitmap[y * width + x] === 1 ? 10 : -10;
  });
}
