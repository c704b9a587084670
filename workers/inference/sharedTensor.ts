import type { SharedTensor } from './messages.ts';

/** Copies a tensor where all threads can read it. */
export function share(data: Float32Array, dims: readonly number[]): SharedTensor {
  const shared = new Float32Array(new SharedArrayBuffer(data.byteLength));
  shared.set(data);
  return { data: shared, dims };
}

/** Copies back into this thread: ONNX Runtime refuses tensors over shared memory. */
export function unshare(tensor: SharedTensor): Float32Array<ArrayBuffer> {
  return new Float32Array(tensor.data);
}

export function sharedBytes(tensors: Readonly<Record<string, SharedTensor>>): number {
  return Object.values(tensors).reduce((sum, { data }) => sum + data.byteLength, 0);
}
