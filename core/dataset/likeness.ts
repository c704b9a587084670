/** Whether two pictures show the same: a 64-bit perceptual hash finds candidates, a correlation of small pictures decides. The numbers are from docs/decisions/0014. */

/** Side of the small picture that everything here works on. */
export const SIDE = 32;
/** Bits of 64 in which the hashes of near-duplicates may differ. */
export const MAX_DISTANCE = 10;
/** Least correlation of the small pictures without their coarse brightness. */
export const MIN_CORRELATION = 0.9;

/** `hash`: 16 hex digits. `thumb`: SIDE × SIDE grey values 0..255 of the whole upright picture, row by row, whatever its proportions. */
export interface Likeness { hash: string; thumb: Uint8Array }

const LOW = 8;
const COSINES = Array.from({ length: LOW }, (_, k) => Float64Array.from({ length: SIDE }, (_x, x) => Math.cos((Math.PI * k * (2 * x + 1)) / (2 * SIDE))));

/**
 * The DCT hash of Zauner (Implementation and Benchmarking of Perceptual Image Hash Functions, 2010): the 8 × 8 lowest frequencies against their
 * median. The mean brightness (bit 0) tells nothing and is always 0. `thumb`: SIDE × SIDE values.
 */
export function hashOf(thumb: Uint8Array): string {
  const values = lowFrequencies(thumb);
  const median = values.slice(1).sort((a, b) => a - b)[31] ?? 0;
  let hex = '';
  for (let at = 0; at < values.length; at += 4) {
    let digit = 0;
    for (let bit = 0; bit < 4; bit++) digit = digit * 2 + (at + bit > 0 && (values[at + bit] ?? 0) > median ? 1 : 0);
    hex += digit.toString(16);
  }
  return hex;
}

/** LOW × LOW coefficients of the two-dimensional DCT-II, not normalised: only their order counts. */
function lowFrequencies(thumb: Uint8Array): Float64Array {
  const rows = new Float64Array(SIDE * LOW);
  for (let y = 0; y < SIDE; y++) {
    for (const [v, cosine] of COSINES.entries()) rows[y * LOW + v] = cosine.reduce((sum, c, x) => sum + c * (thumb[y * SIDE + x] ?? 0), 0);
  }
  const values = new Float64Array(LOW * LOW);
  for (const [u, cosine] of COSINES.entries()) {
    for (let v = 0; v < LOW; v++) values[u * LOW + v] = cosine.reduce((sum, c, y) => sum + c * (rows[y * LOW + v] ?? 0), 0);
  }
  return values;
}

/** Upper and lower 32 bits of a hash. */
export function words(hash: string): readonly [number, number] {
  return [Number.parseInt(hash.slice(0, 8), 16) >>> 0, Number.parseInt(hash.slice(8), 16) >>> 0];
}

export function distance(a: string, b: string): number {
  const [a0, a1] = words(a);
  const [b0, b1] = words(b);
  return bits(a0 ^ b0) + bits(a1 ^ b1);
}

/** How many bits of a 32-bit number are set. */
export function bits(value: number): number {
  let v = value - ((value >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return (((v + (v >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

/** Sum of squares of the details below which a picture is even (half a grey level on average): such a one shows nothing that could leak, and is like nothing. */
const EVEN = 0.25 * SIDE * SIDE;

/**
 * −1..1: how much the details of two small pictures agree. What is coarse (the outline of a die on its frame, a dark border) is taken away first: X-rays of
 * one product share it, whatever lies inside.
 */
export function correlation(a: Uint8Array, b: Uint8Array): number {
  const x = details(a);
  const y = details(b);
  let [xy, xx, yy] = [0, 0, 0];
  for (const [i, value] of x.entries()) {
    const other = y[i] ?? 0;
    xy += value * other;
    xx += value * value;
    yy += other * other;
  }
  return Math.min(xx, yy) < EVEN ? 0 : xy / Math.sqrt(xx * yy);
}

const REACH = 2;

/** Each value without the mean of its neighbourhood of 5 × 5. */
function details(thumb: Uint8Array): Float64Array {
  const out = new Float64Array(SIDE * SIDE);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      let sum = 0;
      let count = 0;
      for (let j = Math.max(0, y - REACH); j <= Math.min(SIDE - 1, y + REACH); j++) {
        for (let i = Math.max(0, x - REACH); i <= Math.min(SIDE - 1, x + REACH); i++) {
          sum += thumb[j * SIDE + i] ?? 0;
          count++;
        }
      }
      out[y * SIDE + x] = (thumb[y * SIDE + x] ?? 0) - sum / count;
    }
  }
  return out;
}

/** @returns whether the two are near-duplicates. */
export function alike(a: Likeness, b: Likeness): boolean {
  return distance(a.hash, b.hash) <= MAX_DISTANCE && correlation(a.thumb, b.thumb) >= MIN_CORRELATION;
}
