import { fromNodeHeaders } from 'better-auth/node';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { Type } from 'typebox';
import { EmendError } from '#core/errors.ts';
import { ruleOf } from '../access.ts';
import { AUTH_PATH, makeAuth, readSecret, type Auth } from '../auth/auth.ts';
import { visitorOfToken } from '../auth/tokens.ts';
import type { Visitor } from '../context.ts';
import { databaseAway } from '../database/outage.ts';
import { originsOf } from '../origins.ts';
import { permit, type Permit } from '../permit.ts';

declare module 'fastify' {
  interface FastifyInstance {
    auth: Auth;
    /** Who these headers belong to, by cookie or bearer token; the same for requests and for the socket's handshake. */
    whoIs: (headers: FastifyRequest['headers']) => Promise<Visitor | null>;
  }
  interface FastifyRequest {
    /** The project that the route is about and the person's role there, found by the access check. */
    permit: Permit;
  }
}

const Credentials = Type.Object({ email: Type.String({ minLength: 3, maxLength: 200 }), password: Type.String({ minLength: 1, maxLength: 200 }) }, { additionalProperties: false });
const NOBODY: Permit = { projectId: null, role: null };

/** Who is asking, and whether they may: before any body is read. */
export default fp(async (app) => {
  const auth = makeAuth({ config: app.config, db: app.db, secret: await readSecret(app.config.dataDir), origins: () => [...originsOf(app.config, app.server.address())] });
  app.decorate('auth', auth);
  app.decorate('whoIs', async (headers: FastifyRequest['headers']) => {
    if (headers.authorization !== undefined) {
      const bearer = /^Bearer (\S{1,200})$/.exec(headers.authorization)?.[1];
      return bearer === undefined ? null : visitorOfToken(app.db, bearer);
    }
    if (headers.cookie === undefined) return null;
    const session = await auth.api.getSession({ headers: fromNodeHeaders(headers) });
    if (!session) return null;
    const { id, name, email, admin } = session.user;
    return { person: { id, name, email, admin: admin === true }, proof: { kind: 'session', id: session.session.id } };
  });
  app.decorateRequest('person', null);
  app.decorateRequest('permit', { getter: () => NOBODY });
  app.addHook('onRoute', ({ method, url }) => {
    const methods = Array.isArray(method) ? method : [method];
    for (const one of methods) {
      if (!ruleOf(one, url)) throw new Error(`${one} ${url} has no row in server/access.ts: say there who may use it`);
    }
  });
  app.addHook('onRequest', async (request) => { await decide(request); });
  // Of all that the library offers, what Emend uses; the rest (registering, other names and addresses, other ways in) has no route.
  const config = { rateLimit: { max: 60, timeWindow: '1 minute' } };
  app.post(`${AUTH_PATH}/sign-in/email`, { schema: { tags: ['people'], summary: 'Sign in with e-mail address and password; answers with a session cookie', body: Credentials }, config }, (request, reply) => pass(auth, request, reply));
  app.post(`${AUTH_PATH}/sign-out`, { schema: { tags: ['people'], summary: 'End the session of the cookie', body: Type.Object({}, { additionalProperties: false }) }, config }, async (request, reply) => {
    const visitor = await app.whoIs(request.headers);
    await pass(auth, request, reply);
    if (visitor?.proof.kind === 'session') app.endProof(visitor.proof);
    return reply;
  });
}, { name: 'auth', dependencies: ['database', 'security'] });

async function decide(request: FastifyRequest): Promise<void> {
  const { url, method } = request.routeOptions;
  if (request.is404 || url === undefined) return;
  const rule = ruleOf(Array.isArray(method) ? request.method : method ?? request.method, url);
  if (!rule) throw new EmendError('forbidden', 'Nobody may use this address.');
  if (rule.least === 'public') return;
  request.person = (await request.server.whoIs(request.headers))?.person ?? null;
  const granted = await permit(request.server.db, rule, request.person, scopeId(request.params));
  Object.defineProperty(request, 'permit', { value: granted });
}

/** The id that the rule's scope is about: `:project` or `:id` of the path. */
function scopeId(params: unknown): string {
  if (typeof params !== 'object' || params === null) return '';
  const id = 'project' in params ? params.project : 'id' in params ? params.id : '';
  return typeof id === 'string' ? id : '';
}

/** Hands a request to better-auth. */
async function pass(auth: Auth, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const url = new URL(request.url, request.server.config.publicUrl);
  const init: RequestInit & { headers: Headers } = { method: request.method, headers: fromNodeHeaders(request.headers) };
  // The library counts attempts by this header; whoever sends it must not choose what it says.
  init.headers.set('x-forwarded-for', request.ip);
  if (request.body !== undefined && request.body !== null) init.body = JSON.stringify(request.body);
  return relay(await auth.handler(new Request(url, init)), reply);
}

export function takeCookies(response: Response, reply: FastifyReply): void {
  for (const cookie of response.headers.getSetCookie()) reply.header('set-cookie', cookie);
}

/** An answer of better-auth: its cookies, and that it went well; its errors become Problems. */
async function relay(response: Response, reply: FastifyReply): Promise<FastifyReply> {
  takeCookies(response, reply);
  // The library's own answer repeats the session's secret, which the cookie keeps from scripts.
  if (response.ok) return reply.code(response.status).send({ ok: true });
  // It hides why, and all that it asks is the database.
  if (response.status >= 500) throw databaseAway();
  if (response.status === 429) throw new EmendError('too_many', 'Too many attempts to sign in. Wait a minute and try again.');
  if (response.status === 401) throw new EmendError('unauthenticated', 'E-mail address or password is wrong. Try again, or ask an administrator for a sign-in link.');
  throw new EmendError('bad_request', 'The sign-in request could not be handled. Reload the page and try again.');
}
