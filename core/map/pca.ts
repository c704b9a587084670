/** Principal components: the directions in which vectors differ most. */
import type { Vectors } from '#core/next/queue.ts';
import { seededRandom } from './random.ts';

/** Rounds of the subspace iteration: the leading directions are steady long before. */
const ROUNDS = 24;

export interface Pca {
  /** [length] */
  readonly mean: Float64Array;
  /** Directions of unit length, the one with most variance first: width × length, row by row. */
  readonly axes: Float64Array;
  readonly width: number;
  readonly length: number;
}

/**
 * Fits `width` components (fewer where the rows are shorter) by subspace iteration on the covariance. The same rows give the same components; signs are fixed
 * by the largest entry of each being positive. Source: Halko, Martinsson and Tropp, Finding structure with randomness, 2011.
 */
export function fitPca({ width: length, values }: Vectors, width: number): Pca {
  const count = length === 0 ? 0 : values.length / length;
  const mean = meanOf(values, length, count);
  const covariance = covarianceOf(values, mean, count);
  const size = Math.min(width, length);
  const random = seededRandom(1);
  let axes: Float64Array = Float64Array.from({ length: size * length }, () => random() - 0.5);
  orthonormalise(axes, size, length);
  for (let round = 0; round < ROUNDS; round++) {
    axes = times(axes, covariance, size, length);
    orthonormalise(axes, size, length);
  }
  fixSigns(axes, size, length);
  return { mean, axes, width: size, length };
}

/** Writes the `pca.width` coordinates of one vector into `out` from `at` on. */
export function toComponents(pca: Pca, vector: Float32Array, out: Float32Array, at: number): void {
  for (let row = 0; row < pca.width; row++) {
    let sum = 0;
    for (let i = 0; i < pca.length; i++) sum += (pca.axes[row * pca.length + i] ?? 0) * ((vector[i] ?? 0) - (pca.mean[i] ?? 0));
    out[at + row] = sum;
  }
}

function meanOf(values: Float32Array, length: number, count: number): Float64Array {
  const mean = new Float64Array(length);
  for (let row = 0; row < count; row++) for (let i = 0; i < length; i++) mean[i] = (mean[i] ?? 0) + (values[row * length + i] ?? 0) / count;
  return mean;
}

function covarianceOf(values: Float32Array, mean: Float64Array, count: number): Float64Array {
  const length = mean.length;
  const sum = new Float64Array(length * length);
  const away = new Float64Array(length);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < length; i++) away[i] = (values[row * length + i] ?? 0) - (mean[i] ?? 0);
    for (let i = 0; i < length; i++) {
      const own = (away[i] ?? 0) / count;
      if (own !== 0) for (let j = i, at = i * length + i; j < length; j++, at++) sum[at] = (sum[at] ?? 0) + own * (away[j] ?? 0);
    }
  }
  for (let i = 0; i < length; i++) for (let j = 0; j < i; j++) sum[i * length + j] = sum[j * length + i] ?? 0;
  return sum;
}

function times(axes: Float64Array, matrix: Float64Array, size: number, length: number): Float64Array {
  const out = new Float64Array(size * length);
  for (let row = 0; row < size; row++) {
    for (let i = 0; i < length; i++) {
      const own = axes[row * length + i] ?? 0;
      for (let j = 0; j < length; j++) out[row * length + j] = (out[row * length + j] ?? 0) + own * (matrix[i * length + j] ?? 0);
    }
  }
  return out;
}

/** Gram-Schmidt, each row against those before it. A row that is left with nothing (there is no more variance) becomes zeros. */
function orthonormalise(axes: Float64Array, size: number, length: number): void {
  let largest = 0;
  for (let row = 0; row < size; row++) {
    const own = axes.subarray(row * length, (row + 1) * length);
    // Twice: rounding leaves a rest of the earlier directions behind where little is left.
    for (let pass = 0; pass < 2; pass++) {
      for (let before = 0; before < row; before++) subtract(own, axes.subarray(before * length, (before + 1) * length));
    }
    const norm = Math.sqrt(dot(own, own));
    largest = Math.max(largest, norm);
    const scale = norm > largest * 1e-9 && norm > 0 ? 1 / norm : 0;
    for (let i = 0; i < length; i++) own[i] = (own[i] ?? 0) * scale;
  }
}

function subtract(own: Float64Array, other: Float64Array): void {
  const share = dot(own, other);
  for (let i = 0; i < own.length; i++) own[i] = (own[i] ?? 0) - share * (other[i] ?? 0);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

function fixSigns(axes: Float64Array, size: number, length: number): void {
  for (let row = 0; row < size; row++) {
    const own = axes.subarray(row * length, (row + 1) * length);
    let most = 0;
    for (const value of own) if (Math.abs(value) > Math.abs(most)) most = value;
    if (most < 0) for (let i = 0; i < length; i++) own[i] = -(own[i] ?? 0);
  }
}
