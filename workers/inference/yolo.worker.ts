import { Tensor } from 'onnxruntime-node';
import { EmendError } from '#core/errors.ts';
import { fromCorners } from '#core/geometry/box.ts';
import { loadImage, type ImageSource } from './image.ts';
import { MaskAssembler } from './mask.ts';
import type { Instance, PredictOptions, Prediction } from './messages.ts';
import { decodeAnchors, decodeEndToEnd, toImage, type Detection, type FloatTensor } from './post.ts';
import { letterbox, letterboxOf, type Letterbox } from './pre.ts';
import { floatOutput, runModel, type LoadedModel, type Sessions } from './session.ts';
import { describeYolo, FEATURES, type YoloModel } from './yoloModel.ts';

/** Ultralytics' defaults of `predict`. */
const DEFAULTS = { conf: 0.25, iou: 0.7, maxDetections: 300, masks: true } as const;

/** Finds the instances of one picture, as `ultralytics predict` with `retina_masks=True` does on the same file. */
export async function predict(sessions: Sessions, modelPath: string, source: ImageSource, options: PredictOptions): Promise<Prediction> {
  const start = performance.now();
  const model = await sessions.open(modelPath);
  const yolo = describeYolo(model.meta);
  const image = await loadImage(source);
  const box = letterboxOf(image, yolo.input, yolo.dynamic ? yolo.stride : null);
  const { rows, protos, features } = await run(model, yolo, letterbox(image, box), box);
  const settings = { ...DEFAULTS, ...options };
  const detections = yolo.head === 'end-to-end' ? decodeEndToEnd(rows, settings) : decodeAnchors(rows, protos?.dims[1] ?? 0, settings);
  const found = protos && settings.masks ? withMasks(detections, protos, box) : detections.map((detection) => toInstance(detection, box));
  const instances = found.filter((instance) => instance.class < yolo.names.length);
  return { instances, width: image.width, height: image.height, ms: performance.now() - start, provider: model.provider, ...(features ? { features } : {}) };
}

interface Outputs {
  rows: FloatTensor;
  protos: FloatTensor | null;
  features: Float32Array | null;
}

async function run(model: LoadedModel, yolo: YoloModel, pixels: Float32Array<ArrayBuffer>, box: Letterbox): Promise<Outputs> {
  const [input] = model.meta.inputs;
  const outputs = await runModel(model, { [input?.name ?? 'images']: new Tensor('float32', pixels, [1, 3, box.input.height, box.input.width]) });
  const all = model.meta.outputs.filter(({ name }) => yolo.features === 0 || name !== FEATURES).map(({ name }) => floatOutput(outputs, name));
  const rows = all.find(({ dims }) => dims.length === 3);
  const protos = all.find(({ dims }) => dims.length === 4) ?? null;
  const coefficients = protos?.dims[1] ?? 0;
  const width = yolo.head === 'end-to-end' ? rows?.dims[2] : rows?.dims[1];
  const expected = coefficients + (yolo.head === 'end-to-end' ? 6 : 4 + yolo.names.length);
  if (!rows || width !== expected || (yolo.task === 'segment') !== (protos !== null)) {
    throw new EmendError('unsupported', 'The model’s outputs do not fit its class names. Export it again with Ultralytics.', `rows [${String(rows?.dims)}], expected ${expected} values each`);
  }
  return { rows, protos, features: yolo.features === 0 ? null : featuresIn(floatOutput(outputs, FEATURES), yolo.features) };
}

/** A copy of its own, so that it can go to another thread. A vector with a value that is no number says nothing about the picture. */
function featuresIn({ data }: FloatTensor, length: number): Float32Array | null {
  return data.length === length && data.every((value) => Number.isFinite(value)) ? data.slice() : null;
}

function toInstance(detection: Detection, box: Letterbox): Instance {
  return { class: detection.class, box: fromCorners(...toImage(detection.corners, box)), score: Math.min(1, Math.max(0, detection.score)) };
}

function withMasks(detections: readonly Detection[], protos: FloatTensor, box: Letterbox): Instance[] {
  const assembler = new MaskAssembler(protos, box.image);
  return detections.flatMap((detection) => {
    const mask = assembler.assemble(detection.coefficients, toImage(detection.corners, box));
    return mask === null ? [] : [{ ...toInstance(detection, box), mask }];
  });
}
