import { ReviewDto } from '#core/api/image.ts';
import { ReviewDetail, ReviewQueue, type Decide, type ReviewShelf } from '#core/api/review.ts';
import { EmendError } from '#core/errors.ts';
import { API, get, post, urlOf } from '../../api.ts';

export const fetchQueue = (project: string, shelf: ReviewShelf, signal: AbortSignal) => get(ReviewQueue, urlOf(`/projects/${project}/reviews`, { shelf }), signal);
export const fetchDetail = (task: string, signal?: AbortSignal) => get(ReviewDetail, `/tasks/${task}/review`, signal);
export const sendDecision = (task: string, body: Decide) => post(ReviewDto, `/tasks/${task}/review`, body);

/** The upright picture, decoded. */
export async function fetchPicture(image: string): Promise<ImageBitmap> {
  const response = await fetch(`${API}/images/${image}/file`, { credentials: 'same-origin' }).catch(() => null);
  if (!response?.ok) throw new EmendError('unavailable', 'The picture could not be loaded, so it cannot be judged. Try again, or go on with the next one.');
  return createImageBitmap(await response.blob(), { imageOrientation: 'from-image' });
}
