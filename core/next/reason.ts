/** Why an image was chosen, in few words that are true of it. */
import { known } from './look.ts';
import type { Found, Queue, Vectors } from './queue.ts';

export const BY_CHANCE = 'by chance';
export const BY_IMPORT = 'in the order of import';
export const NOTHING_FOUND = 'the model found nothing';
const NOT_LOOKED = 'not predicted yet';
const UNLIKE = 'unlike anything labelled';
/** Class names in one reason; more would not be read. */
const NAMED = 2;

/** "3 unsure Void, 1 unsure Chip": what a person will find to decide about. */
export function unsureWords(found: Found | null, queue: Queue): string {
  if (found === null) return NOT_LOOKED;
  const unsure = countPerClass(found, queue, queue.threshold, queue.attention);
  if (unsure.size > 0) return named(unsure, queue, (count, name) => `${count} unsure ${name}`);
  const nearly = countPerClass(found, queue, queue.threshold / 2, queue.threshold);
  if (nearly.size > 0) return `${named(nearly, queue, (count, name) => `${count} ${name}`)} nearly found`;
  return countPerClass(found, queue, queue.threshold, Infinity).size === 0 ? NOTHING_FOUND : 'the model is sure';
}

/** "the former model differs in 3 Void". */
export function differenceWords(different: ReadonlyMap<number, number>, queue: Queue): string {
  return different.size === 0 ? 'both models agree' : `the former model differs in ${named(different, queue, (count, name) => `${count} ${name}`)}`;
}

/** `fromLabelled`, `usual`: squared distances. */
export function withLook(words: string, fromLabelled: number, usual: number | null): string {
  return usual !== null && fromLabelled > usual ? `${words}, ${UNLIKE}` : words;
}

/** Squared distance that nine of ten labelled images keep to the nearest other labelled one; null = too few to say what is usual. */
export function usualDistance({ width, values }: Vectors): number | null {
  const rows = Array.from({ length: width === 0 ? 0 : values.length / width }, (_, i) => i * width).filter((at) => known(values, at, width));
  if (rows.length < 10) return null;
  const nearest = rows.map((at) => Math.min(...rows.map((other) => (other === at ? Infinity : squared(values, at, other, width)))));
  return nearest.sort((a, b) => a - b)[Math.floor(nearest.length * 0.9)] ?? null;
}

function squared(values: Float32Array, a: number, b: number, width: number): number {
  let sum = 0;
  for (let i = 0; i < width; i++) sum += ((values[a + i] ?? 0) - (values[b + i] ?? 0)) ** 2;
  return sum;
}

function countPerClass(found: Found, { weights }: Queue, from: number, below: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (const [i, score] of found.scores.entries()) {
    const index = found.classes[i] ?? -1;
    if (score >= from && score < below && (weights[index] ?? 0) > 0) counts.set(index, (counts.get(index) ?? 0) + 1);
  }
  return counts;
}

/** The hardest classes first. */
function named(counts: ReadonlyMap<number, number>, { names, weights }: Queue, word: (count: number, name: string) => string): string {
  const hardest = [...counts].sort(([a], [b]) => (weights[b] ?? 0) - (weights[a] ?? 0) || a - b);
  return hardest.slice(0, NAMED).map(([index, count]) => word(count, names[index] ?? `class ${index}`)).join(', ');
}
