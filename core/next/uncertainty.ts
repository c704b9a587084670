import type { Found, Queue } from './queue.ts';

/** So many unsure predictions of one class say all that an image can say about it. More of them is a crowd, not more to learn. */
const ENOUGH = 3;

/**
 * How much an image has to tell, 0…1: for each class the mean of its ENOUGH most unsure predictions (4·s·(1−s) of score s, missing ones count nothing),
 * weighted by the class's difficulty. Never a plain sum over predictions: that picks crowded images of the common class and measured no better than chance.
 * null = the model found nothing, so it says nothing about its own doubts.
 */
export function uncertainty(found: Found, { threshold, weights }: Pick<Queue, 'threshold' | 'weights'>): number | null {
  const perClass = new Map<number, number[]>();
  for (const [i, score] of found.scores.entries()) {
    const index = found.classes[i] ?? -1;
    // Half the threshold: what the model nearly found may be an object that it misses.
    if (score < threshold / 2 || !((weights[index] ?? 0) > 0)) continue;
    keep(perClass, index, 4 * score * (1 - score));
  }
  if (perClass.size === 0) return null;
  let sum = 0;
  for (const [index, best] of perClass) sum += (weights[index] ?? 0) * (best.reduce((a, b) => a + b, 0) / ENOUGH);
  const all = weights.reduce((a, b) => a + b, 0);
  return Math.min(1, sum / all);
}

function keep(perClass: Map<number, number[]>, index: number, value: number): void {
  const best = perClass.get(index);
  if (!best) perClass.set(index, [value]);
  else if (best.length < ENOUGH) best.push(value);
  else {
    const least = best.indexOf(Math.min(...best));
    if (value > (best[least] ?? 0)) best[least] = value;
  }
}
