/** Sign-in by e-mail and password and by one-time link, both ending in the same cookie session. Library: better-auth on the same database. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { prismaAdapter } from 'better-auth/adapters/prisma';
import { APIError, createAuthEndpoint } from 'better-auth/api';
import { setSessionCookie } from 'better-auth/cookies';
import { betterAuth } from 'better-auth/minimal';
import { newId } from '#core/ids.ts';
import type { PrismaClient } from '#prisma';
import type { Config } from '../config.ts';
import { spendSignInToken } from './signInLink.ts';

export const AUTH_PATH = '/api/auth';
export const MIN_PASSWORD = 10;

export type Auth = ReturnType<typeof makeAuth>;

export interface AuthOptions {
  config: Config;
  db: PrismaClient;
  secret: string;
  origins: () => string[];
}

export function makeAuth({ config, db, secret, origins }: AuthOptions) {
  return betterAuth({
    appName: 'Emend',
    baseURL: config.publicUrl,
    basePath: AUTH_PATH,
    secret,
    database: prismaAdapter(db, { provider: 'postgresql' }),
    trustedOrigins: () => origins(),
    // Nobody registers: an administrator adds people, the first one comes by the printed link.
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: MIN_PASSWORD, maxPasswordLength: 200 },
    user: { additionalFields: { admin: { type: 'boolean', input: false, required: false } }, changeEmail: { enabled: false }, deleteUser: { enabled: false } },
    session: { expiresIn: 60 * 60 * 24 * 30, updateAge: 60 * 60 * 24 },
    advanced: {
      database: { generateId: () => newId() },
      useSecureCookies: config.publicUrl.startsWith('https:'),
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax', path: '/' },
      cookiePrefix: 'emend',
    },
    rateLimit: { enabled: true, window: 60, max: 120, customRules: { '/sign-in/email': { window: 60, max: 10 } } },
    telemetry: { enabled: false },
    logger: { disabled: true },
    // What is no answer of the library (the database is away) is told like any other error, not printed by it.
    onAPIError: { throw: true },
    plugins: [signInByLink(db)],
  });
}

/** `signInLink`: exchanges a one-time token for a session. Only callable by the server's own route, which has the same rate limits as all. */
function signInByLink(db: PrismaClient) {
  return {
    id: 'sign-in-link' as const,
    endpoints: {
      signInLink: createAuthEndpoint('/sign-in/link', { method: 'POST', body: TOKEN_BODY, metadata: { SERVER_ONLY: true } }, async (ctx) => {
        const userId = await spendSignInToken(db, ctx.body.token);
        const user = userId === undefined ? null : await ctx.context.internalAdapter.findUserById(userId);
        if (!user) throw new APIError('UNAUTHORIZED');
        const session = await ctx.context.internalAdapter.createSession(user.id);
        await setSessionCookie(ctx, { session, user });
        return ctx.json({ ok: true as const });
      }),
    },
  };
}

/** A validator in the form that better-auth takes (standardschema.dev). */
const TOKEN_BODY = {
  '~standard': {
    version: 1 as const,
    vendor: 'emend',
    validate(value: unknown) {
      if (typeof value === 'object' && value !== null && 'token' in value && typeof value.token === 'string') return { value: { token: value.token } };
      return { issues: [{ message: 'token must be a string' }] };
    },
    types: undefined as { input: { token: string }; output: { token: string } } | undefined,
  },
};

/** The instance's secret, made once and readable by the owner only. Cookies of another secret are void. */
export async function readSecret(dataDir: string): Promise<string> {
  const path = join(dataDir, 'auth.secret');
  await mkdir(dataDir, { recursive: true });
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch {
    const secret = randomBytes(32).toString('base64url');
    await writeFile(path, `${secret}\n`, { mode: 0o600, flag: 'wx' });
    return secret;
  }
}
