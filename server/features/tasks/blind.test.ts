import { describe, expect, it } from 'vitest';
import type { Prediction } from '#core/annotation/schema.ts';
import { PROTOCOL_VERSION, type ProjectEvent } from '#core/protocol.ts';
import type { TestPerson } from '../../testing/fixtures.ts';
import { testApp, type TestProject } from '../../testing/harness.ts';
import { createTask } from './index.ts';

const t = await testApp();
const EMPTY = { stateVector: 'AA==', timeMs: 1000 };
const predictions: Prediction[] = [{ id: 'chip', class: 0, box: [10, 10, 300, 300], score: 0.97 }];

/** One image that two people correct blind, and everybody who might look. */
async function setting(): Promise<{ project: TestProject; image: string; a: string; b: string; people: Record<'ann' | 'bob' | 'cid' | 'vera' | 'rita', TestPerson> }> {
  const project = await t.project({ settings: { overlap: 1 } });
  const first = await t.task(project, { predictions });
  await t.db.task.delete({ where: { id: first.id } });
  await createTask(t.db, { projectId: project.id, imageId: first.imageId, iterationId: project.iterationId, predictionSetId: first.predictionSetId });
  const [a, b] = await t.db.task.findMany({ where: { imageId: first.imageId }, orderBy: { copy: 'asc' } });
  const person = (name: string, role: 'annotator' | 'viewer' | 'reviewer' = 'annotator'): Promise<TestPerson> => t.person({ name, project: project.id, role });
  return { project, image: first.imageId, a: a?.id ?? '', b: b?.id ?? '', people: { ann: await person('Ann'), bob: await person('Bob'), cid: await person('Cid'), vera: await person('Vera', 'viewer'), rita: await person('Rita', 'reviewer') } };
}
const take = (who: TestPerson, project: TestProject, id: string) => who.post(`/projects/${project.id}/tasks/next`, { current: id });
const grid = async (who: TestPerson, project: TestProject, query = '') => (await who.get(`/projects/${project.id}/images${query}`)).body;
async function submitted(who: TestPerson, id: string): Promise<string> {
  const { status, body } = await who.post(`/tasks/${id}/submit`, EMPTY);
  expect(status).toBe(200);
  return body.revisionId;
}
const measured = async (who: TestPerson, project: TestProject): Promise<number> => (await who.get(`/projects/${project.id}/agreement`)).body.total.images;
const letGo = (id: string) => t.db.task.update({ where: { id }, data: { state: 'pending', assigneeId: null, leaseUntil: null } });

describe('of a copy that is not one\'s own', () => {
  it('nobody but reviewers learns flag, note, skip or its reason: neither from the grid, nor by its filters and counts, nor from the task', async () => {
    const { project, image, a, b, people: { ann, bob, cid, vera, rita } } = await setting();
    await take(ann, project, a);
    await ann.post(`/tasks/${a}/flag`, { flagged: true, note: 'two voids at the left' });
    const plain = { status: 'predicted', flagged: false, flagNote: null, skipReason: null, review: null };
    for (const who of [bob, cid, vera]) {
      expect((await grid(who, project)).items).toMatchObject([{ id: image, taskId: b, ...plain }]);
      expect((await grid(who, project, '?flagged=true')).total).toBe(0);
      expect((await who.get(`/projects/${project.id}/team`)).body.flagged).toBe(0);
      expect(JSON.stringify((await who.get(`/projects/${project.id}/tasks`)).body)).not.toContain(a);
    }
    for (const who of [ann, rita]) {
      expect((await grid(who, project, '?flagged=true')).items).toMatchObject([{ taskId: a, flagged: true, flagNote: 'two voids at the left' }]);
      expect((await who.get(`/projects/${project.id}/team`)).body.flagged).toBe(1);
    }
    await letGo(a);
    expect((await cid.get(`/tasks/${a}`)).body, 'it may become Cid\'s, and is not yet').toMatchObject({ flagged: false, flagNote: null });
    expect((await vera.get(`/tasks/${a}`)).status, 'it can never be a viewer\'s').toBe(403);

    await ann.post(`/tasks/${a}/skip`, { reason: 'no chip at all' });
    for (const who of [bob, cid, vera]) {
      expect((await grid(who, project)).items).toMatchObject([{ id: image, taskId: b, ...plain }]);
      expect([(await grid(who, project, '?status=skipped')).total, (await grid(who, project, '?skipped=no%20chip%20at%20all')).total]).toEqual([0, 0]);
      expect((await who.get(`/tasks/${a}`)).status).toBe(403);
    }
    expect((await grid(ann, project, '?status=skipped')).items).toMatchObject([{ taskId: a, skipReason: 'no chip at all' }]);
    await take(bob, project, b);
    await submitted(bob, b);
    expect((await cid.get(`/tasks/${a}`)).body, 'both are done').toMatchObject({ state: 'skipped', flagNote: 'two voids at the left' });
  });

  it('nobody but reviewers sees what waits for review, or how it was reviewed', async () => {
    const { project, a, people: { ann, bob, cid, vera, rita } } = await setting();
    const toReview = async (who: TestPerson): Promise<number> => (await who.get(`/projects/${project.id}/loop`)).body.toReview;
    await ann.post(`/tasks/${a}/flag`, { flagged: true, note: 'sure?' });
    const revisionId = await submitted(ann, a);
    expect(await Promise.all([ann, bob, cid, vera, rita].map(toReview))).toEqual([1, 0, 0, 0, 1]);
    expect((await rita.post(`/tasks/${a}/review`, { revisionId, seen: 0, verdict: 'returned', comment: 'The left one is two' })).status).toBe(201);
    for (const who of [bob, cid, vera]) {
      expect((await who.get(`/projects/${project.id}/reviews?shelf=returned`)).body).toMatchObject({ items: [], total: 0 });
      expect((await who.get(`/tasks/${a}/review`)).status).toBe(403);
      expect(JSON.stringify((await who.get(`/projects/${project.id}/overview`)).body.activity)).not.toMatch(/The left one|sent/);
    }
    expect((await ann.get(`/tasks/${a}`)).body.sentBack.review.comment).toBe('The left one is two');
  });
});

describe('on the socket', () => {
  it('the other one of a pair hears nothing of what becomes of a copy; whoever may get it, only that something did', async () => {
    const { project, a, b, people: { ann, bob, cid, rita } } = await setting();
    await Promise.all([take(ann, project, a), take(bob, project, b)]);
    const heard = new Map<string, ProjectEvent[]>();
    const sockets = await Promise.all([ann, bob, cid, rita].map(async (who) => {
      const events: ProjectEvent[] = [];
      heard.set(who.id, events);
      const socket = await who.socket();
      socket.on('project:event', ({ event }) => { if (event.type === 'task' || event.type === 'review') events.push(event); });
      expect(await socket.emitWithAck('project:watch', { project: project.id, protocol: PROTOCOL_VERSION })).toMatchObject({ ok: true });
      return socket;
    }));
    const of = (who: TestPerson): ProjectEvent[] => heard.get(who.id) ?? [];
    await ann.post(`/tasks/${a}/flag`, { flagged: true, note: 'sure?' });
    await submitted(ann, a);
    const queued = { type: 'review', task: a, state: 'queued', by: ann.id };
    await expect.poll(() => [of(ann), of(rita)]).toEqual([expect.arrayContaining([queued]), expect.arrayContaining([queued])]);
    await expect.poll(() => of(cid)).toHaveLength(2);
    expect(of(cid).every((event) => event.type === 'task' && event.state === 'pending' && event.by === null)).toBe(true);
    // What follows is told in order: were anything of Ann's copy on its way to Bob, it would have come first.
    await submitted(bob, b);
    await expect.poll(() => of(bob)).toContainEqual({ type: 'review', task: b, state: null, by: bob.id });
    expect(of(bob).filter((event) => 'task' in event && event.task === a)).toEqual([]);
    for (const socket of sockets) socket.close();
  });
});

describe('agreement counts only what was made blind', () => {
  it('not what somebody submits who has laid their copy aside meanwhile, and could look', async () => {
    const { project, a, b, people: { ann, bob, rita } } = await setting();
    await Promise.all([take(ann, project, a), take(bob, project, b)]);
    const revision = await submitted(ann, a);
    expect((await bob.get(`/revisions/${revision}`)).status).toBe(403);
    expect((await bob.post(`/tasks/${b}/skip`, {})).status).toBe(200);
    expect((await bob.get(`/revisions/${revision}`)).status, 'the pair has ended').toBe(200);
    expect((await bob.post(`/tasks/${b}/reopen`)).status).toBe(200);
    await submitted(bob, b);
    expect(await measured(rita, project)).toBe(0);
    expect((await rita.get(`/projects/${project.id}/reports/1`)).body.agreement).toBeNull();
  });

  it('not what a third one does who skipped the free copy; and that copy is theirs from then on', async () => {
    const { project, a, b, people: { ann, cid, rita } } = await setting();
    await take(ann, project, a);
    await submitted(ann, a);
    expect((await cid.post(`/tasks/${b}/skip`, {})).status).toBe(200);
    expect((await t.db.task.findUniqueOrThrow({ where: { id: b } })).seenBy).toContain(cid.id);
    await cid.post(`/tasks/${b}/reopen`);
    await submitted(cid, b);
    expect(await measured(rita, project)).toBe(0);
  });

  it('not what a reviewer submits who has looked at the other outcome; without having looked, it counts', async () => {
    for (const look of [true, false]) {
      const { project, a, b, people: { ann, rita } } = await setting();
      await take(ann, project, a);
      const revision = await submitted(ann, a);
      if (look) expect((await rita.get(`/revisions/${revision}`)).status).toBe(200);
      await submitted(rita, b);
      expect(await measured(ann, project)).toBe(look ? 0 : 1);
    }
  });

  it('and a reviewer\'s skip shows nothing to whoever is still at work on the other copy', async () => {
    const { project, a, b, people: { ann, bob, rita } } = await setting();
    await Promise.all([take(ann, project, a), take(bob, project, b)]);
    const revision = await submitted(bob, b);
    expect((await rita.post(`/tasks/${a}/skip`, {})).status, 'it is in Ann\'s hands').toBe(409);
    expect((await ann.get(`/revisions/${revision}`)).status).toBe(403);
    await submitted(ann, a);
    expect(await measured(rita, project)).toBe(1);

    const other = await setting();
    await take(other.people.ann, other.project, other.a);
    expect((await other.people.rita.post(`/tasks/${other.b}/skip`, { reason: 'secret' })).status).toBe(200);
    expect((await other.people.ann.get(`/tasks/${other.b}`)).status).toBe(403);
    expect((await grid(other.people.ann, other.project)).items).toMatchObject([{ taskId: other.a, skipReason: null }]);
  });
});
