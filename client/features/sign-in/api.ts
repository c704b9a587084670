import { Type } from 'typebox';
import { Ok } from '#core/api/common.ts';
import { call, post } from '../../api.ts';

/** better-auth's own answers are not ours to describe: only that they came. */
const Anything = Type.Unknown();
export const signIn = (email: string, password: string) => call(Anything, 'POST', '/api/auth/sign-in/email', { body: { email, password } });
export const signOut = () => call(Anything, 'POST', '/api/auth/sign-out', { body: {} });
/** Exchanges the token of a sign-in link (used once) for a session cookie. */
export const exchangeToken = (token: string) => post(Anything, '/sign-in', { token });
export const setPassword = (password: string, current: string, endTokens: boolean) => post(Ok, '/me/password', { password, ...(current === '' ? {} : { current }), ...(endTokens ? { endTokens } : {}) });
