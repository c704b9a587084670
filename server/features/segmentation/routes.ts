import type { FastifyInstance } from 'fastify';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { IdParams } from '#core/api/common.ts';
import { MaskOffers, MaskQuestion } from '#core/api/mask.ts';
import { EmendError } from '#core/errors.ts';
import { API } from '../../access.ts';
import { signedIn } from '../../signedIn.ts';
import { promptsFor, type TaskPicture } from './masks.ts';

/** Every mask that the model in use offers for a box and clicks, so that a person can choose. Changes nothing. */
export function maskRoutes(pictureOf: (app: FastifyInstance, task: string) => Promise<TaskPicture | null>): FastifyPluginAsyncTypebox {
  /** By person: the newest question counts, an older one that still waits is taken back. */
  const asking = new Map<string, AbortController>();
  return async (app) => {
    app.post(`${API}/tasks/:id/masks`, { schema: { tags: ['tasks'], summary: 'The masks that the model offers for a box and clicks', params: IdParams, body: MaskQuestion, response: { 200: MaskOffers } } }, async (request) => {
      const { params, body } = request;
      const picture = await pictureOf(app, params.id);
      if (!picture) throw new EmendError('conflict', 'Masks are offered for open images of a segmentation project only. Nothing was changed.');
      const person = signedIn(request).id;
      const newer = new AbortController();
      asking.get(person)?.abort(new EmendError('conflict', 'A newer question took the place of this one. Nothing was changed.'));
      asking.set(person, newer);
      try {
        const { model, candidates } = await app.inference.segment(picture.sha256, picture.path, promptsFor(body), newer.signal);
        return { model, candidates: candidates.map(({ mask, ...rest }) => ({ rle: mask, ...rest })) };
      } finally {
        if (asking.get(person) === newer) asking.delete(person);
      }
    });
  };
}
