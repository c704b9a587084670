import type { Prediction } from '#core/annotation/schema.ts';
import type { ProjectSettings } from '#core/api/project.ts';
import { BY_CHANCE, BY_IMPORT, NOTHING_FOUND } from '#core/next/reason.ts';
import { CHANCE_EVERY } from '#core/next/strategies.ts';

export interface Priority {
  /** Higher comes first. */
  readonly priority: number;
  /** Why the image was chosen, in words. */
  readonly reason: string;
}

/**
 * Where a task stands until all are predicted and ranked (features/next): what can be said of one image alone, so that people need not wait for
 * the others. `chance` is 0…1 and fixed per image; `position` is the image's place in the project. The mean of 4·s·(1−s) over the predictions that a threshold could
 * let through, never their sum.
 */
export function priorityOf(predictions: readonly Prediction[], settings: ProjectSettings, chance: number, position: number): Priority {
  if (settings.order === 'sequential') return { priority: -position, reason: BY_IMPORT };
  if (settings.order === 'random') return { priority: 1 - chance, reason: BY_CHANCE };
  if (chance * CHANCE_EVERY < 1) return { priority: 1 - chance * CHANCE_EVERY, reason: BY_CHANCE };
  const near = predictions.filter(({ score }) => score >= settings.threshold / 2);
  if (near.length === 0) return { priority: 0.5, reason: NOTHING_FOUND };
  const uncertainty = near.reduce((sum, { score }) => sum + 4 * score * (1 - score), 0) / near.length;
  const unsure = near.filter(({ score }) => score >= settings.threshold && score < settings.attention).length;
  return { priority: uncertainty, reason: unsure === 0 ? 'the model is sure' : `${unsure} unsure ${unsure === 1 ? 'prediction' : 'predictions'}` };
}
