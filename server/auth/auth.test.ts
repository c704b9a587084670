import { io } from 'socket.io-client';
import { describe, expect, it } from 'vitest';
import { testApp } from '../testing/harness.ts';
import { createSignInLink, ensureFirstSignIn } from './signInLink.ts';

const t = await testApp();

/** A browser as far as requests go: keeps cookies, sends its Origin. */
class Browser {
  #cookie = '';
  origin: string | undefined = t.url;

  async send(method: 'GET' | 'POST', path: string, body?: unknown): Promise<{ status: number; body: ReturnType<typeof JSON.parse> }> {
    const answer = await fetch(`${t.url}${path}`, {
      method, headers: { ...(this.#cookie ? { cookie: this.#cookie } : {}), ...(this.origin === undefined ? {} : { origin: this.origin }), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const set = answer.headers.getSetCookie();
    for (const cookie of set) expect(cookie).toMatch(/HttpOnly.*SameSite=Lax/i);
    if (set.length) this.#cookie = set.map((c) => c.split(';')[0]).join('; ');
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : null };
  }
  get cookie(): string { return this.#cookie; }
}

const tokenOf = (path: string | null): string => new URLSearchParams(path?.split('?')[1]).get('token') ?? '';

describe('the first administrator', () => {
  it('signs in by the printed link, once; sets a password; signs in with it', async () => {
    const link = await ensureFirstSignIn(t.db);
    const browser = new Browser();
    expect((await browser.send('GET', '/api/v1/me')).status).toBe(401);
    expect(await browser.send('POST', '/api/v1/sign-in', { token: tokenOf(link) })).toMatchObject({ status: 200 });
    const me = await browser.send('GET', '/api/v1/me');
    expect(me.body).toMatchObject({ admin: true, hasPassword: false, email: 'admin@emend.local' });
    expect((await new Browser().send('POST', '/api/v1/sign-in', { token: tokenOf(link) })).status).toBe(410);
    expect(await ensureFirstSignIn(t.db)).toBeNull();

    expect((await browser.send('POST', '/api/v1/me/password', { password: 'short' })).status).toBe(422);
    expect((await browser.send('POST', '/api/v1/me/password', { password: 'correct horse battery' })).status).toBe(200);
    const other = new Browser();
    expect((await other.send('POST', '/api/auth/sign-in/email', { email: 'admin@emend.local', password: 'wrong wrong wrong' })).status).toBe(401);
    expect((await other.send('POST', '/api/auth/sign-in/email', { email: 'admin@emend.local', password: 'correct horse battery' })).status).toBe(200);
    expect((await other.send('GET', '/api/v1/me')).body).toMatchObject({ admin: true, hasPassword: true });
    const third = new Browser();
    expect((await third.send('POST', '/api/auth/sign-in/email', { email: 'admin@emend.local', password: 'correct horse battery' })).status).toBe(200);
    expect((await other.send('POST', '/api/auth/sign-out', {})).status).toBe(200);
    // A new password ends the sessions elsewhere, and keeps the one that set it.
    expect((await third.send('GET', '/api/v1/me')).status).toBe(200);
    expect((await browser.send('POST', '/api/v1/me/password', { password: 'another horse battery' })).status).toBe(200);
    expect((await browser.send('GET', '/api/v1/me')).status).toBe(200);
    expect((await third.send('GET', '/api/v1/me')).status).toBe(401);
  });

  it('nobody registers, and no link is exchanged past the server\'s own route', async () => {
    const browser = new Browser();
    expect((await browser.send('POST', '/api/auth/sign-up/email', { email: 'eve@example.org', password: 'long enough password', name: 'Eve' })).status).toBeGreaterThanOrEqual(400);
    expect((await browser.send('POST', '/api/auth/sign-in/link', { token: 'x' })).status).toBeGreaterThanOrEqual(400);
    expect(await t.db.user.count({ where: { email: 'eve@example.org' } })).toBe(0);
  });
});

describe('cookies', () => {
  async function signedIn(): Promise<Browser> {
    const person = await t.person();
    const browser = new Browser();
    await browser.send('POST', '/api/v1/sign-in', { token: tokenOf(await createSignInLink(t.db, person.email)) });
    return browser;
  }

  it('are refused from other origins, for requests and sockets alike', async () => {
    const browser = await signedIn();
    expect((await browser.send('POST', '/api/v1/tokens', { name: 'mine' })).status).toBe(201);
    for (const origin of ['https://evil.example', 'null', `${t.url}.evil.example`, undefined]) {
      browser.origin = origin;
      expect([origin, (await browser.send('POST', '/api/v1/tokens', { name: 'theirs' })).status]).toEqual([origin, 403]);
      const headers = { cookie: browser.cookie, ...(origin === undefined ? {} : { origin }) };
      const socket = io(t.url, { transports: ['websocket'], extraHeaders: headers, forceNew: true, reconnection: false });
      const refused = await new Promise((resolve) => { socket.once('connect', () => { resolve(false); }); socket.once('connect_error', () => { resolve(true); }); });
      socket.close();
      expect([origin, refused]).toEqual([origin, true]);
    }
    const socket = io(t.url, { transports: ['websocket'], extraHeaders: { cookie: browser.cookie, origin: t.url }, forceNew: true, reconnection: false });
    await new Promise<void>((resolve, reject) => { socket.once('connect', resolve); socket.once('connect_error', reject); });
    socket.close();
  });

  it('unknown and privileged fields are refused', async () => {
    const browser = await signedIn();
    expect((await browser.send('POST', '/api/v1/tokens', { name: 'x', userId: 'somebody' })).status).toBe(422);
    expect((await browser.send('POST', '/api/auth/update-user', { admin: true })).status).toBeGreaterThanOrEqual(400);
    expect((await browser.send('GET', '/api/v1/me')).body.admin).toBe(false);
  });
});

describe('tokens', () => {
  it('are kept as a hash, expire, and end when revoked', async () => {
    const ann = await t.person();
    const made = (await ann.post('/tokens', { name: 'cli', days: 1 })).body;
    expect(made.token).toMatch(/^emend_/);
    expect(JSON.stringify(await t.db.apiToken.findMany())).not.toContain(made.token);
    const as = (token: string) => ann.request('GET', '/me', undefined, { authorization: `Bearer ${token}` });
    expect((await as(made.token)).status).toBe(200);
    await t.db.apiToken.update({ where: { id: made.id }, data: { expiresAt: new Date(Date.now() - 1) } });
    expect((await as(made.token)).status).toBe(401);
    expect((await ann.delete(`/tokens/${made.id}`)).status).toBe(200);
    expect((await ann.get('/tokens')).body.map((x: { name: string }) => x.name)).toEqual(['test']);
  });
});
