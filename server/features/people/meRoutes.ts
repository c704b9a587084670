import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { fromNodeHeaders } from 'better-auth/node';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { IdParams, Ok, ProblemSchema } from '#core/api/common.ts';
import { CreatedToken, CreateToken, Me, PatchMe, TokenDto } from '#core/api/system.ts';
import { EmendError } from '#core/errors.ts';
import { API } from '../../access.ts';
import { MIN_PASSWORD } from '../../auth/auth.ts';
import { signedIn } from '../../signedIn.ts';
import * as account from './account.ts';

const Password = Type.Object(
  {
    password: Type.String({ minLength: MIN_PASSWORD, maxLength: 200 }),
    /** The present one; not needed where there is none, or shortly after signing in. */
    current: Type.Optional(Type.String({ maxLength: 200 })),
    /** Also ends all API tokens; with the first password they end in any case. */
    endTokens: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
/** Whoever has just signed in, by a link perhaps because the password is forgotten, need not know it. */
const JUST_MS = 15 * 60_000;

export const meRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(`${API}/me`, { schema: { tags: ['people'], summary: 'Who is signed in', response: { 200: Me } } }, (request) => account.me(app.db, signedIn(request)));
  app.patch(`${API}/me`, { schema: { tags: ['people'], summary: 'Choose whether reports name you', body: PatchMe, response: { 200: Me } } }, (request) => account.patchMe(app.db, signedIn(request), request.body));
  app.post(`${API}/me/password`, { schema: { tags: ['people'], summary: 'Set the own password', body: Password, response: { 200: Ok, '4xx': ProblemSchema } }, config: { rateLimit: { max: 10, timeWindow: '1 minute' } } }, async (request) => {
    const person = signedIn(request);
    const own = await sessionOf(app, request);
    const { password } = await app.auth.$context;
    const former = await account.passwordHash(app.db, person);
    if (former !== null && Date.now() - own.createdAt.getTime() > JUST_MS && !(request.body.current !== undefined && await password.verify({ hash: former, password: request.body.current }))) {
      throw new EmendError('forbidden', 'The present password is missing or wrong, so it was not changed. Somebody who has forgotten it signs in by a new link first.');
    }
    await account.setPassword(app.db, person, await password.hash(request.body.password), { session: own.id, endTokens: request.body.endTokens === true });
    app.disconnect(person.id);
    return { ok: true as const };
  });
  app.get(`${API}/tokens`, { schema: { tags: ['people'], summary: 'Own API tokens', response: { 200: Type.Array(TokenDto) } } }, (request) => account.tokens(app.db, signedIn(request)));
  app.post(`${API}/tokens`, { schema: { tags: ['people'], summary: 'Make an API token; it is shown once', body: CreateToken, response: { 201: CreatedToken } } }, async (request, reply) => {
    const { id } = await sessionOf(app, request);
    return reply.code(201).send(await account.createToken(app.db, signedIn(request), request.body, id));
  });
  app.delete(`${API}/tokens/:id`, { schema: { tags: ['people'], summary: 'Revoke an own API token', params: IdParams, response: { 200: Ok } } }, async (request) => {
    await account.revokeToken(app.db, signedIn(request), request.params.id);
    app.disconnect(signedIn(request).id);
    return { ok: true as const };
  });
};

/** The browser session of the request. A token must not outlive its revocation by making others, nor take the account over. */
async function sessionOf(app: FastifyInstance, request: FastifyRequest): Promise<{ id: string; createdAt: Date }> {
  const own = request.headers.authorization === undefined ? await app.auth.api.getSession({ headers: fromNodeHeaders(request.headers) }) : null;
  if (!own) throw new EmendError('forbidden', 'Passwords and API tokens are made in the browser, or by "npm run emend -- token" on the server\'s machine; an API token may not do that.');
  return own.session;
}
