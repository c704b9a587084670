import { EmendError } from '#core/errors.ts';
import type { JobHandle } from '../../context.ts';
import { shownBlob } from '../images/index.ts';
import { LABELLED_SAMPLE } from '../next/index.ts';
import { patiently } from './patiently.ts';
import { imagesWithoutVector, saveVector, unseenImages, type WaitingImage } from './repository.ts';
import type { Current, Parts } from './service.ts';

/** The highest score there is: only how the picture is seen is of use here, no instances. */
const NO_INSTANCES = { conf: 1, masks: false } as const;

/**
 * Has the model look at images that it has no vector of: what is labelled already, so that the next ones can be unlike it, and predictions that are older
 * than vectors. May be cut off anywhere and run again. Returns how many vectors were made.
 */
export async function seeImages(parts: Parts, projectId: string, current: Pick<Current, 'modelId' | 'path'>, { job, before }: { job: JobHandle; before: number }): Promise<number> {
  return lookAt(parts, await unseenImages(parts.db, projectId, current.modelId, LABELLED_SAMPLE), current, { job, before, words: 'Looking at labelled images' });
}

/** The same for every image of the project, for its map. */
export async function seeAllImages(parts: Parts, projectId: string, current: Pick<Current, 'modelId' | 'path'>, job: JobHandle): Promise<number> {
  return lookAt(parts, await imagesWithoutVector(parts.db, projectId, current.modelId), current, { job, before: 0, words: 'Looking at the images' });
}

async function lookAt(parts: Parts, images: readonly WaitingImage[], { modelId, path }: Pick<Current, 'modelId' | 'path'>, { job, before, words }: { job: JobHandle; before: number; words: string }): Promise<number> {
  const [left, total] = [images.values(), before + images.length];
  let [done, made] = [0, 0];
  const work = async (): Promise<void> => {
    for (const image of left) {
      if (job.signal.aborted) return;
      try {
        const file = await parts.blobs.path(shownBlob(image));
        const { features } = await patiently(() => parts.inference.predict(path, file, NO_INSTANCES, job.signal), job.signal);
        if (features) {
          await saveVector(parts.db, image.id, modelId, features);
          made += 1;
        }
      } catch (error) {
        // A picture that cannot be read was told when it was predicted; it goes without a look.
        if (job.signal.aborted) return;
        if (!(error instanceof EmendError) || !['invalid', 'not_found', 'failed'].includes(error.code)) throw error;
      }
      done += 1;
      job.progress(before + done, total, words);
    }
  };
  await Promise.all(Array.from({ length: parts.concurrency }, work));
  return made;
}
