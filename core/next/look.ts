/** How images look, as short vectors whose distances mean something. */
import type { Vectors } from './queue.ts';

/** Numbers per image that distances are taken of: enough to tell images apart, few enough for a hundred thousand of them on one core. */
export const LOOK = 32;

/** This machine keeps numbers as they are stored: then bytes are copied and not converted, which counts with a hundred thousand vectors. */
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** float32, little-endian, as FeatureVector.values is stored. */
export function encodeVector(values: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setFloat32(i * 4, value, true);
  return bytes;
}

/** @throws RangeError when the bytes are no whole number of float32 values. */
export function decodeVector(bytes: Uint8Array): Float32Array {
  if (bytes.length % 4 !== 0) throw new RangeError(`${bytes.length} bytes are no vector of float32 values.`);
  const values = new Float32Array(bytes.length / 4);
  if (LITTLE_ENDIAN) new Uint8Array(values.buffer).set(bytes);
  else {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(i * 4, true);
  }
  return values;
}

/**
 * Sparse random projection: each number of the result adds up a third of the input's with random signs, which keeps distances up to a common factor.
 * Source: Achlioptas, Database-friendly random projections, 2003. The signs are fixed by `seed`.
 */
export class Projection {
  readonly length: number;
  readonly width: number;
  readonly #plus: Int32Array[] = [];
  readonly #minus: Int32Array[] = [];

  /** `length`: of the vectors that come in. Short ones stay as they are. */
  constructor(length: number, seed = 1) {
    this.length = length;
    this.width = Math.min(length, LOOK);
    for (let row = 0; length > LOOK && row < LOOK; row++) {
      const [plus, minus]: [number[], number[]] = [[], []];
      for (let i = 0; i < length; i++) {
        const die = scramble(seed, row * length + i) % 6;
        if (die === 0) plus.push(i);
        else if (die === 1) minus.push(i);
      }
      this.#plus.push(Int32Array.from(plus));
      this.#minus.push(Int32Array.from(minus));
    }
  }

  /** Writes `width` numbers into `out` from `at` on. */
  project(values: Float32Array, out: Float32Array, at: number): void {
    if (this.#plus.length === 0) {
      out.set(values.subarray(0, this.width), at);
      return;
    }
    for (let row = 0; row < this.width; row++) {
      let sum = 0;
      for (const i of this.#plus[row] ?? []) sum += values[i] ?? 0;
      for (const i of this.#minus[row] ?? []) sum -= values[i] ?? 0;
      out[at + row] = sum;
    }
  }
}

/** A hash of two whole numbers, 0…2³²−1 (the finaliser of MurmurHash3). */
function scramble(seed: number, value: number): number {
  let h = Math.imul(seed, 0x9e3779b1) ^ value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * In place: takes the mean of all known rows away and brings each to unit length. What all images have in common would otherwise hide what
 * tells them apart. Rows of zeros are not known and stay so; a row that holds what is no finite number becomes one.
 */
export function standardise(...all: readonly Vectors[]): void {
  const width = all[0]?.width ?? 0;
  const mean = new Float64Array(width);
  let count = 0;
  for (const { values } of all) {
    for (let at = 0; at < values.length; at += width) {
      if (!known(values, at, width)) values.fill(0, at, at + width);
      else {
        count += 1;
        for (let i = 0; i < width; i++) mean[i] = (mean[i] ?? 0) + (values[at + i] ?? 0);
      }
    }
  }
  // A single image has nothing to be told apart from.
  const share = count > 1 ? 1 / count : 0;
  for (const { values } of all) {
    for (let at = 0; at < values.length; at += width) if (known(values, at, width)) normalise(values, at, width, mean, share);
  }
}

/** Neither all zeros nor anything that is no finite number. */
export function known(values: Float32Array, at: number, width: number): boolean {
  let some = false;
  for (let i = at; i < at + width; i++) {
    const value = values[i] ?? 0;
    if (!Number.isFinite(value)) return false;
    if (value !== 0) some = true;
  }
  return some;
}

function normalise(values: Float32Array, at: number, width: number, mean: Float64Array, share: number): void {
  let square = 0;
  for (let i = 0; i < width; i++) square += ((values[at + i] ?? 0) - (mean[i] ?? 0) * share) ** 2;
  const length = Math.sqrt(square) || 1;
  for (let i = 0; i < width; i++) values[at + i] = ((values[at + i] ?? 0) - (mean[i] ?? 0) * share) / length;
}
