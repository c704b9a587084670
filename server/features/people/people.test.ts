import { describe, expect, it } from 'vitest';
import { newId } from '#core/ids.ts';
import { FACE_COLORS } from '#core/team/faces.ts';
import { testApp } from '../../testing/harness.ts';
import { createSignInLink } from '../../auth/signInLink.ts';

const t = await testApp();
const PASSWORD = 'a long enough password';

/** Opens a sign-in link: sends requests with the cookie that came of it. */
async function enter(link: string): Promise<(method: 'GET' | 'POST', path: string, body?: unknown) => Promise<{ status: number; body: ReturnType<typeof JSON.parse> }>> {
  const headers = { origin: t.url, 'content-type': 'application/json' };
  const answer = await fetch(`${t.url}/api/v1/sign-in`, { method: 'POST', headers, body: JSON.stringify({ token: link.split('token=')[1] }) });
  expect(answer.status).toBe(200);
  const cookie = answer.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ');
  return async (method, path, body) => {
    const reply = await fetch(`${t.url}/api/v1${path}`, { method, headers: { ...headers, cookie }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    return { status: reply.status, body: await reply.json() };
  };
}
const meAs = async (token: string): Promise<number> => (await fetch(`${t.url}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } })).status;

describe('an invitation', () => {
  it('comes as a link that signs the newcomer in once; another one can be made, and ends it', async () => {
    const project = await t.project({});
    const boss = await t.person({ project: project.id, role: 'admin' });
    const email = `${newId()}@example.org`;
    const added = (await boss.post(`/projects/${project.id}/members`, { email, role: 'annotator' })).body;
    expect(added).toMatchObject({ entered: false, linkable: true, signInLink: expect.stringContaining('/sign-in?token=') });
    const renewed = (await boss.post(`/projects/${project.id}/members/${added.userId}/link`)).body.signInLink;
    const spend = async (link: string): Promise<number> => (await fetch(`${t.url}/api/v1/sign-in`, {
      method: 'POST', headers: { origin: t.url, 'content-type': 'application/json' }, body: JSON.stringify({ token: link.split('token=')[1] }),
    })).status;
    expect(await spend(added.signInLink), 'the earlier one has ended').toBe(410);
    expect(await spend(renewed)).toBe(200);
    expect(await spend(renewed), 'once').toBe(410);
    expect((await boss.post(`/projects/${project.id}/members`, { email, role: 'viewer' })).body, 'only another role').toMatchObject({ role: 'viewer', signInLink: null });
  });

  it('ends when the newcomer is added to another project: whoever holds it was not given that', async () => {
    const [project, other] = [await t.project({}), await t.project({})];
    const [boss, chief] = [await t.person({ project: project.id, role: 'admin' }), await t.person({ project: other.id, role: 'admin' })];
    const email = `${newId()}@example.org`;
    const { signInLink } = (await boss.post(`/projects/${project.id}/members`, { email, role: 'viewer' })).body;
    expect((await chief.post(`/projects/${other.id}/members`, { email, role: 'admin' })).body).toMatchObject({ signInLink: null, linkable: false });
    const answer = await fetch(`${t.url}/api/v1/sign-in`, { method: 'POST', headers: { origin: t.url, 'content-type': 'application/json' }, body: JSON.stringify({ token: signInLink.split('token=')[1] }) });
    expect(answer.status).toBe(410);
  });

  it('is no way into accounts that are more than this project’s', async () => {
    const [project, other] = [await t.project({}), await t.project({})];
    const boss = await t.person({ project: project.id, role: 'admin' });
    const root = await t.person({ admin: true });
    const both = await t.person({ project: project.id });
    const settled = await t.person({ project: project.id });
    const chief = await t.person({ project: project.id, admin: true });
    await t.db.membership.create({ data: { projectId: other.id, userId: both.id, role: 'annotator' } });
    await t.db.account.create({ data: { id: newId(), accountId: settled.id, providerId: 'credential', userId: settled.id, password: PASSWORD } });
    const link = (who: typeof boss, user: { id: string }): Promise<number> => who.post(`/projects/${project.id}/members/${user.id}/link`).then((a) => a.status);
    expect(await Promise.all([both, settled, chief].map((user) => link(boss, user)))).toEqual([403, 403, 403]);
    expect(await Promise.all([both, settled, chief].map((user) => link(root, user)))).toEqual([200, 200, 200]);
    expect(await link(boss, await t.person({ project: other.id })), 'no member').toBe(404);
    expect(await link(await t.person({ project: project.id, role: 'reviewer' }), settled)).toBe(403);
    const shown = (await boss.get(`/projects/${project.id}/members`)).body;
    expect(shown.find((m: { userId: string }) => m.userId === settled.id)).toMatchObject({ entered: true, linkable: false });
  });
});

describe('names', () => {
  it('are told of everybody who has worked in the project, also after they left, and to nobody outside', async () => {
    const project = await t.project({});
    const [ann, gone, outside] = [await t.person({ name: 'Ann', project: project.id }), await t.person({ name: 'Gone', project: project.id }), await t.person({ name: 'Outside' })];
    const task = await t.task(project);
    expect((await gone.post(`/tasks/${task.id}/submit`, { stateVector: 'AA==', timeMs: 1 })).status).toBe(200);
    await t.db.membership.deleteMany({ where: { userId: gone.id } });
    const names = (await ann.get(`/projects/${project.id}/people`)).body;
    expect(names.map((p: { name: string }) => p.name)).toEqual(expect.arrayContaining(['Ann', 'Gone']));
    expect(names.some((p: { name: string }) => p.name === 'Outside')).toBe(false);
    expect(Object.keys(names[0]).toSorted(), 'no addresses').toEqual(['color', 'id', 'letters', 'name']);
    expect((await outside.get(`/projects/${project.id}/people`)).status).toBe(403);
  });
});

describe('an account without a password', () => {
  it('is its owner\'s alone once they set one: sessions, tokens and links of whoever came in as them end', async () => {
    const project = await t.project({});
    const pam = await t.person({ name: 'Pam', project: project.id, role: 'admin' });
    const { userId, signInLink } = (await pam.post(`/projects/${project.id}/members`, { email: `${newId()}@example.org`, role: 'reviewer' })).body;
    const vera = await enter(signInLink);
    const asVera = await enter((await pam.post(`/projects/${project.id}/members/${userId}/link`)).body.signInLink);
    const { token } = (await asVera('POST', '/tokens', { name: 'backup' })).body;
    const spare = (await pam.post(`/projects/${project.id}/members/${userId}/link`)).body.signInLink;
    expect(await meAs(token)).toBe(200);
    expect((await vera('POST', '/me/password', { password: PASSWORD })).status).toBe(200);
    expect([(await asVera('GET', '/me')).status, await meAs(token), (await vera('GET', '/me')).status]).toEqual([401, 401, 200]);
    const late = await fetch(`${t.url}/api/v1/sign-in`, { method: 'POST', headers: { origin: t.url, 'content-type': 'application/json' }, body: JSON.stringify({ token: spare.split('token=')[1] }) });
    expect(late.status, 'a link that was not used yet').toBe(410);
  });

  it('keeps no token that is made while the password is set', async () => {
    const person = await t.person({});
    const [owner, other] = [await enter(await createSignInLink(t.db, person.email)), await enter(await createSignInLink(t.db, person.email))];
    await Promise.all([owner('POST', '/me/password', { password: PASSWORD }), ...Array.from({ length: 6 }, (_, i) => other('POST', '/tokens', { name: `n${i}` }))]);
    expect(await t.db.apiToken.count({ where: { userId: person.id } })).toBe(0);
  });

  it('keeps its tokens when a password is changed, unless they are to end', async () => {
    const person = await t.person({});
    const owner = await enter(await createSignInLink(t.db, person.email));
    await owner('POST', '/me/password', { password: PASSWORD });
    const { token } = (await owner('POST', '/tokens', { name: 'mine' })).body;
    await owner('POST', '/me/password', { password: `${PASSWORD} 2` });
    expect(await meAs(token)).toBe(200);
    await owner('POST', '/me/password', { password: `${PASSWORD} 3`, endTokens: true });
    expect(await meAs(token)).toBe(401);
  });
});

describe('a new link for somebody who has been here', () => {
  it('is told to them and to the project; the first one, for a newcomer, is not', async () => {
    const project = await t.project({ name: 'Dies' });
    const pam = await t.person({ name: 'Pam', project: project.id, role: 'admin' });
    const { userId, signInLink } = (await pam.post(`/projects/${project.id}/members`, { email: `vera-${newId()}@example.org`, role: 'reviewer' })).body;
    const again = (await pam.post(`/projects/${project.id}/members/${userId}/link`)).body.signInLink;
    expect(signInLink).not.toBe(again);
    const vera = await enter(again);
    expect((await vera('GET', '/me')).body.linksMade).toEqual([]);
    await pam.post(`/projects/${project.id}/members/${userId}/link`);
    expect((await vera('GET', '/me')).body.linksMade).toMatchObject([{ by: 'Pam', project: 'Dies' }]);
    const { activity } = (await pam.get(`/projects/${project.id}/overview`)).body;
    expect(activity.filter((a: { kind: string }) => a.kind === 'link')).toMatchObject([{ user: { name: 'Pam' }, text: expect.stringMatching(/^made a new sign-in link for vera-/) }]);
  });
});

describe('faces', () => {
  it('differ within a project, are the same for all who look, and stay when people come and go', async () => {
    const project = await t.project({});
    const boss = await t.person({ name: 'Boss', project: project.id, role: 'admin' });
    const people = [];
    for (let i = 0; i < FACE_COLORS - 1; i += 1) people.push(await t.person({ name: `anna ${i}`, project: project.id }));
    const read = async (who = boss): Promise<{ id: string; color: number; letters: string }[]> => (await who.get(`/projects/${project.id}/people`)).body;
    const [first, ...same] = await Promise.all([read(), read(), read(people[3])]);
    for (const other of same) expect(other).toEqual(first);
    expect(new Set(first?.map((p) => p.color)).size).toBe(FACE_COLORS);
    expect(new Set(first?.map((p) => p.letters)).size, 'letters').toBeGreaterThan(FACE_COLORS / 2);
    const [leaving, ...staying] = people;
    await boss.delete(`/projects/${project.id}/members/${leaving?.id ?? ''}`);
    const newcomer = await t.person({ name: 'Zoe', project: project.id });
    const after = await read();
    const colorOf = (id: string | undefined, list = after): number | undefined => list.find((p) => p.id === id)?.color;
    for (const { id } of staying) expect(colorOf(id)).toBe(colorOf(id, first));
    expect(colorOf(newcomer.id), 'the free one').toBe(colorOf(leaving?.id, first));
    await t.db.membership.deleteMany({ where: { projectId: project.id, userId: staying[0]?.id ?? '' } });
    await boss.post(`/projects/${project.id}/members`, { email: leaving?.email, role: 'annotator' });
    const back = await read();
    expect(colorOf(leaving?.id, back), 'not that of who got it meanwhile').not.toBe(colorOf(newcomer.id, back));
    expect(colorOf(newcomer.id, back)).toBe(colorOf(newcomer.id));
    expect((await boss.get('/me')).body.face).toEqual({ color: colorOf(boss.id), letters: 'BO' });
  });
});
