import { EmendError } from '#core/errors.ts';
import type { Size } from '#core/geometry/box.ts';
import type { OnnxMeta } from './onnxMeta.ts';
import { parsePythonLiteral, type PythonValue } from './pythonLiteral.ts';

/** What a YOLO file says of itself. */
export interface YoloModel {
  readonly task: 'detect' | 'segment';
  /** Class names by position. */
  readonly names: readonly string[];
  readonly input: Size;
  readonly stride: number;
  /** `anchors`: v8 and 11 heads, duplicates left in. `end-to-end`: 26 and 10 heads. */
  readonly head: 'anchors' | 'end-to-end';
  /** The input's size may change from picture to picture. */
  readonly dynamic: boolean;
  /** Length of the feature vector that the file gives beside (output `features`, as our trainer exports it); 0 = none. */
  readonly features: number;
  readonly opset: number;
  /** Version of Ultralytics that exported it, as far as it says. */
  readonly exporter: string | null;
}

const FLOAT32 = 1;
const MAX_SIDE = 4096;
const MAX_CLASSES = 10_000;
const MAX_FEATURES = 8192;
/** Name of the optional output [1, C]: workers/trainer/features.py. */
export const FEATURES = 'features';

/**
 * Recognises an Ultralytics export by its metadata and outputs.
 * @throws EmendError `unsupported`, saying what is missing and how to export.
 */
export function describeYolo(meta: OnnxMeta): YoloModel {
  const task = meta.metadata.get('task');
  if (task !== 'detect' && task !== 'segment') refuse(task === undefined ? 'it carries no “task” in its metadata' : `its task is “${task.slice(0, 40)}”`);
  const [input] = meta.inputs;
  if (!input || meta.inputs.length !== 1 || input.shape.length !== 4) refuse('it does not take one picture as its input');
  if (input.elementType !== FLOAT32) refuse('it was exported in half precision or quantised at its input');
  if (input.shape[1] !== 3) refuse('it does not take pictures with three colour channels');
  if (typeof input.shape[0] === 'number' && input.shape[0] !== 1) refuse('it was exported for batches of several pictures');
  const features = featuresOf(meta);
  if (meta.outputs.length !== (task === 'segment' ? 2 : 1) + (features > 0 ? 1 : 0)) refuse('its outputs are not those of a detection or segmentation head');
  const names = readNames(meta.metadata.get('names'));
  return {
    task,
    names,
    input: readSize(meta, input.shape),
    stride: readStride(meta.metadata.get('stride')),
    head: isEndToEnd(meta, names.length) ? 'end-to-end' : 'anchors',
    dynamic: typeof input.shape[2] === 'string' || typeof input.shape[3] === 'string',
    features,
    opset: meta.opset,
    exporter: meta.metadata.get('version') ?? null,
  };
}

/** An output of that name in another form is none of ours, and counts like any output that does not belong there. */
function featuresOf(meta: OnnxMeta): number {
  const output = meta.outputs.find(({ name }) => name === FEATURES);
  const [rows, length] = output?.shape ?? [];
  return output?.elementType === FLOAT32 && output.shape.length === 2 && rows === 1 && typeof length === 'number' && length > 0 && length <= MAX_FEATURES ? length : 0;
}

function refuse(why: string): never {
  throw new EmendError('unsupported', `This model cannot be used: ${why}. Export it with Ultralytics: yolo export format=onnx (task detect or segment, batch 1, full precision).`);
}

function literal(text: string | undefined): PythonValue {
  try {
    return text === undefined ? null : parsePythonLiteral(text);
  } catch {
    return null;
  }
}

function readNames(text: string | undefined): string[] {
  const value = literal(text);
  const entries: [unknown, PythonValue][] = value instanceof Map ? [...value] : Array.isArray(value) ? [...value.entries()] : [];
  const names = new Array<string>(entries.length);
  for (const [key, name] of entries) {
    if (typeof key !== 'number' || typeof name !== 'string' || !Number.isInteger(key) || key < 0 || key >= entries.length) refuse('its class names cannot be read');
    names[key] = name;
  }
  if (names.length === 0 || names.length > MAX_CLASSES || names.includes('') || Object.keys(names).length !== names.length) refuse('its class names cannot be read');
  return names;
}

function readSize(meta: OnnxMeta, shape: readonly (number | string)[]): Size {
  const value = literal(meta.metadata.get('imgsz'));
  const [metaHeight, metaWidth]: readonly unknown[] = Array.isArray(value) ? value : [value, value];
  const [height, width] = [shape[2], shape[3]].map((side, i) => (typeof side === 'number' ? side : [metaHeight, metaWidth][i]));
  const fits = (side: unknown): side is number => typeof side === 'number' && Number.isInteger(side) && side >= 32 && side <= MAX_SIDE;
  if (!fits(height) || !fits(width)) refuse('its input size cannot be read');
  return { width, height };
}

function readStride(text: string | undefined): number {
  const stride = Number(text ?? 32);
  return Number.isInteger(stride) && stride >= 1 && stride <= 256 ? stride : 32;
}

/** Ultralytics' own rule: what the file says, else six values per row. */
function isEndToEnd(meta: OnnxMeta, classes: number): boolean {
  const said = meta.metadata.get('end2end');
  const options = literal(meta.metadata.get('args'));
  // nms=True puts the suppression into the file itself: rows of the same form.
  if (said === 'True' || (options instanceof Map && options.get('nms') === true)) return true;
  const rows = meta.outputs.find(({ shape }) => shape.length === 3)?.shape;
  return rows?.[2] === 6 && rows[1] !== 4 + classes;
}
