/** Which images are far from everything else. */

/** More than this many median absolute deviations beyond the median is odd (Iglewicz and Hoaglin, How to detect and handle outliers, 1993: 3.5). */
const FAR = 3.5;
/** A deviation of a normal distribution is so many median absolute deviations. */
const NORMAL = 1.4826;
/** More would be no oddities but a kind of picture. */
export const MOST_ODD = 100;

/** Indices of the odd ones, oddest first, by their mean distance to their neighbours; NaN = not known, never odd. */
export function oddOnes(distances: Float32Array): number[] {
  const known = [...distances].filter((value) => Number.isFinite(value));
  if (known.length < 8) return [];
  const middle = median(known);
  const spread = median(known.map((value) => Math.abs(value - middle))) * NORMAL;
  // Where most images are copies of each other every other one would be odd: then it has to be far by their own measure too.
  const limit = middle + FAR * Math.max(spread, middle * 0.05, 1e-9);
  const odd = [...distances.keys()].filter((i) => (distances[i] ?? 0) > limit);
  return odd.sort((a, b) => (distances[b] ?? 0) - (distances[a] ?? 0) || a - b).slice(0, MOST_ODD);
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
