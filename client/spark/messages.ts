import type { Box } from '#core/geometry/box.ts';
import type { SparkCrop } from '#core/segmentation/spark.ts';

/** To the worker. The picture is drawn at `scale` of its real size when that is very large; boxes are always in image pixels. */
export type SparkRequest =
  | { readonly type: 'picture'; readonly picture: number; readonly bitmap: ImageBitmap; readonly scale: number }
  | { readonly type: 'ask'; readonly picture: number; readonly key: string; readonly box: Box };

/** How sure Spark is around one box: `field` holds 128 × 128 bytes over `crop`, 128 and more = object, ready to be drawn as a texture. */
export interface PreviewField {
  readonly box: Box;
  readonly crop: SparkCrop;
  readonly field: Uint8Array<ArrayBuffer>;
  /** Spark's own estimate of the IoU, 0…1. */
  readonly score: number;
}

/** From the worker. `ready` tells where it runs; `failed` says why there are no previews: everything else works without. */
export type SparkAnswer =
  | { readonly type: 'ready'; readonly backend: 'webgpu' | 'wasm' }
  | { readonly type: 'field'; readonly picture: number; readonly key: string; readonly value: PreviewField; readonly ms: number }
  | { readonly type: 'failed'; readonly message: string };
