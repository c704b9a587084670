import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { fromNodeHeaders } from 'better-auth/node';
import { Type } from 'typebox';
import { Ok, ProblemSchema } from '#core/api/common.ts';
import { EmendError } from '#core/errors.ts';
import { API } from '../../access.ts';
import { takeCookies } from '../../plugins/auth.ts';

const SignIn = Type.Object({ token: Type.String({ minLength: 1, maxLength: 200 }) }, { additionalProperties: false });

/** The other end of a sign-in link: its token, once, for a session cookie. */
export const signInRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post(`${API}/sign-in`, {
    schema: { tags: ['people'], summary: 'Exchange the token of a sign-in link for a session', body: SignIn, response: { 200: Ok, '4xx': ProblemSchema } },
    config: { rateLimit: { max: 20, timeWindow: '1 minute' } },
  }, async (request, reply) => {
    const response = await app.auth.api.signInLink({ body: request.body, headers: fromNodeHeaders(request.headers), asResponse: true });
    if (response.status === 401) throw new EmendError('gone', 'This sign-in link has been used or has expired. Ask for a new one, or sign in with e-mail and password.');
    takeCookies(response, reply);
    return { ok: true as const };
  });
};
