import type { Box, Size } from '../geometry/box.ts';
import type { Point } from '../geometry/polygon.ts';
import type { Rle } from '../geometry/rle.ts';

/** A click that belongs to the object (`positive`) or lies outside it; image pixels. */
export interface PointPrompt {
  readonly point: Point;
  readonly positive: boolean;
}

/** What a person has said about one object. At least a box or one positive point is needed. */
export interface Prompts {
  readonly box?: Box;
  readonly points?: readonly PointPrompt[];
  /** The mask of the step before, to be refined; of the image's size. */
  readonly previous?: Rle;
}

/** One proposal for a mask; `score` is the model's own estimate of its quality (IoU), 0…1. */
export interface MaskCandidate {
  readonly mask: Rle;
  readonly score: number;
  /** Who made it, where that is another model than the answer names. */
  readonly model?: string;
}

/** The answer for one object: the best candidate first, with the name of the model that the screen shows. */
export interface SegmentResult {
  readonly model: string;
  readonly candidates: readonly MaskCandidate[];
  /** Milliseconds from prompt to mask, encoding included when it was not cached. */
  readonly ms: number;
}

/** An image in memory: 3 bytes (RGB) per pixel, row-major, upright (EXIF orientation applied). */
export interface RgbImage extends Size {
  readonly data: Uint8Array;
}

/**
 * The port that every segmentation model implements. `Embedding` is what the model wants to keep per image; models without an
 * encoder (Spark) answer null and get the image itself again.
 */
export interface Segmenter<Embedding> {
  readonly name: string;
  /** Computes what can be computed before the first prompt is known, or null when there is nothing to prepare. */
  prepare(image: RgbImage): Promise<Embedding | null>;
  /** Masks for one object, best first. @throws EmendError `invalid` when the prompts hold neither a box nor a positive point. */
  segment(image: RgbImage | Size, embedding: Embedding | null, prompts: Prompts): Promise<readonly MaskCandidate[]>;
}
