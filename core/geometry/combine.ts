import { fromRuns, runsOf, type Rle } from './rle.ts';

/** The pixels of either mask. @throws RangeError when the sizes differ or a mask is damaged. */
export function union(a: Rle, b: Rle): Rle {
  return merge(a, b, (inA, inB) => inA || inB);
}

/** The pixels of `a` that `b` has not. @throws RangeError as for {@link union}. */
export function subtract(a: Rle, b: Rle): Rle {
  return merge(a, b, (inA, inB) => inA && !inB);
}

/** Walks the runs of both side by side: the cost follows the outlines, not the area. */
function merge(a: Rle, b: Rle, keep: (inA: boolean, inB: boolean) => boolean): Rle {
  const [height, width] = a.size;
  if (b.size[0] !== height || b.size[1] !== width) throw new RangeError(`Masks of ${width} × ${height} and ${b.size[1]} × ${b.size[0]} pixels cannot be combined.`);
  const [runsA, runsB] = [runsOf(a), runsOf(b)];
  const runs: number[] = [];
  let [i, j] = [0, 0];
  let [leftA, leftB] = [runsA[0] ?? 0, runsB[0] ?? 0];
  let current = false;
  let length = 0;
  while (i < runsA.length && j < runsB.length) {
    const step = Math.min(leftA, leftB);
    if (step > 0) {
      const value = keep(i % 2 === 1, j % 2 === 1);
      if (value !== current) {
        runs.push(length);
        [current, length] = [value, 0];
      }
      length += step;
    }
    leftA -= step;
    leftB -= step;
    if (leftA === 0) leftA = runsA[++i] ?? 0;
    if (leftB === 0) leftB = runsB[++j] ?? 0;
  }
  return fromRuns([...runs, length], { width, height });
}
