import { io } from 'socket.io-client';
import { describe, expect, it } from 'vitest';
import { PROTOCOL_VERSION } from '#core/protocol.ts';
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
    expect((await browser.send('POST', '/api/auth/update-user', { name: 'x'.repeat(9999) })).status).toBe(404);
    expect((await browser.send('GET', '/api/v1/me')).body.admin).toBe(false);
  });
});

describe('tokens', () => {
  it('are kept as a hash, expire, and end when revoked; they make no others and set no password', async () => {
    const ann = await t.person();
    const browser = new Browser();
    await browser.send('POST', '/api/v1/sign-in', { token: tokenOf(await createSignInLink(t.db, ann.email)) });
    const made = (await browser.send('POST', '/api/v1/tokens', { name: 'cli', days: 1 })).body;
    expect(made.token).toMatch(/^emend_/);
    expect(JSON.stringify(await t.db.apiToken.findMany())).not.toContain(made.token);
    const as = (token: string) => ann.request('GET', '/me', undefined, { authorization: `Bearer ${token}` });
    expect((await as(made.token)).status).toBe(200);
    expect((await ann.post('/tokens', { name: 'another' })).status).toBe(403);
    expect((await ann.post('/me/password', { password: 'long enough password' })).status).toBe(403);
    await t.db.apiToken.update({ where: { id: made.id }, data: { expiresAt: new Date(Date.now() - 1) } });
    expect((await as(made.token)).status).toBe(401);
    expect((await ann.delete(`/tokens/${made.id}`)).status).toBe(200);
    expect((await ann.get('/tokens')).body.map((x: { name: string }) => x.name)).toEqual(['test']);
  });

  it('a header that is no token never falls back to the cookie', async () => {
    const ann = await t.person();
    const browser = new Browser();
    await browser.send('POST', '/api/v1/sign-in', { token: tokenOf(await createSignInLink(t.db, ann.email)) });
    for (const authorization of ['Bearer x y', `Bearer ${'x'.repeat(300)}`, 'Basic YTpi', 'bearer x', 'Bearer ']) {
      const answer = await fetch(`${t.url}/api/v1/tokens`, { method: 'POST', headers: { cookie: browser.cookie, origin: 'https://evil.example', authorization, 'content-type': 'application/json' }, body: '{"name":"theirs"}' });
      expect([authorization, answer.status]).toEqual([authorization, 401]);
    }
    expect(await t.db.apiToken.count({ where: { name: 'theirs' } })).toBe(0);
  });
});

describe('passwords', () => {
  it('take the present one to be changed, except shortly after signing in', async () => {
    const person = await t.person();
    const browser = new Browser();
    await browser.send('POST', '/api/v1/sign-in', { token: tokenOf(await createSignInLink(t.db, person.email)) });
    expect((await browser.send('POST', '/api/v1/me/password', { password: 'correct horse battery' })).status).toBe(200);
    await t.db.session.updateMany({ where: { userId: person.id }, data: { createdAt: new Date(Date.now() - 3_600_000) } });
    for (const current of [undefined, 'wrong wrong wrong']) {
      expect((await browser.send('POST', '/api/v1/me/password', { password: 'another horse battery', ...(current === undefined ? {} : { current }) })).status).toBe(403);
    }
    expect((await browser.send('POST', '/api/v1/me/password', { password: 'another horse battery', current: 'correct horse battery' })).status).toBe(200);
  });
});

describe('requests', () => {
  it('with NUL, or a name that nobody can read, are refused before the database sees them', async () => {
    const admin = await t.person({ admin: true });
    const project = await t.project();
    for (const name of ['a\0b', '   ', 'two\nlines', '\u202Egnp.exe']) expect([name, (await admin.request('PATCH', `/projects/${project.id}`, { name })).status]).toEqual([name, 422]);
    expect((await admin.get(`/projects/${project.id}/images?text=a%00b`)).status).toBe(422);
    expect((await admin.get('/projects/a%00b')).status).toBeLessThan(500);
  });
});

describe('connections', () => {
  it('end when a member is removed or gets another role, and hear nothing more', async () => {
    const project = await t.project();
    const boss = await t.person({ project: project.id, role: 'admin' });
    await t.person({ project: project.id, role: 'admin' });
    for (const change of ['removed', 'viewer'] as const) {
      const person = await t.person({ project: project.id, role: 'annotator' });
      const browser = new Browser();
      await browser.send('POST', '/api/v1/sign-in', { token: tokenOf(await createSignInLink(t.db, person.email)) });
      const socket = io(t.url, { transports: ['websocket'], extraHeaders: { cookie: browser.cookie, origin: t.url }, forceNew: true, reconnection: false });
      await new Promise<void>((resolve, reject) => { socket.once('connect', resolve); socket.once('connect_error', reject); });
      expect(await socket.emitWithAck('project:watch', { project: project.id, protocol: PROTOCOL_VERSION })).toMatchObject({ ok: true });
      const ended = new Promise<void>((resolve) => { socket.once('disconnect', () => { resolve(); }); });
      const answer = change === 'removed' ? await boss.delete(`/projects/${project.id}/members/${person.id}`) : await boss.post(`/projects/${project.id}/members`, { email: person.email, role: change });
      expect(answer.status).toBe(200);
      await ended;
    }
  });

  /** A browser with a connection; `ended` resolves when the server has closed it. */
  async function connected(personId: string, email: string, auth: Record<string, string> = { person: personId }) {
    const browser = new Browser();
    await browser.send('POST', '/api/v1/sign-in', { token: tokenOf(await createSignInLink(t.db, email)) });
    const socket = io(t.url, { transports: ['websocket'], extraHeaders: { cookie: browser.cookie, origin: t.url }, auth, forceNew: true, reconnection: false });
    const refused = await new Promise<string | null>((resolve) => { socket.once('connect', () => { resolve(null); }); socket.once('connect_error', (error) => { resolve(error.message); }); });
    let open = refused === null;
    const ended = new Promise<void>((resolve) => { socket.once('disconnect', () => { open = false; resolve(); }); });
    return { browser, socket, ended, refused, isOpen: () => open };
  }

  it('end with the sign-out of their session, and of no other', async () => {
    const person = await t.person();
    const [one, other] = [await connected(person.id, person.email), await connected(person.id, person.email)];
    expect((await one.browser.send('POST', '/api/auth/sign-out', {})).status).toBe(200);
    await one.ended;
    expect((await one.browser.send('GET', '/api/v1/me')).status).toBe(401);
    expect(other.isOpen()).toBe(true);
    other.socket.close();
  });

  it('end when the session or the token expires, is revoked or deleted elsewhere', async () => {
    const person = await t.person();
    const ends: ((session: string) => Promise<unknown>)[] = [
      (id) => t.db.session.update({ where: { id }, data: { expiresAt: new Date(Date.now() - 1) } }),
      (id) => t.db.session.delete({ where: { id } }),
    ];
    for (const end of ends) {
      const one = await connected(person.id, person.email);
      const [session] = await t.db.session.findMany({ where: { userId: person.id }, orderBy: { createdAt: 'desc' }, take: 1 });
      await end(session?.id ?? '');
      await one.ended;
    }
    for (const data of [{ expiresAt: new Date(Date.now() + 1000) }, { expiresAt: new Date(0) }]) {
      const socket = await person.socket();
      const ended = new Promise<void>((resolve) => { socket.once('disconnect', () => { resolve(); }); });
      await t.db.apiToken.updateMany({ where: { userId: person.id }, data });
      await ended;
      await t.db.apiToken.updateMany({ where: { userId: person.id }, data: { expiresAt: null } });
    }
  });

  it('are refused to a page that works for somebody else than the session is of', async () => {
    const [person, other] = [await t.person(), await t.person()];
    const mine = await connected(person.id, person.email);
    expect(mine.refused).toBeNull();
    mine.socket.close();
    expect((await connected(person.id, person.email, { person: other.id })).refused).toBe('another_person');
    expect((await connected(person.id, person.email, {})).refused).toBeNull();
  });
});

describe('the secret of a session', () => {
  it('is in the cookie alone, in no answer', async () => {
    const person = await t.person();
    const browser = new Browser();
    await browser.send('POST', '/api/v1/sign-in', { token: tokenOf(await createSignInLink(t.db, person.email)) });
    await browser.send('POST', '/api/v1/me/password', { password: 'correct horse battery' });
    const answer = await browser.send('POST', '/api/auth/sign-in/email', { email: person.email, password: 'correct horse battery' });
    expect(answer).toEqual({ status: 200, body: { ok: true } });
    for (const { token } of await t.db.session.findMany({ where: { userId: person.id } })) expect(JSON.stringify(answer.body)).not.toContain(token);
  });
});
