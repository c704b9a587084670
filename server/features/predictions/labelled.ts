import { EmendError } from '#core/errors.ts';
import type { JobHandle } from '../../context.ts';
import { labelledWithout } from './repository.ts';
import { currentModel, HOPELESS, predictImage, type Parts } from './service.ts';

export interface Predicted {
  made: number;
  /** Pictures that could not be read. */
  failed: number;
}

/**
 * What the current model finds on images that have their labels already, where it has not looked yet. Makes prediction sets and nothing else: no task is given or
 * changes its own. May be cut off anywhere and run again.
 * @throws EmendError `conflict` without a model that can predict, and what the model itself fails by.
 */
export async function predictLabelled(parts: Omit<Parts, 'rank' | 'bus'>, projectId: string, job: JobHandle): Promise<Predicted> {
  const current = await currentModel(parts, projectId);
  const images = await labelledWithout(parts.db, projectId, current.modelId);
  const tally: Predicted = { made: 0, failed: 0 };
  const left = images.values();
  const work = async (): Promise<void> => {
    for (const image of left) {
      if (job.signal.aborted) return;
      try {
        await predictImage(parts, current, image, job.signal);
        tally.made += 1;
      } catch (error) {
        if (job.signal.aborted) return;
        if (!(error instanceof EmendError) || !['invalid', 'not_found', 'failed'].includes(error.code)) throw error;
        tally.failed += 1;
        parts.log.warn({ image: image.id, code: error.code }, 'a labelled image could not be predicted');
        if (tally.made === 0 && tally.failed >= HOPELESS) throw error;
      }
      job.progress(tally.made + tally.failed, images.length, 'Predicting labelled images');
    }
  };
  if (images.length > 0) job.progress(0, images.length, 'Predicting labelled images');
  await Promise.all(Array.from({ length: parts.concurrency }, work));
  return tally;
}
