import { boxArea, intersect, type Box } from './box.ts';
import { runsOf, type Rle } from './rle.ts';

/** Intersection over union of two boxes, 0…1; 0 when either is empty. */
export function boxIou(a: Box, b: Box): number {
  const common = intersect(a, b);
  if (common === null) return 0;
  const shared = boxArea(common);
  return shared / (boxArea(a) + boxArea(b) - shared);
}

/**
 * Intersection over union of two masks of the same size, 0…1; 0 when both are empty. Works on the runs, no bitmap is made.
 * @throws RangeError when the sizes differ or a mask is damaged.
 */
export function maskIou(a: Rle, b: Rle): number {
  if (a.size[0] !== b.size[0] || a.size[1] !== b.size[1]) {
    throw new RangeError(`Masks of ${a.size[1]} × ${a.size[0]} and ${b.size[1]} × ${b.size[0]} pixels cannot be compared.`);
  }
  const { shared, united } = overlap(runsOf(a), runsOf(b));
  return united === 0 ? 0 : shared / united;
}

/** Walks two run lists that cover the same pixels side by side. */
function overlap(a: readonly number[], b: readonly number[]): { shared: number; united: number } {
  let [i, j] = [0, 0];
  let [leftA, leftB] = [a[0] ?? 0, b[0] ?? 0];
  let [shared, united] = [0, 0];
  while (i < a.length && j < b.length) {
    const step = Math.min(leftA, leftB);
    const set = (i % 2) + (j % 2);
    if (set === 2) shared += step;
    if (set > 0) united += step;
    leftA -= step;
    leftB -= step;
    if (leftA === 0) leftA = a[++i] ?? 0;
    if (leftB === 0) leftB = b[++j] ?? 0;
  }
  return { shared, united };
}
