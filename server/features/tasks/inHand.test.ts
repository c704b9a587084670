import * as Y from 'yjs';
import { describe, expect, it } from 'vitest';
import * as ops from '#core/annotation/doc.ts';
import { newId } from '#core/ids.ts';
import { PROTOCOL_VERSION } from '#core/protocol.ts';
import type { TestPerson } from '../../testing/fixtures.ts';
import { testApp, type TestProject } from '../../testing/harness.ts';

const t = await testApp();
const EMPTY = { stateVector: 'AA==', timeMs: 1000 };

async function setting(): Promise<{ project: TestProject; id: string; ann: TestPerson; bob: TestPerson; rita: TestPerson }> {
  const project = await t.project();
  const { id } = await t.task(project, {});
  return { project, id, ann: await t.person({ name: 'Ann', project: project.id }), bob: await t.person({ name: 'Bob', project: project.id }), rita: await t.person({ name: 'Rita', project: project.id, role: 'reviewer' }) };
}
const take = async (who: TestPerson, project: TestProject, id: string): Promise<string> => (await who.post(`/projects/${project.id}/tasks/next`, { current: id })).body.current.state;
const row = (id: string) => t.db.task.findUniqueOrThrow({ where: { id } });
async function leaseEnds(id: string): Promise<void> {
  await t.db.task.update({ where: { id }, data: { leaseUntil: new Date(Date.now() - 60_000) } });
  t.app.leases.sweep();
  await t.app.leases.settled();
}
/** Draws a box in the live document; answers with the state vector that a submit of it carries. */
async function draws(who: TestPerson, task: string, box: string): Promise<string> {
  const socket = await who.socket();
  const doc = new Y.Doc();
  const joined = await socket.emitWithAck('room:join', { task, protocol: PROTOCOL_VERSION, client: newId(), stateVector: Y.encodeStateVector(doc) });
  if (!joined.ok) throw new Error(joined.problem.message);
  Y.applyUpdate(doc, new Uint8Array(joined.update));
  ops.drawBox(doc, { origin: { kind: 'person', user: who.id, client: newId() }, user: who.id, now: 1 }, { predictions: [], threshold: 0.25 }, box, [20, 20, 30, 30], 0);
  expect(await socket.emitWithAck('room:update', { task, update: Y.encodeStateAsUpdate(doc, new Uint8Array(joined.stateVector)) })).toMatchObject({ ok: true });
  await socket.emitWithAck('room:leave', { task });
  socket.close();
  return Buffer.from(Y.encodeStateVector(doc)).toString('base64');
}

describe('an image that a colleague has in hand', () => {
  it('is not closed by a submit that comes late: its boxes are in it, and the colleague\'s submit has both', async () => {
    const { project, id, ann, bob } = await setting();
    await take(ann, project, id);
    await leaseEnds(id);
    expect(await take(bob, project, id)).toBe('assigned');
    await draws(bob, id, 'bobs');
    const late = await draws(ann, id, 'anns');
    const refused = await ann.post(`/tasks/${id}/submit`, { stateVector: late, timeMs: 1 });
    expect([refused.status, refused.body.code, refused.body.message]).toEqual([409, 'conflict', 'Bob has this image in hand now. Your boxes are saved in it; Bob submits them.']);
    expect(await row(id)).toMatchObject({ state: 'assigned', assigneeId: bob.id });
    const { body } = await bob.post(`/tasks/${id}/submit`, EMPTY);
    const { instances, authors } = (await bob.get(`/revisions/${body.revisionId}`)).body;
    expect([instances.map((i: { id: string }) => i.id).toSorted(), authors.toSorted()]).toEqual([['anns', 'bobs'], ['Ann', 'Bob']]);
    expect((await ann.post(`/tasks/${id}/submit`, { stateVector: late, timeMs: 1 })).body.revisionId, 'asked again after that, it is Bob\'s').toBe(body.revisionId);
  });

  it('is neither submitted nor skipped by anybody else, whatever their role; its holder does, in any tab or script', async () => {
    for (const act of ['submit', 'skip'] as const) {
      const { project, id, ann, bob, rita } = await setting();
      await take(ann, project, id);
      for (const other of [bob, rita]) {
        const { status, body } = await other.post(`/tasks/${id}/${act}`, act === 'submit' ? EMPTY : {});
        expect([status, body.message]).toEqual([409, expect.stringMatching(/^Ann has this image in hand now\./)]);
      }
      expect(await row(id)).toMatchObject({ state: 'assigned', assigneeId: ann.id });
      expect((await ann.post(`/tasks/${id}/${act}`, act === 'submit' ? EMPTY : {})).status).toBe(200);
      expect((await bob.post(`/tasks/${id}/reopen`)).status).toBe(200);
      expect((await ann.post(`/tasks/${id}/${act}`, act === 'submit' ? EMPTY : {})).status, 'opened again, it is Bob\'s').toBe(409);
    }
  });

  it('is anybody\'s again once the lease has ended, also before the sweep; what is only kept for somebody is not in hand', async () => {
    const { project, id, ann, bob } = await setting();
    await take(ann, project, id);
    await t.db.task.update({ where: { id }, data: { leaseUntil: new Date(Date.now() - 1) } });
    expect((await bob.post(`/tasks/${id}/submit`, EMPTY)).status).toBe(200);

    const late = await setting();
    await take(late.ann, late.project, late.id);
    await leaseEnds(late.id);
    expect(await row(late.id)).toMatchObject({ state: 'pending' });
    expect((await late.ann.post(`/tasks/${late.id}/submit`, EMPTY)).status, 'nobody took it: the late submit is right').toBe(200);

    const kept = await setting();
    await take(kept.ann, kept.project, kept.id);
    await t.db.task.update({ where: { id: kept.id }, data: { reserved: true } });
    expect((await kept.bob.post(`/tasks/${kept.id}/submit`, EMPTY)).status).toBe(200);
  });

  it('stays with a helper who is still there when its holder goes: then they submit', async () => {
    const { project, id, ann, bob } = await setting();
    await take(ann, project, id);
    const socket = await bob.socket();
    await socket.emitWithAck('room:join', { task: id, protocol: PROTOCOL_VERSION, client: newId(), stateVector: new Uint8Array([0]) });
    expect((await bob.post(`/tasks/${id}/submit`, EMPTY)).status).toBe(409);
    await leaseEnds(id);
    expect((await bob.post(`/tasks/${id}/submit`, EMPTY)).status).toBe(200);
    socket.close();
  });
});
