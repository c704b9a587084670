/** Spark in the browser: one worker, one session, one picture. Answers in the order of the questions; who asks keeps only the newest. */
import type { InferenceSession } from 'onnxruntime-web';
import type { RgbImage } from '#core/segmentation/port.ts';
import { SPARK_CHANNELS, SPARK_SIZE, sparkCrop, sparkInput } from '#core/segmentation/spark.ts';
import modelUrl from '../../models/spark.onnx?url';
import type { PreviewField, SparkAnswer, SparkRequest } from './messages.ts';

type Ort = typeof import('onnxruntime-web');
interface Loaded { ort: Ort; session: InferenceSession }

let picture: { id: number; image: RgbImage; scale: number } | null = null;
let loaded: Promise<Loaded> | null = null;

function post(answer: SparkAnswer, transfer: Transferable[] = []): void {
  self.postMessage(answer, { transfer });
}

/** WebGPU where the browser has a device for it, else WebAssembly with SIMD, which every browser of the last years has. */
async function load(): Promise<Loaded> {
  const bytes = new Uint8Array(await (await fetch(modelUrl)).arrayBuffer());
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  if (adapter) {
    try {
      const ort = await import('onnxruntime-web/webgpu');
      const session = await ort.InferenceSession.create(bytes, { executionProviders: ['webgpu'] });
      post({ type: 'ready', backend: 'webgpu' });
      return { ort, session };
    } catch (error) {
      console.info('Spark does not run on WebGPU here, WebAssembly is used.', error);
    }
  }
  const ort = await import('onnxruntime-web/wasm');
  // More threads would be workers of this worker: for a network of milliseconds their start costs more than they give.
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'], graphOptimizationLevel: 'all' });
  post({ type: 'ready', backend: 'wasm' });
  return { ort, session };
}

function unpack(bitmap: ImageBitmap): RgbImage {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true, alpha: false });
  if (!context) throw new Error('this browser gives no canvas in a worker');
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data: rgba } = context.getImageData(0, 0, width, height);
  const data = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    data[to++] = rgba[from] ?? 0;
    data[to++] = rgba[from + 1] ?? 0;
    data[to++] = rgba[from + 2] ?? 0;
  }
  return { width, height, data };
}

async function ask({ picture: id, key, box }: Extract<SparkRequest, { type: 'ask' }>): Promise<void> {
  const { ort, session } = await (loaded ??= load());
  if (picture?.id !== id) return;
  const { image, scale } = picture;
  const began = performance.now();
  const [x, y, w, h] = box;
  const input = new ort.Tensor('float32', sparkInput(image, [x * scale, y * scale, w * scale, h * scale]), [1, SPARK_CHANNELS, SPARK_SIZE, SPARK_SIZE]);
  const { logits, quality } = await session.run({ input });
  if (!(logits?.data instanceof Float32Array) || !(quality?.data instanceof Float32Array)) throw new Error('Spark answered in another form than its contract says');
  const value: PreviewField = { box, crop: sparkCrop(box), field: bytesOf(logits.data), score: Math.min(1, Math.max(0, quality.data[0] ?? 0)) };
  post({ type: 'field', picture: id, key, value, ms: performance.now() - began }, [value.field.buffer]);
}

/** Logits as texture bytes; beyond ±4 Spark is sure, and the edge lies between. */
function bytesOf(logits: Float32Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(logits, (value) => Math.min(255, Math.max(0, 128 + value * 32)));
}

self.onmessage = ({ data }: MessageEvent<SparkRequest>) => {
  const work = data.type === 'ask'
    ? ask(data)
    : Promise.resolve().then(() => {
      picture = { id: data.picture, image: unpack(data.bitmap), scale: data.scale };
      return (loaded ??= load());
    });
  work.catch((error: unknown) => { post({ type: 'failed', message: error instanceof Error ? error.message : String(error) }); });
};
