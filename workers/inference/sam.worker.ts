import { createHash, randomUUID } from 'node:crypto';
import { Tensor } from 'onnxruntime-node';
import { EmendError } from '#core/errors.ts';
import type { Box, Size } from '#core/geometry/box.ts';
import { encodeWindow, type Rle } from '#core/geometry/rle.ts';
import type { MaskCandidate, Prompts } from '#core/segmentation/port.ts';
import { Enlarger } from './enlarge.ts';
import { loadImage, type ImageSource } from './image.ts';
import { ByteCache } from './lru.ts';
import type { Embedding, SharedTensor } from './messages.ts';
import type { OnnxMeta } from './onnxMeta.ts';
import { encoderFamily, encoderInput, type Family } from './samInput.ts';
import { decoderFamily, promptTensors, type DecoderShape } from './samPrompts.ts';
import { floatOutput, runModel, type LoadedModel, type Sessions } from './session.ts';
import { share, unshare } from './sharedTensor.ts';

/** Recognises a pair by its inputs and outputs. @throws EmendError `unsupported` with what is wrong. */
export function inspect(encoder: OnnxMeta, decoder: OnnxMeta): void {
  const [ours, theirs] = [encoderFamily(encoder), decoderFamily(decoder)];
  if (ours !== theirs) throw new EmendError('unsupported', `These files do not belong together: the encoder is of the family ${ours}, the decoder of ${theirs}. Put both files of one model there.`);
}

/** Encodes a picture: the slow half, done once per picture. */
export async function encode(sessions: Sessions, encoderPath: string, source: ImageSource): Promise<Embedding> {
  const model = await sessions.open(encoderPath);
  const family = encoderFamily(model.meta);
  const image = await loadImage(source);
  const { name, data, dims } = encoderInput(model.meta, family, image);
  const outputs = await runModel(model, { [name]: new Tensor('float32', data, [...dims]) });
  const tensors: Record<string, SharedTensor> = {};
  for (const output of model.meta.outputs) {
    const { data: values, dims: shape } = floatOutput(outputs, output.name);
    tensors[output.name] = share(values, shape);
  }
  return { id: randomUUID(), image: { width: image.width, height: image.height }, tensors };
}

/** The embedding last used by this thread, already out of shared memory: clicks on one object come in rows. */
let last: { id: string; decoder: string; feeds: Record<string, Tensor> } | null = null;

/** Low-resolution logits of the masks that this thread has given out: what SAM wants to see again when clicks mend one of them. */
const given = new ByteCache<Float32Array>(32 * 2 ** 20, (logits) => logits.byteLength);

/** Masks for one object from an embedding, best first; at most `most`: the way back to picture pixels is a good part of the work. */
export async function decode(sessions: Sessions, decoderPath: string, embedding: Embedding, prompts: Prompts, most: number): Promise<MaskCandidate[]> {
  const model = await sessions.open(decoderPath);
  const family = decoderFamily(model.meta);
  const feeds = embeddingFeeds(model, decoderPath, embedding);
  const shape = shapeOf(feeds, embedding.image);
  // Not the counts themselves: those of a ragged mask are longer than its logits.
  const keyOf = ({ counts }: Rle): string => `${embedding.id} ${createHash('sha1').update(counts).digest('base64')}`;
  const names = outputNames(model.meta, family);
  const hints = { logits: prompts.previous && given.get(keyOf(prompts.previous)), size: names.low ? thumbnail(embedding.image) : embedding.image };
  const outputs = await runModel(model, { ...feeds, ...promptTensors(model.meta, family, shape, prompts, hints) }, [names.masks, names.scores]);
  const scores = floatOutput(outputs, names.scores).data;
  const masks = floatOutput(outputs, names.masks);
  return bestOf(scores, prompts).slice(0, most).map((index) => {
    const mask = maskAt(masks, index, family, shape);
    const logits = mapAt(masks, index);
    if (logits.length === (shape.grid * 4) ** 2) given.set(keyOf(mask), logits.slice());
    return { mask, score: Math.min(1, Math.max(0, scores[index] ?? 0)) };
  });
}

/** Which outputs are read; `low`: the masks are SAM's own small maps, whatever size is asked for. */
function outputNames(meta: OnnxMeta, family: Family): { masks: string; scores: string; low: boolean } {
  const names = meta.outputs.map(({ name }) => name);
  const low = family === 'efficient-sam' ? undefined : names.find((name) => /low_?res/i.test(name));
  return { masks: low ?? names[0] ?? '', scores: names.find((name) => /iou|score/i.test(name)) ?? names[1] ?? '', low: low !== undefined && family === 'sam' };
}

/**
 * The exports of segment_anything enlarge all masks to `orig_im_size` before anyone can take the small ones: 4 × 48 MB for a picture of 12 megapixels.
 * Nothing else in them depends on it, so they are told of a small picture of the same shape.
 */
function thumbnail({ width, height }: Size): Size {
  const scale = Math.min(1, 64 / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** The decoder's inputs that come from the encoder: by name, else by shape (exporters name them differently). */
function embeddingFeeds(model: LoadedModel, decoder: string, embedding: Embedding): Record<string, Tensor> {
  if (last !== null && last.id === embedding.id && last.decoder === decoder) return last.feeds;
  const feeds: Record<string, Tensor> = {};
  for (const input of model.meta.inputs) {
    if (!/embed|high_?res/i.test(input.name)) continue;
    const tensor = embedding.tensors[input.name] ?? Object.values(embedding.tensors).find(({ dims }) => fits(dims, input.shape));
    if (!tensor) throw new EmendError('unsupported', 'Encoder and decoder of this segmentation model do not belong together. Fetch both files of one model.', input.name);
    feeds[input.name] = new Tensor('float32', unshare(tensor), [...tensor.dims]);
  }
  last = { id: embedding.id, decoder, feeds };
  return feeds;
}

function fits(dims: readonly number[], shape: readonly (number | string)[]): boolean {
  return dims.length === shape.length && shape.every((side, i) => typeof side === 'string' || side === dims[i]);
}

function shapeOf(feeds: Readonly<Record<string, Tensor>>, image: Size): DecoderShape {
  const smallest = Object.values(feeds).map(({ dims }) => dims[2] ?? 0).sort((a, b) => a - b)[0] ?? 64;
  return { image, grid: smallest };
}

/**
 * Which of the masks, best first. Of SAM's four, the first answers a clear prompt (a box, several clicks) and the other three the
 * readings of a single click (segment_anything, mask_decoder.py); otherwise the model's own scores decide.
 */
function bestOf(scores: Float32Array, prompts: Prompts): number[] {
  const order = [...scores.keys()].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  if (scores.length !== 4) return order.slice(0, 3);
  const clear = prompts.box !== undefined || (prompts.points ?? []).length > 1;
  const others = order.filter((index) => index !== 0);
  return clear ? [0, ...others.slice(0, 2)] : others;
}

function mapAt(masks: { data: Float32Array; dims: readonly number[] }, index: number): Float32Array {
  const [height = 0, width = 0] = masks.dims.slice(-2);
  return masks.data.subarray(index * width * height, (index + 1) * width * height);
}

function maskAt(masks: { data: Float32Array; dims: readonly number[] }, index: number, family: Family, shape: DecoderShape): Rle {
  const [height = 0, width = 0] = masks.dims.slice(-2);
  const logits = mapAt(masks, index);
  const { image } = shape;
  if (width === image.width && height === image.height) return encodeWindow(Uint8Array.from(logits, (v) => (v > 0 ? 1 : 0)), [0, 0, width, height], image);
  // SAM's map covers the picture with its padding at the right and below; the others cover exactly the picture.
  const side = shape.grid * 16;
  const scale = side / Math.max(image.width, image.height);
  const content: Box = family === 'sam' ? [0, 0, Math.floor(image.width * scale + 0.5), Math.floor(image.height * scale + 0.5)] : [0, 0, width, height];
  const factor = family === 'sam' ? side / width : 1;
  const window = windowOf(logits, { width, height }, [content[0] / factor, content[1] / factor, content[2] / factor, content[3] / factor], image);
  if (window === null) return encodeWindow(new Uint8Array(1), [0, 0, 1, 1], image);
  const bitmap = new Enlarger({ map: { width, height }, factor, content, image }).bitmap(window, (columns, rows) => {
    const w = columns.last - columns.first + 1;
    const data = new Float32Array(w * (rows.last - rows.first + 1));
    for (let y = rows.first; y <= rows.last; y++) data.set(logits.subarray(y * width + columns.first, y * width + columns.last + 1), (y - rows.first) * w);
    return { data, left: columns.first, top: rows.first, width: w };
  });
  return encodeWindow(bitmap, window, image);
}

/** The part of the picture around the positive logits, with two map positions of margin: all that has to be enlarged. */
function windowOf(logits: Float32Array, map: Size, content: Box, image: Size): Box | null {
  let [x1, y1, x2, y2] = [Infinity, Infinity, -1, -1];
  for (let y = 0, at = 0; y < map.height; y++) {
    for (let x = 0; x < map.width; x++, at++) {
      if (!((logits[at] ?? 0) > 0)) continue;
      [x1, x2] = [Math.min(x1, x), Math.max(x2, x)];
      [y1, y2] = [Math.min(y1, y), Math.max(y2, y)];
    }
  }
  if (x2 < 0) return null;
  const [sx, sy] = [image.width / content[2], image.height / content[3]];
  const left = Math.max(0, Math.floor((x1 - 2) * sx));
  const top = Math.max(0, Math.floor((y1 - 2) * sy));
  const right = Math.min(image.width, Math.ceil((x2 + 3) * sx));
  const bottom = Math.min(image.height, Math.ceil((y2 + 3) * sy));
  return right > left && bottom > top ? [left, top, right - left, bottom - top] : null;
}
