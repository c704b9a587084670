import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { drawBox, readContent } from '#core/annotation/doc.ts';
import { newId } from '#core/ids.ts';
import { PROTOCOL_VERSION, type ProjectEvent } from '#core/protocol.ts';
import type { TestPerson } from '../../testing/fixtures.ts';
import { testApp, type TestProject } from '../../testing/harness.ts';

const t = await testApp();
const EMPTY = { stateVector: 'AA==', timeMs: 1000 };
const DAY = 24 * 3_600_000;

interface Setting { project: TestProject; ann: TestPerson; bob: TestPerson; rita: TestPerson; rolf: TestPerson; ids: string[] }
async function setting(tasks = 1, settings: { review?: number } = {}): Promise<Setting> {
  const project = await t.project({ settings });
  const ids: string[] = [];
  for (let i = 0; i < tasks; i++) ids.push((await t.task(project, { priority: tasks - i, name: `die-${i}.png` })).id);
  const person = (name: string, role: 'annotator' | 'reviewer') => t.person({ name, role, project: project.id });
  return { project, ids, ann: await person('Ann', 'annotator'), bob: await person('Bob', 'annotator'), rita: await person('Rita', 'reviewer'), rolf: await person('Rolf', 'reviewer') };
}
const row = (id: string) => t.db.task.findUniqueOrThrow({ where: { id } });
const submit = async (who: TestPerson, id: string): Promise<string> => (await who.post(`/tasks/${id}/submit`, EMPTY)).body.revisionId;
const queue = async (who: TestPerson, project: TestProject, shelf = 'queued') => (await who.get(`/projects/${project.id}/reviews?shelf=${shelf}`)).body;
const decide = (who: TestPerson, id: string, revisionId: string, verdict: string, seen = 0, more: object = {}) =>
  who.post(`/tasks/${id}/review`, { revisionId, seen, verdict, ...(verdict === 'returned' ? { comment: 'The Void at the edge is missing' } : {}), ...more });
/** The annotations that the server's document holds. */
async function documentOf(who: TestPerson, task: string): Promise<ReadonlyMap<string, unknown>> {
  const socket = await who.socket();
  const answer = await socket.emitWithAck('room:join', { task, protocol: PROTOCOL_VERSION, client: newId(), stateVector: new Uint8Array([0]) });
  if (!answer.ok) throw new Error(answer.problem.message);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, new Uint8Array(answer.update));
  socket.close();
  return readContent(doc).annotations;
}
async function drawn(who: TestPerson, task: string, id: string): Promise<void> {
  const socket = await who.socket();
  await socket.emitWithAck('room:join', { task, protocol: PROTOCOL_VERSION, client: newId(), stateVector: new Uint8Array([0]) });
  const doc = new Y.Doc();
  drawBox(doc, { origin: { kind: 'person', user: who.id, client: 'c' }, user: who.id, now: Date.now() }, { predictions: [], threshold: 0.25 }, id, [10, 10, 40, 40], 0);
  expect(await socket.emitWithAck('room:update', { task, update: Y.encodeStateAsUpdate(doc) })).toMatchObject({ ok: true });
  socket.close();
}
const next = async (who: TestPerson, project: TestProject, body: object = {}) => (await who.post(`/projects/${project.id}/tasks/next`, body)).body;

describe('what is queued', () => {
  it('is only what is flagged, with its note, unless the project wants more', async () => {
    const { project, ann, rita, ids: [a = '', b = ''] } = await setting(2);
    await ann.post(`/tasks/${a}/flag`, { flagged: true, note: ' is this a chip? ' });
    expect((await queue(rita, project)).items, 'nothing is submitted yet').toEqual([]);
    await submit(ann, a);
    await submit(ann, b);
    const { items, counts } = await queue(rita, project);
    expect(items).toMatchObject([{ taskId: a, reason: 'flagged', flagNote: 'is this a chip?', submittedBy: { id: ann.id, name: 'Ann' }, status: 'ok', number: 1, barred: null }]);
    expect(counts).toEqual({ queued: 1, returned: 0, accepted: 0, submitted: 2 });
    expect((await rita.get(`/projects/${project.id}/loop`)).body.toReview).toBe(1);
  });

  it('is all of it where the project says so; and a flag after the submit counts at once, as does its withdrawal', async () => {
    const all = await setting(2, { review: 1 });
    for (const id of all.ids) await submit(all.ann, id);
    expect((await queue(all.rita, all.project)).items.map((i: { reason: string }) => i.reason)).toEqual(['share', 'share']);
    const { project, ann, rita, ids: [a = ''] } = await setting();
    await submit(ann, a);
    await ann.post(`/tasks/${a}/flag`, { flagged: true });
    expect((await queue(rita, project)).total).toBe(1);
    await ann.post(`/tasks/${a}/flag`, { flagged: false });
    expect((await queue(rita, project)).total).toBe(0);
  });

  it('may be decided on though nobody asked', async () => {
    const { ann, rita, ids: [a = ''] } = await setting();
    expect((await decide(rita, a, await submit(ann, a), 'accepted')).status).toBe(201);
    expect(await row(a)).toMatchObject({ state: 'submitted', review: 'accepted' });
  });
});

describe('accepting', () => {
  it('clears the flag, keeps the outcome, is told, and is a row that stays when the decision changes', async () => {
    const { project, ann, rita, ids: [a = ''] } = await setting();
    await ann.post(`/tasks/${a}/flag`, { flagged: true });
    const revision = await submit(ann, a);
    const heard: ProjectEvent[] = [];
    const end = t.app.bus.on((id, event) => { if (id === project.id) heard.push(event); });
    expect((await decide(rita, a, revision, 'accepted')).body).toMatchObject({ number: 1, verdict: 'accepted', by: { name: 'Rita' }, pin: null });
    end();
    expect(heard).toContainEqual({ type: 'review', task: a, state: 'accepted', by: rita.id });
    expect(heard.some((e) => e.type === 'loop')).toBe(true);
    expect(await row(a)).toMatchObject({ review: 'accepted', flagged: false, state: 'submitted' });
    expect((await t.db.activity.findFirst({ where: { projectId: project.id, kind: 'reviewed' } }))?.text).toBe('accepted die-0.png');
    expect((await queue(rita, project)).total).toBe(0);
    expect((await decide(rita, a, revision, 'returned', 1)).status).toBe(201);
    const { body } = await rita.get(`/tasks/${a}/review`);
    expect(body.reviews.map((r: { verdict: string }) => r.verdict)).toEqual(['accepted', 'returned']);
  });

  it('needs a reviewer, and one who had no hand in it while there is another', async () => {
    const { ann, rita, rolf, ids: [a = ''] } = await setting();
    const revision = await submit(rita, a);
    expect((await decide(ann, a, revision, 'accepted')).status).toBe(403);
    const own = await decide(rita, a, revision, 'accepted');
    expect(own.status).toBe(403);
    expect(own.body.message).toContain('You submitted this image yourself');
    expect((await decide(rolf, a, revision, 'accepted')).status).toBe(201);
    expect((await rita.get(`/tasks/${a}/review`)).body.card.barred).toContain('another reviewer');
  });

  it('of own work is allowed to somebody who is the only reviewer', async () => {
    const { project, rita, rolf, ids: [a = ''] } = await setting();
    await t.db.membership.delete({ where: { projectId_userId: { projectId: project.id, userId: rolf.id } } });
    await t.db.user.updateMany({ where: { admin: true }, data: { admin: false } });
    expect((await decide(rita, a, await submit(rita, a), 'accepted')).status).toBe(201);
  });
});

describe('sending back', () => {
  it('needs words, and a pin on the picture', async () => {
    const { ann, rita, ids: [a = ''] } = await setting();
    const revision = await submit(ann, a);
    expect((await decide(rita, a, revision, 'returned', 0, { comment: '  ' })).status).toBe(422);
    expect((await decide(rita, a, revision, 'returned', 0, { pin: [641, 10] })).status).toBe(422);
    expect((await decide(rita, a, revision, 'returned', 0, { pin: [639.5, 10] })).status).toBe(201);
    const { sentBack, state, flagged } = (await ann.get(`/tasks/${a}`)).body;
    expect({ sentBack, state, flagged }).toMatchObject({ sentBack: { to: ann.id, review: { comment: 'The Void at the edge is missing', pin: [639.5, 10], by: { name: 'Rita' } } }, state: 'pending', flagged: false });
  });

  it('hands it to whoever submitted it before anything new, and to others only a day later', async () => {
    const { project, ann, bob, rita, ids: [a = '', b = '', c = ''] } = await setting(3);
    await next(ann, project, { current: c });
    await decide(rita, c, await submit(ann, c), 'returned');
    expect((await next(bob, project)).upcoming.map((u: { id: string }) => u.id)).not.toContain(c);
    await submit(bob, a);
    await submit(bob, b);
    expect((await next(bob, project)).current, 'kept for Ann').toBeNull();
    const got = await next(ann, project);
    expect(got.current).toMatchObject({ id: c, sentBack: true });
    await t.db.task.update({ where: { id: c }, data: { state: 'pending', assigneeId: null, leaseUntil: null, returnedAt: new Date(Date.now() - DAY - 1000) } });
    expect((await next(bob, project)).current.id).toBe(c);
  });

  it('comes first for its person also beside urgent ones', async () => {
    const { project, ann, rita, ids } = await setting(4);
    const last = ids[3] ?? '';
    await decide(rita, last, await submit(ann, last), 'returned');
    expect((await next(ann, project)).current.id).toBe(last);
  });

  it('keeps the document and every revision, leaves it out of a freeze until it is submitted again, and then comes back to the reviewers', async () => {
    const { project, ann, rita, ids: [a = '', b = ''] } = await setting(2);
    await drawn(ann, a, 'first-box');
    await submit(ann, b);
    const first = await submit(ann, a);
    const before = (await rita.get(`/projects/${project.id}/versions/preview`)).body;
    expect(before.stats.images).toBe(2);
    await decide(rita, a, first, 'returned');
    expect([...(await documentOf(rita, a)).keys()], 'the document is as it was').toEqual(['first-box']);
    const without = (await rita.get(`/projects/${project.id}/versions/preview`)).body;
    expect(without.stats.images).toBe(1);
    expect(without.leftOut).toContainEqual(expect.objectContaining({ reason: 'sent back by a reviewer', images: 1 }));
    expect((await rita.get(`/projects/${project.id}/loop`)).body).toMatchObject({ unfrozen: 1, toReview: 0 });
    const version = (await rita.post(`/projects/${project.id}/versions`, {})).body;
    expect((await rita.get(`/versions/${version.id}/items`)).body.items.map((i: { revisionId: string }) => i.revisionId)).not.toContain(first);
    const second = await submit(ann, a);
    expect(second).not.toBe(first);
    expect(await t.db.revision.count({ where: { taskId: a } })).toBe(2);
    expect(await row(a)).toMatchObject({ review: 'queued', reviewReason: 'again', returnedToId: null });
    expect((await rita.get(`/projects/${project.id}/versions/preview`)).body.stats.images).toBe(2);
    expect((await queue(rita, project)).items).toMatchObject([{ taskId: a, reason: 'again', number: 2 }]);
  });

  it('can be taken back while nobody has begun on it', async () => {
    const { project, ann, rita, ids: [a = ''] } = await setting();
    const revision = await submit(ann, a);
    await decide(rita, a, revision, 'returned');
    expect((await decide(rita, a, revision, 'accepted', 1)).status).toBe(201);
    expect(await row(a)).toMatchObject({ state: 'submitted', review: 'accepted', returnedToId: null, dirty: false });
    await decide(rita, a, revision, 'returned', 2);
    await next(ann, project, { current: a });
    const late = await decide(rita, a, revision, 'accepted', 3);
    expect(late.status).toBe(409);
    expect(late.body.message).toContain('Ann has taken this image in hand again');
  });
});

describe('two who decide at once', () => {
  it('one wins, the other is told by whom, whatever they chose', async () => {
    const { ann, rita, rolf, ids } = await setting(6);
    for (const id of ids) {
      const revision = await submit(ann, id);
      const both = await Promise.all([decide(rita, id, revision, 'accepted'), decide(rolf, id, revision, 'returned')]);
      expect(both.map((r) => r.status).toSorted()).toEqual([201, 409]);
      expect(await t.db.review.count({ where: { taskId: id } })).toBe(1);
      const refused = both.find((r) => r.status === 409);
      expect(refused?.body.message).toMatch(/^(Rita has accepted this image|Rolf has sent this image back) meanwhile/);
    }
  });

  it('a decision on an outcome that is no longer the newest is refused', async () => {
    const { ann, rita, ids: [a = ''] } = await setting();
    const first = await submit(ann, a);
    await ann.post(`/tasks/${a}/reopen`);
    expect((await decide(rita, a, first, 'accepted')).body.message).toContain('Ann has taken this image in hand again');
    await submit(ann, a);
    const stale = await decide(rita, a, first, 'accepted');
    expect(stale.status).toBe(409);
    expect(stale.body.message).toContain('Ann has submitted this image again');
  });

  it('an accepted outcome that is changed afterwards comes back to the reviewers', async () => {
    const { ann, rita, ids: [a = ''] } = await setting();
    await decide(rita, a, await submit(ann, a), 'accepted');
    await ann.post(`/tasks/${a}/reopen`);
    await submit(ann, a);
    expect(await row(a)).toMatchObject({ review: 'queued', reviewReason: 'changed' });
  });
});

describe('a blind copy', () => {
  it('shows up in no annotator\'s list before both have submitted', async () => {
    const { project, ann, bob, rita, ids: [a = ''] } = await setting(1, { review: 1 });
    await t.db.task.update({ where: { id: a }, data: { blind: true, seenBy: [ann.id] } });
    await t.db.task.create({ data: { id: `${a}-b`, projectId: project.id, imageId: (await row(a)).imageId, iterationId: project.iterationId, copy: 1, blind: true } });
    await submit(ann, a);
    expect((await queue(rita, project)).total).toBe(1);
    expect((await queue(bob, project)).total).toBe(0);
    expect((await bob.get(`/tasks/${a}/review`)).status).toBe(403);
  });
});

describe('reasons', () => {
  it('of a skip and the note of a flag are on the image\'s card, and found by the filter', async () => {
    const { project, ann, rita, ids: [a = '', b = ''] } = await setting(2);
    await ann.post(`/tasks/${a}/skip`, { reason: 'picture unusable' });
    await ann.post(`/tasks/${b}/flag`, { flagged: true, note: 'odd' });
    await submit(ann, b);
    const list = async (query: string) => (await rita.get(`/projects/${project.id}/images?${query}`)).body.items;
    expect(await list('skipped=picture%20unusable')).toMatchObject([{ taskId: a, skipReason: 'picture unusable', status: 'skipped' }]);
    expect(await list('review=queued')).toMatchObject([{ taskId: b, flagNote: 'odd', review: 'queued' }]);
  });
});

describe('what was sent back', () => {
  it('is not taken in hand by somebody whose page still shows it: it waits for whoever submitted it', async () => {
    const { project, ids: [id = ''], ann, bob, rita } = await setting(3);
    const revision = await submit(ann, id);
    await ann.post(`/tasks/${id}/flag`, { flagged: true, note: 'look' });
    expect((await decide(rita, id, revision, 'returned')).status).toBe(201);
    const answer = await bob.post(`/projects/${project.id}/tasks/next`, { current: id });
    expect(answer.body, 'bob looks on').toMatchObject({ current: { id }, holder: { id: ann.id, name: 'Ann' } });
    expect(await row(id)).toMatchObject({ state: 'pending', assigneeId: null, returnedToId: ann.id });
    expect((await ann.post(`/projects/${project.id}/tasks/next`)).body, 'and ann gets it first').toMatchObject({ current: { id }, holder: null });
    expect(await row(id)).toMatchObject({ state: 'assigned', assigneeId: ann.id });
  });
});
