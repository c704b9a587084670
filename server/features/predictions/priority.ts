import type { ProjectSettings } from '#core/api/project.ts';
import type { Prediction } from '#core/annotation/schema.ts';

export interface Priority {
  /** Higher comes first. */
  readonly priority: number;
  /** Why the image was chosen, in words. */
  readonly reason: string;
}

/** Every fifth image comes by chance, whatever the model thinks of it: else nobody would ever see what it is wrongly sure of. */
const RANDOM_SHARE = 0.2;

/**
 * Where a task stands in the queue. `chance` is 0…1 and fixed per image; `position` is the image's place in the project.
 * `uncertain`: the mean of 4·s·(1−s) over the predictions that a threshold could let through. The mean, not the sum: sums pick crowded
 * images of the common class, which measured no better than chance.
 */
export function priorityOf(predictions: readonly Prediction[], settings: ProjectSettings, chance: number, position: number): Priority {
  if (settings.order === 'sequential') return { priority: -position, reason: 'in the order of import' };
  if (settings.order === 'random') return { priority: chance, reason: 'by chance' };
  if (chance < RANDOM_SHARE) return { priority: chance / RANDOM_SHARE, reason: 'by chance' };
  const near = predictions.filter(({ score }) => score >= settings.threshold / 2);
  if (near.length === 0) return { priority: 0.5, reason: 'the model found nothing' };
  const uncertainty = near.reduce((sum, { score }) => sum + 4 * score * (1 - score), 0) / near.length;
  const unsure = near.filter(({ score }) => score >= settings.threshold && score < settings.attention).length;
  return { priority: uncertainty, reason: unsure === 0 ? 'the model is sure' : `${unsure} unsure ${unsure === 1 ? 'prediction' : 'predictions'}` };
}

/** A number 0…1 that is always the same for one image: the first 32 bits of its SHA-256. */
export function chanceOf(sha256: string): number {
  return Number.parseInt(sha256.slice(0, 8), 16) / 2 ** 32;
}
