import * as Y from 'yjs';
import { describe, expect, it } from 'vitest';
import * as ops from '#core/annotation/doc.ts';
import type { Prediction } from '#core/annotation/schema.ts';
import type { LiveTask } from '#core/api/team.ts';
import { newId } from '#core/ids.ts';
import { PROTOCOL_VERSION } from '#core/protocol.ts';
import type { TestPerson, TestSocket } from '../../testing/fixtures.ts';
import { testApp, type TestProject } from '../../testing/harness.ts';
import { createTask } from '../tasks/index.ts';

const t = await testApp();
const predictions: Prediction[] = [{ id: 'chip', class: 0, box: [10, 10, 300, 300], score: 0.97 }, { id: 'void', class: 1, box: [400, 50, 40, 40], score: 0.6 }, { id: 'low', class: 1, box: [1, 1, 4, 4], score: 0.1 }];
const EMPTY = { stateVector: 'AA==', timeMs: 6000 };

async function pairOf(project: TestProject): Promise<{ image: string; tasks: [string, string] }> {
  const first = await t.task(project, { predictions });
  await t.db.task.delete({ where: { id: first.id } });
  await createTask(t.db, { projectId: project.id, imageId: first.imageId, iterationId: project.iterationId, predictionSetId: first.predictionSetId });
  const [a, b] = await t.db.task.findMany({ where: { imageId: first.imageId }, orderBy: { copy: 'asc' } });
  return { image: first.imageId, tasks: [a?.id ?? '', b?.id ?? ''] };
}
async function edit(person: TestPerson, task: string, change: (doc: Y.Doc, act: ops.Act) => void): Promise<void> {
  await t.app.rooms.apply(task, { kind: 'model', model: 'test' }, (doc) => { change(doc, { origin: { kind: 'person', user: person.id, client: newId() }, user: person.id, now: 1 }); });
}
const members = async (project: TestProject) => ({
  ann: await t.person({ name: 'Ann', project: project.id }), bob: await t.person({ name: 'Bob', project: project.id }),
  rita: await t.person({ name: 'Rita', project: project.id, role: 'reviewer' }), vera: await t.person({ name: 'Vera', project: project.id, role: 'viewer' }),
});

/** Follows the team as a page does. */
async function follow(person: TestPerson, project: TestProject): Promise<{ seen: Map<string, LiveTask | null>; socket: TestSocket }> {
  const socket = await person.socket();
  const seen = new Map<string, LiveTask | null>();
  socket.on('team:live', (m) => { seen.set(m.task, m.live); });
  expect(await socket.emitWithAck('team:watch', { project: project.id, protocol: PROTOCOL_VERSION })).toMatchObject({ ok: true });
  return { seen, socket };
}
async function open(person: TestPerson, task: string): Promise<{ doc: Y.Doc; socket: TestSocket; send: () => Promise<unknown> }> {
  const socket = await person.socket();
  const doc = new Y.Doc();
  const joined = await socket.emitWithAck('room:join', { task, protocol: PROTOCOL_VERSION, client: newId(), stateVector: Y.encodeStateVector(doc) });
  if (!joined.ok) throw new Error(joined.problem.message);
  Y.applyUpdate(doc, new Uint8Array(joined.update));
  return { doc, socket, send: () => socket.emitWithAck('room:update', { task, update: Y.encodeStateAsUpdate(doc, new Uint8Array(joined.stateVector)) }) };
}

describe('the team, live', () => {
  it('is told who opens what, what is drawn there, and who goes; whoever comes later gets it at once', async () => {
    const project = await t.project();
    const { ann, vera } = await members(project);
    const { id } = await t.task(project, { predictions, name: 'die-07.png' });
    const watching = await follow(vera, project);
    const page = await open(ann, id);
    await expect.poll(() => watching.seen.get(id)).toMatchObject({ name: 'die-07.png', width: 640, people: [{ name: 'Ann', readOnly: false, drawing: null }], overlay: [[0, 10, 10, 300, 300, 0], [1, 400, 50, 40, 40, 0]], changes: 0 });
    ops.drawBox(page.doc, { origin: { kind: 'person', user: ann.id, client: newId() }, user: ann.id, now: 1 }, { predictions, threshold: 0.25 }, 'mine', [402, 51, 38, 39], 1);
    expect(await page.send()).toMatchObject({ ok: true });
    await expect.poll(() => watching.seen.get(id)?.overlay).toEqual([[0, 10, 10, 300, 300, 0], [1, 402, 51, 38, 39, 1]]);
    const late = await follow(ann, project);
    await expect.poll(() => late.seen.get(id)?.changes).toBe(1);
    page.socket.close();
    await expect.poll(() => watching.seen.get(id)).toBeNull();
    watching.socket.close();
    late.socket.close();
  });

  it('keeps the boxes of a blind copy from annotators until both are done', async () => {
    const project = await t.project({ settings: { overlap: 1 } });
    const { ann, bob, rita } = await members(project);
    const { tasks: [a, b] } = await pairOf(project);
    const [annotator, reviewer] = [await follow(bob, project), await follow(rita, project)];
    const page = await open(ann, a);
    ops.rejectPrediction(page.doc, { origin: { kind: 'person', user: ann.id, client: newId() }, user: ann.id, now: 1 }, 'void');
    await page.send();
    await expect.poll(() => reviewer.seen.get(a)).toMatchObject({ blind: true, changes: 1, overlay: [[0, 10, 10, 300, 300, 0]] });
    expect(annotator.seen.get(a)).toMatchObject({ people: [{ name: 'Ann', drawing: null }], changes: 0, overlay: [] });
    await bob.post(`/tasks/${b}/submit`, EMPTY);
    expect(annotator.seen.get(a)?.overlay, 'hers is not done yet').toEqual([]);
    await ann.post(`/tasks/${a}/submit`, { stateVector: Buffer.from(Y.encodeStateVector(page.doc)).toString('base64'), timeMs: 1 });
    await expect.poll(() => annotator.seen.get(a), { message: 'a submit sends everybody out of the image' }).toBeNull();
    const again = await open(ann, a);
    await expect.poll(() => annotator.seen.get(a)).toMatchObject({ blind: false, overlay: [[0, 10, 10, 300, 300, 0]] });
    for (const { socket } of [annotator, reviewer, page, again]) socket.close();
  });

  it('refuses strangers, and tells nothing to who only watches the project', async () => {
    const project = await t.project();
    const stranger = await t.person();
    const socket = await stranger.socket();
    expect(await socket.emitWithAck('team:watch', { project: project.id, protocol: PROTOCOL_VERSION })).toMatchObject({ ok: false, problem: { code: 'forbidden' } });
    socket.close();
  });
});

describe('the team\'s figures', () => {
  it('count images once, show pace to reviewers and to oneself, and name leases', async () => {
    const project = await t.project({ settings: { overlap: 1 } });
    const { ann, bob, rita, vera } = await members(project);
    const [first, second] = [await pairOf(project), await pairOf(project)];
    await edit(ann, first.tasks[0], (doc, act) => { ops.rejectPrediction(doc, act, 'void'); });
    await ann.post(`/tasks/${first.tasks[0]}/submit`, EMPTY);
    await bob.post(`/projects/${project.id}/tasks/next`, { current: second.tasks[1] });
    const day = encodeURIComponent(new Date(Date.now() - 3_600_000).toISOString());
    const team = (await rita.get(`/projects/${project.id}/team?today=${day}`)).body;
    expect(team).toMatchObject({ iteration: 1, images: 2, submitted: 1, corrected: 0, left: 1, open: 3, perHour: null, secondsLeft: null, today: 1, lastHour: 1, overlap: { share: 1, images: 2, done: 0 } });
    expect(team.people.find((p: { id: string }) => p.id === ann.id).pace).toEqual({ lastHour: 1, today: 1, images: 1, secondsPerImage: 6, secondsPerCorrection: 6, correctedShare: 1 });
    expect(team.leases).toMatchObject([{ task: second.tasks[1], holder: { id: bob.id, name: 'Bob' } }]);
    const seen = async (person: TestPerson): Promise<string[]> => (await person.get(`/projects/${project.id}/team`)).body.people.filter((p: { pace: unknown }) => p.pace !== null).map((p: { name: string }) => p.name);
    expect([await seen(rita), await seen(ann), await seen(vera)]).toEqual([['Ann', 'Bob', 'Rita', 'Vera'], ['Ann'], ['Vera']]);
  });

  it('tell how well two people agree, by whom and where; the reviewer settles which outcome counts', async () => {
    const project = await t.project({ settings: { overlap: 1 } });
    const { ann, bob, rita, vera } = await members(project);
    const [same, other] = [await pairOf(project), await pairOf(project)];
    expect((await rita.get(`/projects/${project.id}/agreement`)).body).toMatchObject({ iteration: 1, total: { images: 0, found: null, kappa: null }, pairs: [], least: [] });
    await edit(bob, other.tasks[1], (doc, act) => { ops.rejectPrediction(doc, act, 'void'); });
    for (const [person, task] of [[ann, same.tasks[0]], [bob, same.tasks[1]], [ann, other.tasks[0]]] as const) await person.post(`/tasks/${task}/submit`, EMPTY);
    expect((await rita.get(`/projects/${project.id}/agreement`)).body.total.images).toBe(1);
    expect((await rita.get(`/images/${other.image}/pair`)).status).toBe(404);
    await bob.post(`/tasks/${other.tasks[1]}/submit`, EMPTY);

    const { body } = await rita.get(`/projects/${project.id}/agreement`);
    // Objects of both images: Ann chip, void, chip, void; Bob chip, void, chip.
    expect(body.total).toMatchObject({ images: 2, a: 4, b: 3, matched: 3, found: 6 / 7, iou: 1, classes: 1 });
    expect(body.total.kappa).toBeCloseTo((3 / 4 - (2 / 4 * 2 / 4 + 2 / 4 * 1 / 4)) / (1 - (2 / 4 * 2 / 4 + 2 / 4 * 1 / 4)));
    expect(body.pairs.map((p: { first: { name: string }; second: { name: string }; images: number }) => [[p.first.name, p.second.name].toSorted(), p.images])).toEqual([[['Ann', 'Bob'], 2]]);
    expect(body.perClass).toMatchObject([{ classIndex: 0, both: 2, missed: 0 }, { classIndex: 1, both: 1, missed: 1 }]);
    expect(body.least).toMatchObject([{ imageId: other.image, likeness: 2 / 3 }]);
    expect((await vera.get(`/projects/${project.id}/agreement`)).body).toMatchObject({ pairs: [], least: [], total: { images: 2 } });
    expect((await ann.get(`/projects/${project.id}/agreement`)).body.pairs).toHaveLength(1);

    const pair = (await rita.get(`/images/${other.image}/pair`)).body;
    expect(pair.sides.map((s: { person: { name: string }; counts: boolean; revision: { instances: unknown[] } }) => [s.person.name, s.counts, s.revision.instances.length])).toEqual([['Ann', true, 2], ['Bob', false, 1]]);
    expect((await ann.get(`/images/${other.image}/pair`)).status).toBe(403);
    expect((await rita.post(`/tasks/${other.tasks[1]}/count`)).status).toBe(200);
    expect((await rita.get(`/images/${other.image}/pair`)).body.sides.map((s: { counts: boolean }) => s.counts)).toEqual([false, true]);
    expect((await rita.get(`/projects/${project.id}/images`)).body.items.find((i: { id: string }) => i.id === other.image)).toMatchObject({ status: 'corrected', count: 1 });
    expect((await rita.get(`/projects/${project.id}/loop`)).body).toMatchObject({ tasks: 2, submitted: 2, corrected: 1 });
  });

  it('measure what was done blind: a later change knows the other\'s', async () => {
    const project = await t.project({ settings: { overlap: 1 } });
    const { ann, bob, rita } = await members(project);
    const { tasks: [a, b] } = await pairOf(project);
    await edit(ann, a, (doc, act) => { ops.rejectPrediction(doc, act, 'void'); });
    await ann.post(`/tasks/${a}/submit`, EMPTY);
    await bob.post(`/tasks/${b}/submit`, EMPTY);
    const before = (await rita.get(`/projects/${project.id}/agreement`)).body.total;
    expect(before.matched).toBe(1);
    await ann.post(`/tasks/${a}/reopen`);
    await edit(ann, a, (doc) => { doc.getMap('verdicts').clear(); });
    expect((await ann.post(`/tasks/${a}/submit`, EMPTY)).body).toMatchObject({ number: 2, instances: 2 });
    expect((await rita.get(`/projects/${project.id}/agreement`)).body.total).toEqual(before);
  });
});
