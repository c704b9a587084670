import type { Problem } from '#core/errors.ts';
import type { Box, Size } from '#core/geometry/box.ts';
import type { Rle } from '#core/geometry/rle.ts';
import type { MaskCandidate, Prompts } from '#core/segmentation/port.ts';
import type { ImageSource } from './image.ts';
import type { Attempt, Provider } from './session.ts';
import type { YoloModel } from './yoloModel.ts';

/** One object that a model found; box and mask in pixels of the upright picture. */
export interface Instance {
  readonly class: number;
  readonly box: Box;
  readonly score: number;
  readonly mask?: Rle;
}

export interface PredictOptions {
  /** Smallest score, exclusive; 0.25. */
  readonly conf?: number;
  /** IoU above which two boxes of one class are one object; 0.7. End-to-end heads ignore it. */
  readonly iou?: number;
  /** At most this many, best first; 300. */
  readonly maxDetections?: number;
  /** false leaves the masks of a segmentation model out. */
  readonly masks?: boolean;
}

export interface Prediction {
  readonly instances: readonly Instance[];
  /** Of the upright picture. */
  readonly width: number;
  readonly height: number;
  readonly ms: number;
  readonly provider: Provider;
  /** How the model sees the whole picture: its backbone's last feature map, averaged over the picture, [C]. Models that our trainer exported have it. */
  readonly features?: Float32Array;
}

/** What a worker thread is told once, when it starts. */
export interface WorkerSettings {
  readonly providers: readonly Provider[];
  readonly threads: number;
  readonly keep: number;
  /** How far its threads stand back when others want the cores too: 0 not at all, 19 most (Linux only). */
  readonly nice: number;
}

/** An encoded picture: named tensors, shared between threads so that handing one over copies nothing. */
export interface Embedding {
  /** Another one for each encode or read: objects lose their identity on the way between threads. */
  readonly id: string;
  readonly image: Size;
  readonly tensors: Readonly<Record<string, SharedTensor>>;
}

export interface SharedTensor {
  readonly data: Float32Array<SharedArrayBuffer>;
  readonly dims: readonly number[];
}

/** Every request that a worker answers: what goes in and what comes out. */
export interface Requests {
  predict: { in: { model: string; image: ImageSource; options: PredictOptions }; out: Prediction };
  describe: { in: { model: string }; out: YoloModel };
  encode: { in: { encoder: string; image: ImageSource }; out: Embedding };
  decode: { in: { decoder: string; embedding: Embedding; prompts: Prompts; most: number }; out: readonly MaskCandidate[] };
  /** Whether two files are an encoder and a decoder that belong together: answers null, or fails with what is wrong. */
  inspect: { in: { encoder: string; decoder: string }; out: null };
  /** Loads a model ahead of its first use. */
  warm: { in: { model: string }; out: null };
  spark: { in: { model: string; image: ImageSource; prompts: Prompts }; out: readonly MaskCandidate[] };
}
export type RequestName = keyof Requests;

/** Errors lose their class on the way between threads: problems travel as data. */
export type Reply<N extends RequestName> = ({ ok: true; value: Requests[N]['out'] } | { ok: false; problem: Problem | null; trace: string }) & { attempts: readonly Attempt[] };
