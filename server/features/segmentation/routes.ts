import type { FastifyInstance } from 'fastify';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { IdParams } from '#core/api/common.ts';
import { MaskOffers, MaskQuestion } from '#core/api/mask.ts';
import { EmendError } from '#core/errors.ts';
import { API } from '../../access.ts';
import { promptsFor, type TaskPicture } from './masks.ts';

/** Every mask that the model in use offers for a box and clicks, so that a person can choose. Changes nothing. */
export function maskRoutes(pictureOf: (app: FastifyInstance, task: string) => Promise<TaskPicture | null>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(`${API}/tasks/:id/masks`, { schema: { tags: ['tasks'], summary: 'The masks that the model offers for a box and clicks', params: IdParams, body: MaskQuestion, response: { 200: MaskOffers } } }, async ({ params, body }) => {
      const picture = await pictureOf(app, params.id);
      if (!picture) throw new EmendError('conflict', 'Masks are offered for open images of a segmentation project only. Nothing was changed.');
      const { model, candidates } = await app.inference.segment(picture.sha256, picture.path, promptsFor(body));
      return { model, candidates: candidates.map(({ mask, score }) => ({ rle: mask, score })) };
    });
  };
}
