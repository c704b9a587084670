import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import * as ops from '#core/annotation/doc.ts';
import { asPredictions } from '#core/annotation/given.ts';
import type { Instance, Prediction } from '#core/annotation/schema.ts';
import type { FindingDto } from '#core/api/secondLook.ts';
import type { Box } from '#core/geometry/box.ts';
import { newId } from '#core/ids.ts';
import { PROTOCOL_VERSION } from '#core/protocol.ts';
import { testApp, type TestPerson, type TestProject } from '../../testing/harness.ts';
import { preview } from '../dataset/index.ts';

const fixtures = fileURLToPath(new URL('../../../workers/inference/fixtures/', import.meta.url));
const t = await testApp();

const given = (index: number, box: Box): Instance => ({ id: newId(), source: 'baseline', class: index, box });
const found = (index: number, box: Box, score: number): Prediction => ({ id: newId(), class: index, box, score });
const chip: Box = [100, 100, 60, 60];
const hole: Box = [300, 200, 40, 40];

async function setting(): Promise<{ project: TestProject; reviewer: TestPerson; modelId: string }> {
  const project = await t.project({ classes: ['Chip', 'Void'], task: 'detect' });
  return { project, reviewer: await t.person({ project: project.id, role: 'reviewer' }), modelId: await addModel(project) };
}

async function addModel(project: TestProject, onnxSha256: string | null = null): Promise<string> {
  const number = (await t.db.modelVersion.count({ where: { projectId: project.id } })) + 1;
  const { id } = await t.db.modelVersion.create({ data: { id: newId(), projectId: project.id, number, name: `model ${number}`, task: 'detect', classNames: ['disc', 'edge', 'bar'], classMap: [0, 1, null], meta: {}, onnxSha256, origin: 'uploaded' } });
  await t.db.project.update({ where: { id: project.id }, data: { currentModelId: id } });
  return id;
}

async function importLabels(project: TestProject, imageId: string, instances: Instance[]): Promise<void> {
  const imported = await t.db.import.create({ data: { id: newId(), projectId: project.id, state: 'applied', createdBy: 'x' } });
  await t.db.baselineLabel.create({ data: { id: newId(), imageId, importId: imported.id, instances } });
}

const see = (imageId: string, modelId: string, instances: Prediction[]) => t.db.predictionSet.create({ data: { id: newId(), imageId, modelId, instances, floor: 0.05, ms: 40, provider: 'cpu' } });

async function labelled(project: TestProject, modelId: string, labels: Instance[], predictions: Prediction[] = asPredictions(labels)): Promise<string> {
  const { id } = await t.image(project);
  await importLabels(project, id, labels);
  await see(id, modelId, predictions);
  return id;
}

const list = async (person: TestPerson, project: TestProject, query = ''): Promise<FindingDto[]> => {
  const { status, body } = await person.get(`/projects/${project.id}/second-look/findings${query}`);
  expect([status, body.message]).toEqual([200, undefined]);
  return body.items;
};

/** Corrects through a room, as the page does, and submits. */
async function correct(person: TestPerson, task: string, edit: (doc: Y.Doc, act: ops.Act) => void): Promise<void> {
  const doc = new Y.Doc();
  const socket = await person.socket();
  const joined = await socket.emitWithAck('room:join', { task, protocol: PROTOCOL_VERSION, client: newId(), stateVector: Y.encodeStateVector(doc) });
  if (!joined.ok) throw new Error(joined.problem.message);
  const sent: Promise<unknown>[] = [];
  doc.on('update', (update: Uint8Array) => { sent.push(socket.emitWithAck('room:update', { task, update }).then((answer: { ok: boolean }) => { expect(answer.ok).toBe(true); })); });
  edit(doc, { origin: { kind: 'person', user: person.id, client: newId() }, user: person.id, now: Date.now() });
  await Promise.all(sent);
  const answer = await person.post(`/tasks/${task}/submit`, { stateVector: Buffer.from(Y.encodeStateVector(doc)).toString('base64'), timeMs: 1000, predictionSetId: null });
  expect([answer.status, answer.body.message]).toEqual([200, undefined]);
  socket.close();
}

describe('the list', () => {
  it('has what the model is sure of first, then what cannot be learned from; and filters, counts and pages', async () => {
    const { project, reviewer, modelId } = await setting();
    await labelled(project, modelId, [given(0, chip)], [found(0, chip, 0.9), found(1, hole, 0.6)]);
    await labelled(project, modelId, [given(0, chip), given(0, [0, 0, 3, 3])], [found(1, chip, 0.8), found(1, [500, 400, 40, 40], 0.3)]);
    await labelled(project, modelId, [given(0, chip)]);
    const all = await list(reviewer, project);
    expect(all.map((f) => [f.kind, f.rank, f.seen?.class ?? null])).toEqual([['otherClass', 0.8, 1], ['noLabel', 0.6, 1], ['fewPixels', -0.75, null]]);
    expect(all[0]).toMatchObject({ model: { id: modelId, name: 'model 1' }, labelledBy: { source: 'import', person: null }, answer: null, image: { width: 640 } });
    expect(all[2]?.model).toBeNull();
    expect((await list(reviewer, project, '?kind=noLabel')).map((f) => f.kind)).toEqual(['noLabel']);
    expect((await list(reviewer, project, '?class=0')).map((f) => f.kind)).toEqual(['otherClass', 'fewPixels']);
    const first = (await reviewer.get(`/projects/${project.id}/second-look/findings?limit=2`)).body;
    const second = (await reviewer.get(`/projects/${project.id}/second-look/findings?limit=2&after=${encodeURIComponent(first.next)}`)).body;
    expect([first.total, [...first.items, ...second.items].map((f) => f.id), second.next]).toEqual([3, all.map((f) => f.id), null]);
    expect((await reviewer.get(`/projects/${project.id}/second-look/findings?after=x`)).status).toBe(400);
    const state = (await reviewer.get(`/projects/${project.id}/second-look`)).body;
    expect(state).toMatchObject({ images: 3, looked: 3, unpredicted: 0, imgsz: 640, msPerImage: 40, job: null });
    expect(state.counts).toContainEqual({ kind: 'otherClass', class: 1, open: 1, answered: 0 });
    expect(state.counts).toContainEqual({ kind: 'noLabel', class: null, open: 1, answered: 0 });
  });

  it('is for reviewers, and says nothing of an image that two people correct blind', async () => {
    const { project, reviewer, modelId } = await setting();
    const imageId = await labelled(project, modelId, [given(0, chip)], []);
    const [finding] = await list(reviewer, project);
    const annotator = await t.person({ project: project.id, role: 'annotator' });
    expect((await annotator.get(`/projects/${project.id}/second-look/findings`)).status).toBe(403);
    expect((await annotator.get(`/findings/${finding?.id}`)).status).toBe(403);
    await t.db.task.create({ data: { id: newId(), projectId: project.id, imageId, iterationId: project.iterationId, blind: true } });
    expect(await list(reviewer, project)).toEqual([]);
    expect((await reviewer.get(`/findings/${finding?.id}`)).status).toBe(404);
  });

  it('forgets what was excluded or sent back, and follows classes that are merged', async () => {
    const { project, reviewer, modelId } = await setting();
    const imageId = await labelled(project, modelId, [given(0, chip)], [found(1, chip, 0.9)]);
    expect(await list(reviewer, project)).toHaveLength(1);
    await t.db.projectClass.update({ where: { projectId_index: { projectId: project.id, index: 0 } }, data: { mergedInto: 1, retiredAt: new Date() } });
    expect(await list(reviewer, project)).toEqual([]);
    await t.db.projectClass.update({ where: { projectId_index: { projectId: project.id, index: 0 } }, data: { mergedInto: null, retiredAt: null } });
    expect(await list(reviewer, project)).toHaveLength(1);
    await reviewer.patch(`/images/${imageId}`, { excluded: true });
    expect(await list(reviewer, project)).toEqual([]);
  });
});

describe('"the label is right"', () => {
  it('is recorded and does not come back, also with the next model, until the label changes; and can be taken back', async () => {
    const { project, reviewer, modelId } = await setting();
    const label = given(0, chip);
    const imageId = await labelled(project, modelId, [label], [found(1, chip, 0.9)]);
    const [finding] = await list(reviewer, project);
    const answer = await reviewer.post(`/findings/${finding?.id}/right`);
    expect(answer.body).toMatchObject({ answer: { by: { id: reviewer.id } } });
    expect(await list(reviewer, project)).toEqual([]);
    expect((await list(reviewer, project, '?answered=true')).map((f) => f.id)).toEqual([finding?.id]);
    expect(await t.db.labelAnswer.findFirst({ where: { imageId } })).toMatchObject({ byId: reviewer.id, modelId, scope: 'model', takenBackAt: null });

    // The next model misses it altogether: another opinion about the same label.
    await see(imageId, await addModel(project), []);
    expect(await list(reviewer, project)).toEqual([]);
    expect((await list(reviewer, project, '?answered=true')).map((f) => [f.kind, f.model?.name])).toEqual([['nothingSeen', 'model 2']]);

    const [later] = await list(reviewer, project, '?answered=true');
    expect((await reviewer.delete(`/findings/${later?.id}/right`)).body).toMatchObject({ answer: null });
    expect(await list(reviewer, project)).toHaveLength(1);
    expect(await t.db.labelAnswer.findFirst({ where: { imageId } })).toMatchObject({ takenBackById: reviewer.id });

    await reviewer.post(`/findings/${later?.id}/right`);
    expect(await list(reviewer, project)).toEqual([]);
    // Another import moves it: what was said was said of another label.
    await importLabels(project, imageId, [{ ...label, id: newId(), box: [120, 100, 60, 60] }]);
    expect((await list(reviewer, project)).map((f) => f.kind)).toEqual(['nothingSeen']);
    expect((await reviewer.post(`/findings/${later?.id}/right`)).status).toBe(404);
  });

  it('of a place without a label holds for the next model\'s box there', async () => {
    const { project, reviewer, modelId } = await setting();
    const imageId = await labelled(project, modelId, [], [found(1, hole, 0.9)]);
    const [finding] = await list(reviewer, project);
    await reviewer.post(`/findings/${finding?.id}/right`);
    await see(imageId, await addModel(project), [found(1, [303, 202, 40, 40], 0.7)]);
    expect(await list(reviewer, project)).toEqual([]);
  });

  it('is refused for labels that have changed meanwhile', async () => {
    const { project, reviewer, modelId } = await setting();
    const imageId = await labelled(project, modelId, [given(0, chip)], [found(1, chip, 0.9)]);
    const [finding] = await list(reviewer, project);
    await importLabels(project, imageId, [given(1, chip)]);
    expect((await reviewer.post(`/findings/${finding?.id}/right`)).status).toBe(409);
    expect(await t.db.labelAnswer.count({ where: { imageId } })).toBe(0);
  });
});

describe('opening', () => {
  it('an image that came with its labels makes a task in which they are corrected; the next version has the correction', async () => {
    const { project, reviewer, modelId } = await setting();
    const [wrong, right] = [given(0, chip), given(0, hole)];
    const imageId = await labelled(project, modelId, [wrong, right], [found(0, hole, 0.9)]);
    const [finding] = await list(reviewer, project);
    const { task } = (await reviewer.post(`/findings/${finding?.id}/open`)).body;
    expect((await reviewer.post(`/findings/${finding?.id}/open`)).body.task).toBe(task);
    expect((await reviewer.get(`/tasks/${task}`)).body).toMatchObject({ imageId, predictions: [], baseline: [{ id: wrong.id }, { id: right.id }], state: 'assigned' });
    await correct(reviewer, task, (doc, act) => { ops.rejectPrediction(doc, act, wrong.id); });
    const revision = await t.db.revision.findFirstOrThrow({ where: { imageId } });
    expect(revision).toMatchObject({ status: 'corrected', corrections: 1, instances: [{ id: right.id, source: 'baseline' }] });
    expect(await list(reviewer, project)).toEqual([]);
    expect((await preview(t.db, project.id)).stats).toMatchObject({ images: 1, instances: 1 });
    // Corrections of an import say nothing of a model.
    expect((await reviewer.get(`/projects/${project.id}/overview`)).status).toBe(200);
  });

  it('a label that is drawn anew replaces the one that it means, and unchanged labels come out as they went in', async () => {
    const { project, reviewer, modelId } = await setting();
    const [near, far] = [given(0, chip), given(1, hole)];
    const imageId = await labelled(project, modelId, [near, far], []);
    const [finding] = await list(reviewer, project);
    const { task } = (await reviewer.post(`/findings/${finding?.id}/open`)).body;
    await correct(reviewer, task, (doc, act) => { ops.drawBox(doc, act, { predictions: asPredictions([near, far]), threshold: 0.25 }, 'new', [104, 102, 60, 60], 1); });
    const revision = await t.db.revision.findFirstOrThrow({ where: { imageId } });
    expect(revision.instances).toMatchObject([far, { id: 'new', source: 'annotation', class: 1, of: [near.id], by: reviewer.id }]);
  });

  it('makes nothing that stays when nobody changes anything', async () => {
    const { project, reviewer, modelId } = await setting();
    await labelled(project, modelId, [given(0, chip)], []);
    const [finding] = await list(reviewer, project);
    const { task } = (await reviewer.post(`/findings/${finding?.id}/open`)).body;
    expect(await t.db.task.count({ where: { id: task } })).toBe(1);
    await t.db.task.update({ where: { id: task }, data: { leaseUntil: new Date(Date.now() - 1000) } });
    t.app.leases.sweep();
    await t.app.leases.settled();
    expect(await t.db.task.count({ where: { id: task } })).toBe(0);
  });

  it('a submitted image leads to its task, as it was left', async () => {
    const { project, reviewer } = await setting();
    const task = await t.task(project, { predictions: [found(0, chip, 0.9)] });
    await t.db.project.update({ where: { id: project.id }, data: { currentModelId: (await t.db.predictionSet.findUniqueOrThrow({ where: { id: task.predictionSetId } })).modelId } });
    await t.db.task.update({ where: { id: task.id }, data: { state: 'submitted' } });
    await t.db.revision.create({ data: { id: newId(), taskId: task.id, imageId: task.imageId, number: 1, iterationId: project.iterationId, predictionSetId: task.predictionSetId, status: 'corrected', instances: [{ id: newId(), source: 'annotation', class: 1, box: [...chip], kind: 'drawn', by: reviewer.id, at: 1 }], verdicts: {}, threshold: 0.25, authors: [], submittedById: reviewer.id, timeMs: 1, docState: new Uint8Array([0, 0]) } });
    const [finding] = await list(reviewer, project);
    expect(finding).toMatchObject({ kind: 'otherClass', labelledBy: { source: 'person', person: { id: reviewer.id } } });
    expect((await reviewer.post(`/findings/${finding?.id}/open`)).body).toEqual({ task: task.id });
    expect(await t.db.task.findUniqueOrThrow({ where: { id: task.id } })).toMatchObject({ state: 'submitted' });
  });
});

describe('the job', () => {
  it('predicts labelled images with the present model, makes no task, and compares', async () => {
    const project = await t.project({ classes: ['Disc', 'Edge'], task: 'segment' });
    const reviewer = await t.person({ project: project.id, role: 'reviewer' });
    const modelId = await addModel(project, await t.app.blobs.put(await readFile(`${fixtures}v8-segment.onnx`)));
    const bytes = await sharp(`${fixtures}landscape.png`).png().toBuffer();
    const { id: imageId } = await t.image(project, { bytes, width: 320, height: 231 });
    const broken = await t.image(project);
    for (const id of [imageId, broken.id]) await importLabels(project, id, []);
    expect((await reviewer.get(`/projects/${project.id}/second-look`)).body).toMatchObject({ images: 2, looked: 0, unpredicted: 2, counts: [] });
    const { body: job } = await reviewer.post(`/projects/${project.id}/second-look`);
    await t.app.jobs.idle();
    expect(await t.db.job.findUniqueOrThrow({ where: { id: job.id } })).toMatchObject({ state: 'done', message: expect.stringContaining('1 could not be read') });
    const set = await t.db.predictionSet.findUniqueOrThrow({ where: { imageId_modelId: { imageId, modelId } } });
    const sure = Array.isArray(set.instances) ? set.instances.filter((i) => typeof i === 'object' && i !== null && 'score' in i && Number(i['score']) >= 0.5).length : 0;
    expect(sure).toBeGreaterThan(0);
    const findings = await list(reviewer, project);
    expect(new Set(findings.map((f) => f.kind))).toEqual(new Set(['noLabel']));
    expect(findings.length).toBeLessThanOrEqual(sure);
    expect(await t.db.task.count({ where: { projectId: project.id } })).toBe(0);
    expect((await reviewer.get(`/projects/${project.id}/second-look`)).body).toMatchObject({ images: 2, looked: 1, unpredicted: 1 });
  });
});
