import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#core/ids.ts';
import type { ProjectEvent } from '#core/protocol.ts';
import inference from '../../plugins/inference.ts';
import { testApp, type TestApp, type TestProject } from '../../testing/harness.ts';
import { plugin as next } from '../next/index.ts';
import { plugin } from './index.ts';
import { SCORE_FLOOR } from './service.ts';

const fixtures = fileURLToPath(new URL('../../../workers/inference/fixtures/', import.meta.url));
const test = await testApp({ features: [inference, next, plugin] });

async function addModel(t: TestApp, project: TestProject, classMap: (number | null)[] = [0, 1, null], file = `${fixtures}v8-segment.onnx`): Promise<string> {
  const onnxSha256 = await t.app.blobs.put(await readFile(file));
  const number = (await t.db.modelVersion.count({ where: { projectId: project.id } })) + 1;
  const { id } = await t.db.modelVersion.create({
    data: { id: newId(), projectId: project.id, number, name: `model ${number}`, task: 'segment', classNames: ['disc', 'edge', 'bar'], classMap, meta: {}, onnxSha256, origin: 'uploaded' },
  });
  await t.db.project.update({ where: { id: project.id }, data: { currentModelId: id } });
  return id;
}

async function addPicture(t: TestApp, project: TestProject, seed: number) {
  const bytes = await sharp(`${fixtures}landscape.png`).modulate({ brightness: 1 + seed / 200 }).png().toBuffer();
  return t.image(project, { bytes, width: 320, height: 231 });
}

describe('predictions', () => {
  let project: TestProject;
  let modelId: string;
  beforeAll(async () => {
    project = await test.project({ classes: ['Disc', 'Edge'], task: 'segment' });
    modelId = await addModel(test, project);
  });

  it('predicts what waits, keeps low scores, and gives every image its task', async () => {
    const images = [await addPicture(test, project, 0), await addPicture(test, project, 1)];
    const labelled = await addPicture(test, project, 2);
    const imported = await test.db.import.create({ data: { id: newId(), projectId: project.id, state: 'applied', createdBy: 'x' } });
    await test.db.baselineLabel.create({ data: { id: newId(), imageId: labelled.id, importId: imported.id, instances: [] } });
    const events: ProjectEvent[] = [];
    const stop = test.app.bus.on((id, event) => { if (id === project.id) events.push(event); });
    const person = await test.person({ project: project.id, role: 'annotator' });

    const answer = await person.post(`/projects/${project.id}/predict`);
    expect(answer.status).toBe(202);
    await test.app.jobs.idle();
    stop();

    const job = await test.db.job.findUniqueOrThrow({ where: { id: answer.body.id } });
    expect(job).toMatchObject({ state: 'done', done: 2, total: 2, message: '2 images predicted' });
    const sets = await test.db.predictionSet.findMany({ where: { modelId } });
    expect(sets.map(({ imageId }) => imageId).toSorted()).toEqual(images.map(({ id }) => id).toSorted());
    expect(sets[0]).toMatchObject({ floor: SCORE_FLOOR, provider: 'cpu' });
    const instances = sets[0]?.instances;
    expect(sets[0]?.brief).toHaveLength(6 * (Array.isArray(instances) ? instances.length : -1));
    expect(Array.isArray(instances) && instances.length > 2).toBe(true);
    // The project has no class for "bar": those are left out.
    expect(JSON.stringify(instances)).not.toContain('"class":2');
    expect(await test.db.task.count({ where: { projectId: project.id, state: 'pending', iterationId: project.iterationId, predictionSetId: { not: null } } })).toBe(2);
    expect(events.filter(({ type }) => type === 'task')).toHaveLength(2);
    expect(events.some(({ type }) => type === 'loop')).toBe(true);
  });

  it('run again, makes nothing twice', async () => {
    const before = await test.db.task.findMany({ where: { projectId: project.id }, orderBy: { id: 'asc' } });
    const person = await test.person({ project: project.id, role: 'annotator' });
    expect((await person.post(`/projects/${project.id}/predict`)).status).toBe(202);
    await test.app.jobs.idle();
    expect(await test.db.task.findMany({ where: { projectId: project.id }, orderBy: { id: 'asc' } })).toEqual(before);
    expect(await test.db.predictionSet.count({ where: { modelId } })).toBe(2);
  });

  it('a promoted model gives untouched tasks new predictions; edited and taken tasks keep theirs', async () => {
    await addPicture(test, project, 3);
    const waiting = await test.person({ project: project.id, role: 'annotator' });
    await waiting.post(`/projects/${project.id}/predict`);
    await test.app.jobs.idle();
    const [dirty, taken, free] = await test.db.task.findMany({ where: { projectId: project.id }, orderBy: { id: 'asc' } });
    if (!dirty || !taken || !free) throw new Error('three tasks are needed');
    await test.db.task.update({ where: { id: dirty.id }, data: { dirty: true } });
    await test.db.task.update({ where: { id: taken.id }, data: { state: 'assigned', assigneeId: waiting.id, leaseUntil: new Date(Date.now() + 60_000) } });
    const next = await addModel(test, project);
    test.app.bus.emit(project.id, { type: 'model', id: next, promoted: true });
    await expect.poll(() => test.db.job.count({ where: { projectId: project.id } })).toBe(4);
    await test.app.jobs.idle();
    const modelOf = async (id: string) => (await test.db.task.findUniqueOrThrow({ where: { id }, include: { predictionSet: true } })).predictionSet?.modelId;
    expect(await modelOf(dirty.id)).toBe(modelId);
    expect(await modelOf(taken.id)).toBe(modelId);
    expect(await modelOf(free.id)).toBe(next);

    // Whoever had it in hand leaves it untouched: then it is predicted anew as well. What has edits keeps what they were made against.
    await test.db.task.updateMany({ where: { id: { in: [dirty.id, taken.id] } }, data: { state: 'pending', assigneeId: null, leaseUntil: null } });
    for (const task of [dirty, taken]) test.app.bus.emit(project.id, { type: 'task', task: task.id, image: task.imageId, state: 'pending', by: null });
    await expect.poll(() => modelOf(taken.id), { timeout: 15_000 }).toBe(next);
    await test.app.jobs.idle();
    expect(await modelOf(dirty.id)).toBe(modelId);
  });

  it('what a crash left between a promotion and its predictions is made up for at the next start', async () => {
    const other = await test.project({ classes: ['Disc', 'Edge'], task: 'segment' });
    const first = await addModel(test, other);
    const image = await addPicture(test, other, 11);
    const person = await test.person({ project: other.id, role: 'annotator' });
    await person.post(`/projects/${other.id}/predict`);
    await test.app.jobs.idle();
    const next = await addModel(test, other);
    const modelOf = async () => (await test.db.task.findFirstOrThrow({ where: { imageId: image.id }, include: { predictionSet: true } })).predictionSet?.modelId;
    expect(await modelOf(), 'nobody was told').toBe(first);
    await test.restart();
    await expect.poll(modelOf, { timeout: 15_000 }).toBe(next);
    await test.app.jobs.idle();
  });

  it('a picture that cannot be read is told, and does not hold up the others', async () => {
    const other = await test.project({ classes: ['Disc'], task: 'segment' });
    await addModel(test, other, [0, null, null]);
    await addPicture(test, other, 5);
    await test.image(other, {}); // random bytes
    const person = await test.person({ project: other.id, role: 'annotator' });
    const { body } = await person.post(`/projects/${other.id}/predict`);
    await test.app.jobs.idle();
    expect(await test.db.job.findUniqueOrThrow({ where: { id: body.id } })).toMatchObject({ state: 'done', message: '1 image predicted, 1 could not be read and have no predictions' });
    expect(await test.db.task.count({ where: { projectId: other.id } })).toBe(1);
  });

  it('keeps how the model sees each picture: with its prediction set, of labelled images, and where a set is older than vectors', async () => {
    const seeing = await test.project({ task: 'segment' });
    const model = await addModel(test, seeing, [0, 1], fileURLToPath(new URL('../../../models/demo.onnx', import.meta.url)));
    const [first, older, labelled] = [await addPicture(test, seeing, 7), await addPicture(test, seeing, 8), await addPicture(test, seeing, 9)];
    const imported = await test.db.import.create({ data: { id: newId(), projectId: seeing.id, state: 'applied', createdBy: 'x' } });
    await test.db.baselineLabel.create({ data: { id: newId(), imageId: labelled.id, importId: imported.id, instances: [] } });
    await test.db.predictionSet.create({ data: { id: newId(), imageId: older.id, modelId: model, instances: [], floor: 0.05, ms: 1, provider: 'cpu' } });
    const person = await test.person({ project: seeing.id, role: 'annotator' });
    const { body } = await person.post(`/projects/${seeing.id}/predict`);
    await test.app.jobs.idle();
    const vectors = await test.db.featureVector.findMany({ where: { modelId: model } });
    expect(new Set(vectors.map(({ imageId }) => imageId))).toEqual(new Set([first.id, older.id, labelled.id]));
    expect(vectors.every(({ values }) => values.length === 96 * 4)).toBe(true);
    expect(await test.db.predictionSet.count({ where: { imageId: labelled.id } })).toBe(0);
    expect(await test.db.job.findUniqueOrThrow({ where: { id: body.id } })).toMatchObject({ state: 'done', message: '2 images predicted', done: 4, total: 4 });
    const tasks = await test.db.task.findMany({ where: { projectId: seeing.id } });
    expect(tasks.map((task) => task.priority).toSorted()).toEqual([0.5, 1]);
    await person.post(`/projects/${seeing.id}/predict`);
    await test.app.jobs.idle();
    expect(await test.db.featureVector.findMany({ where: { modelId: model } })).toEqual(vectors);
  });

  it('refuses without a model, and viewers', async () => {
    const empty = await test.project();
    const person = await test.person({ project: empty.id, role: 'annotator' });
    expect(await person.post(`/projects/${empty.id}/predict`)).toMatchObject({ status: 409, body: { code: 'conflict' } });
    const viewer = await test.person({ project: empty.id, role: 'viewer' });
    expect((await viewer.post(`/projects/${empty.id}/predict`)).status).toBe(403);
  });

  it('can be cancelled; what was made is kept', async () => {
    const many = await test.project({ classes: ['Disc'], task: 'segment' });
    await addModel(test, many, [0, null, null]);
    for (let i = 0; i < 30; i++) await addPicture(test, many, i);
    const person = await test.person({ project: many.id, role: 'annotator' });
    const { body } = await person.post(`/projects/${many.id}/predict`);
    await expect.poll(() => test.db.task.count({ where: { projectId: many.id } }), { timeout: 20_000, interval: 20 }).toBeGreaterThan(0);
    await test.app.jobs.cancel(body.id);
    await test.app.jobs.idle();
    expect((await test.db.job.findUniqueOrThrow({ where: { id: body.id } })).state).toBe('cancelled');
    const made = await test.db.task.count({ where: { projectId: many.id } });
    expect(made).toBeLessThan(30);
    await person.post(`/projects/${many.id}/predict`);
    await test.app.jobs.idle();
    expect(await test.db.task.count({ where: { projectId: many.id } })).toBe(30);
  });
});

describe('a model that takes too long', async () => {
  const slow = await testApp({ features: [inference, next, plugin], config: { predictSeconds: 0.01 } });

  it('fails its job with a sentence at the first picture, and the job does not come again with a restart', async () => {
    const project = await slow.project();
    await addModel(slow, project);
    for (const seed of [0, 1, 2]) await addPicture(slow, project, seed);
    const person = await slow.person({ project: project.id, role: 'annotator' });
    const { body } = await person.post(`/projects/${project.id}/predict`);
    await slow.app.jobs.idle();
    const failed = { state: 'failed', error: expect.stringContaining('took more than 0.01 seconds for one picture') };
    expect(await slow.db.job.findUniqueOrThrow({ where: { id: body.id } })).toMatchObject(failed);
    const model = fileURLToPath(new URL('v8-segment.onnx', `file://${fixtures}`));
    await expect(slow.app.inference.describeModel(model), 'reading a file waits for no prediction').resolves.toMatchObject({ task: 'segment' });
    await slow.restart();
    await slow.app.jobs.idle();
    expect(await slow.db.job.findUniqueOrThrow({ where: { id: body.id } })).toMatchObject(failed);
    expect(await slow.db.predictionSet.count()).toBe(0);
  });
});
