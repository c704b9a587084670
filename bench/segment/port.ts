/** The port (threads, queues, preprocessing, the way back to a mask) beside bare ONNX Runtime on the same files, taking turns in one process. */
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor, type TypedTensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { createInference, type Provider } from '#inference';
import type { SamFiles } from '../../workers/inference/samFiles.ts';

export const SIZE = { width: 1600, height: 1200 } as const;
const BOX = [300, 300, 300, 250] as const;

export interface PortTimes {
  readonly encode: { readonly bare: number[]; readonly port: number[] };
  readonly decode: { readonly bare: number[]; readonly port: number[] };
  /** Decodes while the encode lane never rests. */
  readonly busy: number[];
  readonly provider: string;
}

async function since(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** What the encoder wants, without the work of preparing it. */
function noise(session: InferenceSession): Record<string, Tensor> {
  const [meta] = session.inputMetadata;
  if (!meta?.isTensor) throw new Error('the encoder takes no tensor');
  const dims = meta.shape.map((side, i) => (typeof side === 'number' && side > 0 ? side : [1, 3, 1024, 1024][i] ?? 1));
  return { [meta.name]: new Tensor('float32', Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i)), dims) };
}

/** The same box as the port is asked for, in the decoder's coordinates. */
function decoderFeeds(session: InferenceSession, encoded: InferenceSession.OnnxValueMapType): Record<string, Tensor> {
  const scale = 1024 / SIZE.width;
  const [x, y, w, h] = BOX.map((v) => v * scale);
  const own: Record<string, TypedTensor<'float32'>> = {
    point_coords: new Tensor('float32', Float32Array.of(x ?? 0, y ?? 0, (x ?? 0) + (w ?? 0), (y ?? 0) + (h ?? 0)), [1, 2, 2]), point_labels: new Tensor('float32', Float32Array.of(2, 3), [1, 2]),
    mask_input: new Tensor('float32', new Float32Array(256 * 256), [1, 1, 256, 256]), has_mask_input: new Tensor('float32', Float32Array.of(0), [1]),
    orig_im_size: new Tensor('float32', Float32Array.of(SIZE.height, SIZE.width), [2]),
  };
  return Object.fromEntries(session.inputNames.map((name) => {
    const tensor = own[name] ?? encoded[name];
    if (!(tensor instanceof Tensor)) throw new Error(`nothing is known for the decoder's input ${name}`);
    return [name, tensor];
  }));
}

export async function measurePort(files: SamFiles, { rounds, provider }: { rounds: number; provider: Provider }): Promise<PortTimes> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-segment-'));
  const picture = join(directory, 'picture.png');
  await sharp({ create: { ...SIZE, channels: 3, background: { r: 90, g: 90, b: 90 } } }).png().toFile(picture);
  for (const half of ['encoder', 'decoder'] as const) await copyFile(files[half], join(directory, `${files.name}.${half}.onnx`));
  const inference = createInference({ modelsDir: directory, sparkPath: null, providers: [provider], selfTest: false });
  // The same threads as the lanes have.
  const cores = availableParallelism();
  const open = async (file: string, threads: number) => InferenceSession.create(await readFile(file), { executionProviders: [provider], intraOpNumThreads: threads, graphOptimizationLevel: 'all' });
  const [encoder, decoder] = [await open(files.encoder, cores), await open(files.decoder, Math.min(2, cores))];
  try {
    const input = noise(encoder);
    const feeds = decoderFeeds(decoder, await encoder.run(input));
    await inference.prepare('warm', picture);
    const segment = () => inference.segment('warm', picture, { box: BOX }, undefined, 1);
    for (let i = 0; i < 3; i++) await Promise.all([decoder.run(feeds), segment()]);
    const times: PortTimes = { encode: { bare: [], port: [] }, decode: { bare: [], port: [] }, busy: [], provider: inference.status().provider ?? '' };
    for (let i = 0; i < Math.max(3, Math.round(rounds / 10)); i++) {
      times.encode.bare.push(await since(() => encoder.run(input)));
      times.encode.port.push(await since(() => inference.prepare(`picture ${i}`, picture)));
    }
    await inference.prepare('warm', picture);
    for (let i = 0; i < rounds; i++) {
      times.decode.bare.push(await since(() => decoder.run(feeds)));
      times.decode.port.push(await since(segment));
    }
    let over = false;
    const encoding = (async () => { for (let i = 0; !over; i++) await inference.prepare(`ahead ${i}`, picture); })();
    for (let i = 0; i < rounds; i++) times.busy.push(await since(segment));
    over = true;
    await encoding;
    return times;
  } finally {
    await Promise.all([encoder.release(), decoder.release(), inference.close()]);
    await rm(directory, { recursive: true, force: true });
  }
}
