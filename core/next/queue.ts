/** What a strategy is told of a project's waiting images, and what it answers. Everything is plain data: a strategy runs in any thread. */
import type { Box } from '#core/geometry/box.ts';

/** What a model found on one image, as columns: a hundred thousand images have a million of them. Masks say nothing about the order. */
export interface Found {
  readonly classes: readonly number[];
  readonly scores: readonly number[];
  /** Only read where two models are compared; then as long as the others. */
  readonly boxes: readonly Box[];
}

export interface Waiting {
  /** A number 0…1 that is always the same for this image: its place in an order by chance. */
  readonly chance: number;
  /** The present model's predictions; null = it has not looked yet. */
  readonly found: Found | null;
  /** The former model's; null = it never looked, or there is none. */
  readonly former: Found | null;
}

/** Vectors of one length, row by row. */
export interface Vectors {
  readonly width: number;
  /** count × width */
  readonly values: Float32Array;
}

export interface Queue {
  /** Predictions below this score are neither shown nor kept. */
  readonly threshold: number;
  /** Predictions below this score are unsure. */
  readonly attention: number;
  readonly names: readonly string[];
  /** How hard each class is for the model, 0…1 by class index (difficulty.ts); a retired class has 0. */
  readonly weights: readonly number[];
  /** In the order of import. */
  readonly images: readonly Waiting[];
  /** How the images look, one row each, comparable with each other (look.ts); a row of zeros = not known. */
  readonly looks: Vectors;
  /** How images look that are labelled already, or at least a sample of them. */
  readonly labelled: Vectors;
}

/** One image of the queue. */
export interface Ranked {
  /** Index in `Queue.images`. */
  readonly image: number;
  /** Why it stands where it stands, in few words. */
  readonly reason: string;
}

/** The whole queue, each image once, the next one to correct first. The same queue gives the same order. */
export type Strategy = (queue: Queue) => Ranked[];
