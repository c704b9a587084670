/** The only door to inference: predictions of YOLO models and masks of the segmenters, computed in worker threads. */
import { availableParallelism } from 'node:os';
import type { Prompts, SegmentResult } from '#core/segmentation/port.ts';
import type { ImageSource } from './image.ts';
import type { Instance, PredictOptions, Prediction } from './messages.ts';
import { Lane, type LaneStatus } from './pool.ts';
import type { SegmenterStatus } from './samModels.ts';
import { Segmenters } from './segmenters.ts';
import type { StoreStatus } from './embeddingStore.ts';
import { PROVIDERS, type Attempt, type Provider } from './session.ts';
import type { YoloModel } from './yoloModel.ts';

export { SPARK } from './samModels.ts';
export type { Attempt, Instance, ImageSource, LaneStatus, Prediction, PredictOptions, Provider, SegmenterStatus, YoloModel };

export interface InferenceOptions {
  /** Where SAM-family weights lie (`<dataDir>/models`); null: only Spark. */
  readonly modelsDir: string | null;
  /** models/spark.onnx of this repository, or null when it is to be left out. */
  readonly sparkPath: string | null;
  /** Tried in this order. */
  readonly providers?: readonly Provider[];
  /** Threads for bulk predictions; default: one per core, at most 4. */
  readonly predictThreads?: number;
  /** Bytes of embeddings kept in memory; 512 MB. */
  readonly embeddingBytes?: number;
  /** Where embeddings are kept beyond that, and how many bytes of them (4 GB); null: nowhere. */
  readonly embeddingsDir?: string | null;
  readonly embeddingDiskBytes?: number;
  /** false: weights are trusted without the self-test. For tests with random weights. */
  readonly selfTest?: boolean;
  /** A prediction that takes longer is ended and fails; 120 seconds. */
  readonly predictSeconds?: number;
  /** Requests that may wait per lane; 256. */
  readonly queue?: number;
  /** Is told of errors that nobody foresaw, with their trace: for the log. */
  readonly onError?: (trace: string) => void;
  /** Is told which execution providers a lane tried and what came of each: for the log. */
  readonly onAttempts?: (lane: string, attempts: readonly Attempt[]) => void;
}

export interface InferenceStatus {
  /** The provider in use, or null before the first model was loaded. */
  readonly provider: Provider | null;
  readonly tried: readonly Attempt[];
  readonly lanes: readonly LaneStatus[];
  readonly embeddings: { readonly entries: number; readonly bytes: number; readonly hits: number; readonly misses: number; readonly disk: StoreStatus };
  /** The segmentation model that a person chose; null = the best that is present. */
  readonly choice: string | null;
  readonly segmenters: readonly SegmenterStatus[];
}

/** Asks for work; every method throws EmendError (`busy` when the queue is full). */
export interface Inference {
  /** Instances of one picture by a YOLO model file. `signal` takes it back, also a running one that does not end by itself. */
  predict(modelPath: string, image: ImageSource, options?: PredictOptions, signal?: AbortSignal): Promise<Prediction>;
  /** Reads and checks a model file without running it; waits for no prediction. */
  describeModel(modelPath: string): Promise<YoloModel>;
  /** Encodes a picture ahead of its first prompt. `key` names the picture (its SHA-256). True when an embedding is now in the cache. */
  prepare(key: string, imagePath: string): Promise<boolean>;
  /** Masks for one object, best first, by the model in use; about `most` of them (3). `signal` takes the prompt back while it waits. */
  segment(key: string, imagePath: string, prompts: Prompts, signal?: AbortSignal, most?: number): Promise<SegmentResult>;
  /** Name of the model that `segment` would use now, or null when there is none. */
  segmenter(): Promise<string | null>;
  /** Looks again which weights are present (after a download). */
  refresh(): Promise<void>;
  /** Resolves when the weights that are present have been tested. */
  tested(): Promise<void>;
  /** Uses this model from now on, or (null) the best that is present. @throws EmendError `not_found`, `conflict`. */
  choose(name: string | null): Promise<void>;
  status(): InferenceStatus;
  close(): Promise<void>;
}

/** Two gigabytes are read in a few seconds. */
const DESCRIBE_MS = 30_000;

export function createInference(options: InferenceOptions): Inference {
  const cores = availableParallelism();
  const common = { providers: options.providers ?? PROVIDERS, queue: options.queue ?? 256, onError: options.onError ?? (() => undefined), onAttempts: options.onAttempts ?? (() => undefined) };
  // Many workers with one core each give the most pictures a second; few workers share the cores among them.
  const workers = options.predictThreads ?? Math.min(4, cores);
  // A person waits for a decode, and soon for an encode; nobody sits before a batch: the cores go in this order.
  const { predictSeconds = 120 } = options;
  const bulk = new Lane({
    name: 'predict', workers, ...common, threads: Math.max(1, Math.floor(cores / workers)), keep: 2, nice: 10, isolated: true,
    limit: { ms: predictSeconds * 1000, told: `The model was stopped because it took more than ${predictSeconds} seconds for one picture; that picture was not predicted. Use a smaller model, or let an administrator allow more time (EMEND_PREDICT_SECONDS).` },
  });
  const describe = new Lane({
    name: 'describe', workers: 1, ...common, threads: 1, keep: 1, nice: 0, program: new URL('./describe.worker.ts', import.meta.url),
    limit: { ms: DESCRIBE_MS, told: `The model file could not be read within ${DESCRIBE_MS / 1000} seconds, so nothing was taken from it. Export the model again.` },
  });
  const encode = new Lane({ name: 'encode', workers: 1, ...common, threads: cores, keep: 1, nice: 5 });
  const decode = new Lane({ name: 'decode', workers: 1, ...common, threads: Math.min(2, cores), keep: 2, nice: 0 });
  const lanes = [decode, encode, bulk];
  const { embeddingsDir = null, embeddingDiskBytes = 4 * 2 ** 30 } = options;
  const segmenters = new Segmenters({
    modelsDir: options.modelsDir, sparkPath: options.sparkPath, encode, decode, bytes: options.embeddingBytes ?? 512 * 2 ** 20, onError: common.onError,
    disk: embeddingsDir === null ? null : { directory: embeddingsDir, bytes: embeddingDiskBytes }, selfTest: options.selfTest ?? true,
  });
  return {
    predict: (model, image, settings = {}, signal) => bulk.run('predict', { model, image, options: settings }, { signal }),
    describeModel: (model) => describe.run('describe', { model }),
    prepare: (key, image) => segmenters.prepare(key, image),
    segment: (key, image, prompts, signal, most) => segmenters.segment(key, image, prompts, signal, most),
    segmenter: () => segmenters.current(),
    refresh: () => segmenters.refresh(),
    tested: () => segmenters.tested(),
    choose: (name) => segmenters.choose(name),
    status: () => {
      const tried = lanes.map((lane) => lane.attempts).find((attempts) => attempts.length > 0) ?? [];
      return { provider: tried.find(({ ok }) => ok)?.provider ?? null, tried, lanes: lanes.map((lane) => lane.status), embeddings: segmenters.cache, choice: segmenters.choice, segmenters: segmenters.status };
    },
    close: async () => {
      await Promise.all([...lanes, describe].map((lane) => lane.close()));
    },
  };
}
