/** Labels that an image came with, where nothing was predicted on it: they are corrected by the same rules as predictions, and what nobody touches stays what it was. Pure. */
import { mergeSubmission } from './merge.ts';
import type { Instance, Prediction, TaskContent } from './schema.ts';

/** A label that somebody gave is not a guess: its score is 1, above every threshold. */
export function asPredictions(given: readonly Instance[]): Prediction[] {
  return given.map((i) => ({ id: i.id, class: i.class, box: i.box, score: 1, ...(i.mask ? { mask: i.mask } : {}) }));
}

/** The labels of a submitted task without predictions: untouched ones exactly as they came, and what people made. */
export function mergeGiven(given: readonly Instance[], content: TaskContent): Instance[] {
  const came = new Map(given.map((i) => [i.id, i]));
  return mergeSubmission(asPredictions(given), content, 0).map((instance) => (instance.source === 'prediction' ? (came.get(instance.id) ?? instance) : instance));
}
