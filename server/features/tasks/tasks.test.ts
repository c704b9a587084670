import * as Y from 'yjs';
import { describe, expect, it } from 'vitest';
import * as ops from '#core/annotation/doc.ts';
import type { Prediction } from '#core/annotation/schema.ts';
import { newId } from '#core/ids.ts';
import { PROTOCOL_VERSION } from '#core/protocol.ts';
import type { TestPerson, TestSocket } from '../../testing/fixtures.ts';
import { testApp, type TestProject } from '../../testing/harness.ts';

const t = await testApp();
const predictions: Prediction[] = [
  { id: 'chip', class: 0, box: [10, 10, 300, 300], score: 0.97 },
  { id: 'void', class: 1, box: [50, 50, 40, 40], score: 0.6 },
  { id: 'unsure', class: 1, box: [200, 200, 40, 40], score: 0.1 },
];

/** A page as far as the server can tell: a document that is kept in step through a real socket. */
class Page {
  readonly doc = new Y.Doc();
  readonly act: ops.Act;
  readonly closed: string[] = [];
  readonly socket: TestSocket;
  readonly task: string;
  #waiting: Promise<unknown>[] = [];

  constructor(socket: TestSocket, task: string, person: TestPerson) {
    this.socket = socket;
    this.task = task;
    this.act = { origin: { kind: 'person', user: person.id, client: newId() }, user: person.id, now: 1 };
    socket.on('room:update', (m) => { Y.applyUpdate(this.doc, new Uint8Array(m.update), 'remote'); });
    socket.on('room:closed', (m) => { this.closed.push(m.problem.code); });
    this.doc.on('update', (update: Uint8Array, origin: unknown) => { if (origin !== 'remote') this.#waiting.push(socket.emitWithAck('room:update', { task, update })); });
  }

  async join(): Promise<this> {
    const joined = await this.socket.emitWithAck('room:join', { task: this.task, protocol: PROTOCOL_VERSION, client: newId(), stateVector: Y.encodeStateVector(this.doc) });
    if (!joined.ok) throw new Error(joined.problem.message);
    Y.applyUpdate(this.doc, new Uint8Array(joined.update), 'remote');
    return this;
  }

  async saved(): Promise<unknown[]> {
    return Promise.all(this.#waiting.splice(0));
  }

  get vector(): string {
    return Buffer.from(Y.encodeStateVector(this.doc)).toString('base64');
  }
}

async function page(person: TestPerson, task: string): Promise<Page> {
  return new Page(await person.socket(), task, person).join();
}

async function setting(tasks = 1): Promise<{ project: TestProject; ids: string[]; ann: TestPerson; bob: TestPerson }> {
  const project = await t.project();
  const ids: string[] = [];
  for (let i = 0; i < tasks; i++) ids.push((await t.task(project, { predictions, priority: tasks - i })).id);
  const [ann, bob] = [await t.person({ name: 'Ann', project: project.id }), await t.person({ name: 'Bob', project: project.id })];
  return { project, ids, ann, bob };
}

const submitBody = (p: Page, timeMs = 1234) => ({ stateVector: p.vector, timeMs });

describe('two people in one room', () => {
  it('converge over real sockets, durably, and freeze into one revision', async () => {
    const { ids: [id = ''], ann, bob } = await setting();
    const [a, b] = [await page(ann, id), await page(bob, id)];
    ops.rejectPrediction(a.doc, a.act, 'void');
    ops.drawBox(b.doc, b.act, { predictions, threshold: 0.25 }, 'bobs', [200, 100, 30, 30], 1);
    expect(await a.saved()).toMatchObject([{ ok: true }]);
    expect(await b.saved()).toMatchObject([{ ok: true }]);
    await expect.poll(() => [ops.verdictsOf(b.doc).size, ops.annotationsOf(a.doc).size]).toEqual([1, 1]);
    expect((await t.db.task.findUniqueOrThrow({ where: { id } })).dirty).toBe(true);

    const answer = await ann.post(`/tasks/${id}/submit`, submitBody(a));
    expect(answer.body).toMatchObject({ number: 1, status: 'corrected', instances: 2 });
    const revision = (await bob.get(`/revisions/${answer.body.revisionId}`)).body;
    expect(revision).toMatchObject({ authors: expect.arrayContaining(['Ann', 'Bob']), submittedBy: 'Ann', timeMs: 1234, threshold: 0.25 });
    expect(revision.instances.map((i: { id: string }) => i.id)).toEqual(['chip', 'bobs']);
    await expect.poll(() => b.closed).toEqual(['conflict']);
    // Also Ann's own pages: another tab of hers must not go on with what is submitted.
    await expect.poll(() => a.closed).toEqual(['conflict']);
    a.socket.close();
    b.socket.close();
  });

  it('find everything again after the server has started anew', async () => {
    const { ids: [id = ''], ann } = await setting();
    const a = await page(ann, id);
    ops.drawBox(a.doc, a.act, { predictions, threshold: 0.25 }, 'kept', [200, 100, 30, 30], 1);
    await a.saved();
    a.socket.close();
    await t.restart();
    const again = await page(ann, id);
    expect([...ops.annotationsOf(again.doc).keys()]).toEqual(['kept']);
    again.socket.close();
  });

  it('cannot put into a revision what fits neither project nor picture; a class made meanwhile does; boxes across the border are cut off there', async () => {
    const { project, ids: [id = ''], ann } = await setting();
    const seen = { predictions: [], threshold: 0.25 };
    const strange = async (change: (p: Page) => void): Promise<unknown> => {
      const p = await page(ann, id);
      change(p);
      const [answer] = await p.saved();
      p.socket.close();
      return answer;
    };
    const refused = { ok: false, problem: { code: 'invalid' } };
    expect(await strange((p) => { ops.drawBox(p.doc, p.act, seen, 'a', [10, 10, 30, 30], 9998); })).toMatchObject(refused);
    expect(await strange((p) => { ops.drawBox(p.doc, p.act, seen, 'b', [900_000, 900_000, 10, 10], 0); })).toMatchObject(refused);
    expect(await strange((p) => { ops.rejectPrediction(p.doc, p.act, 'nosuchprediction'); })).toMatchObject(refused);
    const a = await page(ann, id);
    await t.db.projectClass.create({ data: { projectId: project.id, index: 2, name: 'Crack', color: '#123456' } });
    await new Promise((later) => { setTimeout(later, 1100); }); // facts are read at most once a second
    ops.drawBox(a.doc, a.act, seen, 'crack', [630, -10, 30, 30], 2);
    expect(await a.saved()).toMatchObject([{ ok: true }]);
    const { body } = await ann.post(`/tasks/${id}/submit`, submitBody(a));
    const { instances } = (await ann.get(`/revisions/${body.revisionId}`)).body;
    expect(instances.find((i: { id: string }) => i.id === 'crack')).toMatchObject({ class: 2, box: [630, 0, 10, 20] });
    a.socket.close();
  });

  it('who edits an image that was submitted is refused alone; who looks at it stays', async () => {
    const { ids: [id = ''], ann, bob } = await setting();
    expect((await ann.post(`/tasks/${id}/submit`, { stateVector: 'AA==', timeMs: 1 })).status).toBe(200);
    const [a, b] = [await page(ann, id), await page(bob, id)];
    ops.rejectPrediction(b.doc, b.act, 'void');
    expect(await b.saved()).toMatchObject([{ ok: false, problem: { code: 'conflict' } }]);
    await expect.poll(() => b.closed).toEqual(['conflict']);
    expect((await ann.post(`/tasks/${id}/reopen`)).status).toBe(200);
    ops.rejectPrediction(a.doc, a.act, 'chip');
    expect(await a.saved()).toMatchObject([{ ok: true }]);
    expect(a.closed).toEqual([]);
    a.socket.close();
    b.socket.close();
  });

  it('refuse a bad update with a reason and go on', async () => {
    const { ids: [id = ''], ann } = await setting();
    const a = await page(ann, id);
    expect(await a.socket.emitWithAck('room:update', { task: id, update: Uint8Array.from([9, 9, 9]) })).toMatchObject({ ok: false, problem: { code: 'invalid' } });
    ops.rejectPrediction(a.doc, a.act, 'void');
    expect(await a.saved()).toMatchObject([{ ok: true }]);
    a.socket.close();
  });
});

describe('submit', () => {
  it('of an untouched task is ok and keeps what is at or above the threshold', async () => {
    const { ids: [id = ''], ann } = await setting();
    const a = await page(ann, id);
    const answer = await ann.post(`/tasks/${id}/submit`, submitBody(a));
    expect(answer.body).toMatchObject({ status: 'ok', instances: 2 });
    expect(await t.db.task.findUniqueOrThrow({ where: { id } })).toMatchObject({ state: 'submitted', outcome: 'ok', leaseUntil: null });
    a.socket.close();
  });

  it('twice gives the same revision, also at the same time', async () => {
    const { ids: [id = ''], ann } = await setting();
    const a = await page(ann, id);
    const answers = await Promise.all([1, 2, 3].map(() => ann.post(`/tasks/${id}/submit`, submitBody(a))));
    expect(new Set(answers.map((x) => x.body.revisionId)).size).toBe(1);
    expect(await t.db.revision.count({ where: { taskId: id } })).toBe(1);
    a.socket.close();
  });

  it('is refused when the server lacks an edit of the page', async () => {
    const { ids: [id = ''], ann } = await setting();
    const a = await page(ann, id);
    a.socket.close();
    ops.rejectPrediction(a.doc, a.act, 'void');
    const answer = await ann.post(`/tasks/${id}/submit`, submitBody(a));
    expect([answer.status, answer.body.code]).toEqual([409, 'conflict']);
    expect(await t.db.revision.count({ where: { taskId: id } })).toBe(0);
  });

  it('takes no late edits; reopened, it does, and the first revision stays', async () => {
    const { ids: [id = ''], ann } = await setting();
    const a = await page(ann, id);
    await ann.post(`/tasks/${id}/submit`, submitBody(a));
    ops.rejectPrediction(a.doc, a.act, 'void');
    expect(await a.saved()).toMatchObject([{ ok: false }]);
    expect(a.closed).toEqual(['conflict']);
    expect((await ann.post(`/tasks/${id}/reopen`)).status).toBe(200);
    const b = await page(ann, id);
    ops.rejectPrediction(b.doc, b.act, 'chip');
    await b.saved();
    expect((await ann.post(`/tasks/${id}/submit`, submitBody(b))).body).toMatchObject({ number: 2, status: 'corrected', instances: 1 });
    expect((await t.db.revision.findMany({ where: { taskId: id }, orderBy: { number: 'asc' } })).map((r) => r.status)).toEqual(['ok', 'corrected']);
    a.socket.close();
    b.socket.close();
  });
});

describe('the queue', () => {
  it('gives twenty people who ask at once twenty different images', async () => {
    const { project } = await setting(24);
    const people = await Promise.all(Array.from({ length: 20 }, () => t.person({ project: project.id })));
    const answers = await Promise.all(people.map((p) => p.post(`/projects/${project.id}/tasks/next`)));
    expect(new Set(answers.map((a) => a.body.current?.id)).size).toBe(20);
  });

  it('keeps the next image for a person, but not while a colleague has none', async () => {
    const { project, ann } = await setting(11);
    const hers = (await ann.post(`/projects/${project.id}/tasks/next`)).body;
    const kept = await t.db.task.findFirstOrThrow({ where: { projectId: project.id, reserved: true } });
    expect([kept.assigneeId, kept.id === hers.current.id]).toEqual([ann.id, false]);
    const others = [];
    for (let i = 0; i < 11; i++) others.push((await (await t.person({ project: project.id })).post(`/projects/${project.id}/tasks/next`)).body.current?.id ?? null);
    expect(others.slice(0, 9)).not.toContain(kept.id);
    expect(others.slice(9)).toEqual([kept.id, null]);
    expect(new Set([hers.current.id, ...others]).size).toBe(12);
  });

  it('hands out the most urgent first, and one\'s own again until it is done', async () => {
    const { project, ids, ann, bob } = await setting(3);
    const first = (await ann.post(`/projects/${project.id}/tasks/next`)).body;
    expect(first).toMatchObject({ current: { id: ids[0], state: 'assigned' }, left: 3, total: 3 });
    expect(first.upcoming.map((c: { id: string }) => c.id)).toEqual(ids.slice(1));
    expect((await ann.post(`/projects/${project.id}/tasks/next`)).body.current.id).toBe(ids[0]);
    expect((await bob.post(`/projects/${project.id}/tasks/next`)).body.current.id).toBe(ids[1]);
    const a = await page(ann, ids[0] ?? '');
    await ann.post(`/tasks/${ids[0]}/submit`, submitBody(a));
    expect((await ann.post(`/projects/${project.id}/tasks/next`)).body).toMatchObject({ current: { id: ids[2] }, left: 2, total: 3 });
    a.socket.close();
  });

  it('takes the open task in hand, and gives back what a lease no longer holds', async () => {
    const { project, ids, ann, bob } = await setting(2);
    expect((await ann.post(`/projects/${project.id}/tasks/next`, { current: ids[1] })).body.current).toMatchObject({ id: ids[1], state: 'assigned' });
    await t.db.task.update({ where: { id: ids[1] ?? '' }, data: { leaseUntil: new Date(Date.now() - 60_000), priority: 99 } });
    expect((await bob.post(`/projects/${project.id}/tasks/next`)).body.current.id).toBe(ids[1]);
  });

  it('skips and flags', async () => {
    const { project, ids, ann } = await setting(2);
    await ann.post(`/tasks/${ids[0]}/flag`, { flagged: true });
    await ann.post(`/tasks/${ids[0]}/skip`, { reason: 'blurred' });
    expect((await ann.get(`/tasks/${ids[0]}`)).body).toMatchObject({ state: 'skipped', flagged: true, position: { index: 1, total: 2 } });
    expect((await ann.post(`/projects/${project.id}/tasks/next`)).body).toMatchObject({ current: { id: ids[1] }, left: 1, total: 2 });
    expect((await ann.get(`/projects/${project.id}/tasks?state=skipped`)).body).toHaveLength(1);
  });
});

describe('what the person saw', () => {
  it('is what a submit keeps: other predictions than those are refused, and nothing is lost', async () => {
    const project = await t.project({});
    const ann = await t.person({ project: project.id });
    const task = await t.task(project, { predictions: [] });
    const stateVector = Buffer.from(Y.encodeStateVector(new Y.Doc())).toString('base64');
    const submit = (predictionSetId: string | null) => ann.post(`/tasks/${task.id}/submit`, { stateVector, timeMs: 1, predictionSetId });
    expect((await ann.get(`/tasks/${task.id}`)).body.predictionSetId).toBe(task.predictionSetId);
    const refused = await submit(null);
    expect([refused.status, refused.body.code]).toEqual([409, 'conflict']);
    expect(await t.db.revision.count({ where: { taskId: task.id } })).toBe(0);
    expect((await submit(task.predictionSetId)).status).toBe(200);
  });

  it('is never an image that the model is still on its way to', async () => {
    const project = await t.project({});
    const ann = await t.person({ project: project.id });
    const task = await t.task(project, {});
    const model = await t.db.modelVersion.findFirstOrThrow({ where: { projectId: project.id } });
    await t.db.project.update({ where: { id: project.id }, data: { currentModelId: model.id } });
    await t.db.task.update({ where: { id: task.id }, data: { predictionSetId: null } });
    const job = await t.db.job.create({ data: { id: newId(), projectId: project.id, kind: 'predict', state: 'running' } });
    const next = async () => (await ann.post(`/projects/${project.id}/tasks/next`, {})).body;
    expect(await next()).toMatchObject({ current: null, upcoming: [], predicting: true, left: 1 });
    await t.db.task.update({ where: { id: task.id }, data: { predictionSetId: task.predictionSetId } });
    expect(await next()).toMatchObject({ current: { id: task.id }, predicting: false });
    // A picture that the model cannot read is handed out all the same, once the model is done.
    await t.db.task.update({ where: { id: task.id }, data: { predictionSetId: null, state: 'pending', assigneeId: null } });
    await t.db.job.update({ where: { id: job.id }, data: { state: 'done' } });
    expect(await next()).toMatchObject({ current: { id: task.id }, predicting: false });
  });
});
