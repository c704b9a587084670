/** The only door to the server's HTTP interface: answers are checked against core/api, problems are thrown as EmendError. */
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { ProblemSchema } from '#core/api/common.ts';
import { EmendError, isErrorCode } from '#core/errors.ts';

export const API = '/api/v1';
type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
export interface CallOptions {
  body?: unknown;
  signal?: AbortSignal;
}
export type Query = Record<string, string | number | boolean | null | undefined>;

export const get = <T extends TSchema>(schema: T, path: string, signal?: AbortSignal) => call(schema, 'GET', path, signal ? { signal } : {});
export const post = <T extends TSchema>(schema: T, path: string, body: unknown = {}) => call(schema, 'POST', path, { body });
export const patch = <T extends TSchema>(schema: T, path: string, body: unknown) => call(schema, 'PATCH', path, { body });
export const remove = <T extends TSchema>(schema: T, path: string) => call(schema, 'DELETE', path);

/** `path` below /api/v1, or absolute with a leading `/api/`. Throws EmendError (`unavailable` when the server cannot be reached). */
export async function call<T extends TSchema>(schema: T, method: Method, path: string, options: CallOptions = {}): Promise<Static<T>> {
  const init: RequestInit = { method, credentials: 'same-origin', headers: { accept: 'application/json' } };
  if (options.signal) init.signal = options.signal;
  if (options.body !== undefined) {
    init.body = JSON.stringify(options.body);
    init.headers = { accept: 'application/json', 'content-type': 'application/json' };
  }
  let response: Response;
  try {
    response = await fetch(urlOf(path), init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw unreachable();
  }
  return answer(schema, response.status, await response.text());
}

/** Parses and checks one answer; shared by fetch and by uploads. */
export function answer<T extends TSchema>(schema: T, status: number, text: string): Static<T> {
  const data = parse(text);
  if (status < 200 || status > 299) throw told(problem(status, data));
  if (!Value.Check(schema, data)) {
    const first = Value.Errors(schema, data)[0];
    throw new EmendError('failed', 'The server answered in a form that this page does not know. Reload the page; if it stays, server and page are of different versions.',
      first ? `${first.instancePath || '/'} ${first.message}` : undefined);
  }
  return data;
}

const hearers = new Set<() => void>();
/** Hears that a request was refused because nobody is signed in. */
export function onUnauthenticated(listener: () => void): void {
  hearers.add(listener);
}

function told(error: EmendError): EmendError {
  if (error.code === 'unauthenticated') for (const hear of hearers) hear();
  return error;
}

export function urlOf(path: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined && value !== null && value !== '') params.set(key, String(value));
  const text = params.toString();
  const base = path.startsWith('/api/') ? path : `${API}${path}`;
  return text ? `${base}?${text}` : base;
}

/** Any thrown thing as the error that a person may read. */
export function asProblem(error: unknown): EmendError {
  if (error instanceof EmendError) return error;
  return new EmendError('failed', 'Something went wrong in this page. Your saved work is safe; reload and try again.', error instanceof Error ? error.message : undefined);
}

export function unreachable(): EmendError {
  return new EmendError('unavailable', 'The server cannot be reached. Nothing was changed; check the connection and try again.');
}

function parse(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function problem(status: number, data: unknown): EmendError {
  if (Value.Check(ProblemSchema, data) && isErrorCode(data.code)) return new EmendError(data.code, data.message, data.detail);
  if (status === 401) return new EmendError('unauthenticated', 'You are not signed in. Sign in to go on.');
  if (status === 502 || status === 503 || status === 504) return unreachable();
  return new EmendError('failed', `The server could not do this (status ${status}). Nothing was changed; try again.`);
}
