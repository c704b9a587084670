import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { fromNodeHeaders } from 'better-auth/node';
import { Type } from 'typebox';
import { IdParams, Ok } from '#core/api/common.ts';
import { CreatedToken, CreateToken, Me, TokenDto } from '#core/api/system.ts';
import { API } from '../../access.ts';
import { MIN_PASSWORD } from '../../auth/auth.ts';
import { signedIn } from '../../signedIn.ts';
import * as account from './account.ts';

const Password = Type.Object({ password: Type.String({ minLength: MIN_PASSWORD, maxLength: 200 }) }, { additionalProperties: false });

export const meRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(`${API}/me`, { schema: { tags: ['people'], summary: 'Who is signed in', response: { 200: Me } } }, (request) => account.me(app.db, signedIn(request)));
  app.post(`${API}/me/password`, { schema: { tags: ['people'], summary: 'Set the own password', body: Password, response: { 200: Ok } } }, async (request) => {
    const { password } = await app.auth.$context;
    const own = await app.auth.api.getSession({ headers: fromNodeHeaders(request.headers) });
    await account.setPassword(app.db, signedIn(request), await password.hash(request.body.password), own?.session.id ?? null);
    return { ok: true as const };
  });
  app.get(`${API}/tokens`, { schema: { tags: ['people'], summary: 'Own API tokens', response: { 200: Type.Array(TokenDto) } } }, (request) => account.tokens(app.db, signedIn(request)));
  app.post(`${API}/tokens`, { schema: { tags: ['people'], summary: 'Make an API token; it is shown once', body: CreateToken, response: { 201: CreatedToken } } }, async (request, reply) =>
    reply.code(201).send(await account.createToken(app.db, signedIn(request), request.body)));
  app.delete(`${API}/tokens/:id`, { schema: { tags: ['people'], summary: 'Revoke an own API token', params: IdParams, response: { 200: Ok } } }, async (request) => {
    await account.revokeToken(app.db, signedIn(request), request.params.id);
    return { ok: true as const };
  });
};
