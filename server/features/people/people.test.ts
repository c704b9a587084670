import { describe, expect, it } from 'vitest';
import { newId } from '#core/ids.ts';
import { testApp } from '../../testing/harness.ts';

const t = await testApp();
const PASSWORD = 'a long enough password';

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
    expect(Object.keys(names[0]).toSorted(), 'no addresses').toEqual(['id', 'name']);
    expect((await outside.get(`/projects/${project.id}/people`)).status).toBe(403);
  });
});
