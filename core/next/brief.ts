import type { Found } from './queue.ts';

/** Bytes per instance: class as uint16, score as float32, little-endian. */
const STRIDE = 6;

/** Classes and scores of a prediction set, as PredictionSet.brief is stored: a set with its masks is a hundred times as large, and a ranking reads them all. */
export function encodeBrief(instances: readonly { class: number; score: number }[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(instances.length * STRIDE);
  const view = new DataView(bytes.buffer);
  for (const [i, one] of instances.entries()) {
    view.setUint16(i * STRIDE, one.class, true);
    view.setFloat32(i * STRIDE + 2, one.score, true);
  }
  return bytes;
}

/** @throws RangeError when the bytes are no whole number of instances. */
export function decodeBrief(bytes: Uint8Array): Found {
  if (bytes.length % STRIDE !== 0) throw new RangeError(`${bytes.length} bytes are no brief of a prediction set.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const classes: number[] = [];
  const scores: number[] = [];
  for (let at = 0; at < bytes.length; at += STRIDE) {
    classes.push(view.getUint16(at, true));
    scores.push(view.getFloat32(at + 2, true));
  }
  return { classes, scores, boxes: [] };
}
