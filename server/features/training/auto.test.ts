import sharp from 'sharp';
import { beforeEach, expect, it } from 'vitest';
import { newId } from '#core/ids.ts';
import { testApp, type TestPerson, type TestProject } from '../../testing/harness.ts';
import { AutoRuns } from './auto.ts';

// No node works on training here: a run that began waits in the queue.
const t = await testApp({ config: { roles: new Set(['web', 'infer']) } });
let project: TestProject;
let admin: TestPerson;
let shade = 0;
const picture = () => sharp({ create: { width: 64, height: 48, channels: 3, background: { r: ++shade, g: 9, b: 9 } } }).png().toBuffer();

async function submit(): Promise<void> {
  const task = await t.task(project, { bytes: await picture(), width: 64, height: 48, state: 'submitted' });
  await t.db.revision.create({ data: {
    id: newId(), taskId: task.id, imageId: task.imageId, number: 1, iterationId: project.iterationId, predictionSetId: task.predictionSetId, status: 'corrected', threshold: 0.25, verdicts: {},
    instances: [{ id: newId(), source: 'annotation', class: 0, box: [4, 4, 20, 20] }], authors: [admin.id], submittedById: admin.id, timeMs: 1000, docState: new Uint8Array([0, 0]),
  } });
  t.app.bus.emit(project.id, { type: 'task', task: task.id, image: task.imageId, state: 'submitted', by: admin.id });
}
const runs = () => t.db.trainingRun.findMany({ where: { projectId: project.id }, include: { datasetVersion: true }, orderBy: { number: 'asc' } });
const told = async () => (await t.db.activity.findMany({ where: { projectId: project.id, kind: 'trained' }, orderBy: { createdAt: 'asc' } })).map((a) => a.text);
const settle = () => new Promise((done) => { setTimeout(done, 300); });

async function validation(): Promise<void> {
  const image = await t.image(project, { bytes: await picture(), width: 64, height: 48, split: 'valid' });
  const imported = await t.db.import.create({ data: { id: newId(), projectId: project.id, state: 'applied', createdBy: 'test' } });
  await t.db.baselineLabel.create({ data: { id: newId(), imageId: image.id, importId: imported.id, instances: [{ id: newId(), source: 'baseline', class: 0, box: [1, 1, 9, 9] }] } });
}

beforeEach(async () => {
  project = await t.project({ classes: ['Chip'], task: 'detect' });
  admin = await t.person({ project: project.id, role: 'admin' });
});

it('freezes and trains once so many images are submitted, and not twice', async () => {
  await validation();
  expect((await admin.request('PATCH', `/projects/${project.id}`, { settings: { autoAfter: 3 } })).status).toBe(200);
  await submit();
  await submit();
  await settle();
  expect(await runs()).toHaveLength(0);
  await Promise.all([submit(), submit()]);
  await expect.poll(async () => (await runs()).length).toBe(1);
  await settle();
  const [run] = await runs();
  expect(run).toMatchObject({ state: 'queued', datasetVersion: { number: 1, note: expect.stringContaining('by itself, after') } });
  for (let i = 0; i < 3; i++) await submit();
  await settle();
  expect(await runs(), 'one at a time').toHaveLength(1);
  await t.db.trainingRun.updateMany({ where: { projectId: project.id }, data: { state: 'cancelled' } });
  await submit();
  await expect.poll(async () => (await runs()).length).toBe(2);
});

it('says why no run began, and tries again only after as many more', async () => {
  await admin.request('PATCH', `/projects/${project.id}`, { settings: { autoAfter: 2 } });
  for (let i = 0; i < 3; i++) await submit();
  await expect.poll(told).toEqual([expect.stringContaining('no validation images')]);
  await validation();
  await submit();
  await submit();
  await expect.poll(async () => (await runs()).length).toBe(1);
});

it('looks once a night, at the time that the project says', async () => {
  await validation();
  await admin.request('PATCH', `/projects/${project.id}`, { settings: { autoAt: '02:30' } });
  const auto = new AutoRuns(t.app, (error) => { throw error; });
  await auto.clock(new Date(2026, 0, 5, 2, 30, 5));
  expect(await runs(), 'nothing was submitted').toHaveLength(0);
  await submit();
  await auto.clock(new Date(2026, 0, 5, 2, 30, 40));
  await auto.clock(new Date(2026, 0, 5, 14, 30));
  expect(await runs()).toHaveLength(0);
  await auto.clock(new Date(2026, 0, 6, 2, 30));
  await auto.clock(new Date(2026, 0, 6, 2, 30, 30));
  expect(await runs()).toHaveLength(1);
  expect(await told()).toEqual([expect.stringContaining('by itself, at 02:30')]);
  expect((await admin.request('PATCH', `/projects/${project.id}`, { settings: { autoAt: '25:00' } })).status).toBe(422);
});

it('a run whose job is cancelled before it began is cancelled too; annotators may not do that', async () => {
  await validation();
  await submit();
  expect((await admin.post(`/projects/${project.id}/versions`)).status).toBe(201);
  const run = (await admin.post(`/projects/${project.id}/runs`, {})).body;
  const { id } = await t.db.job.findFirstOrThrow({ where: { kind: 'train', subjectId: run.id } });
  const annotator = await t.person({ project: project.id, role: 'annotator' });
  expect((await annotator.post(`/jobs/${id}/cancel`)).status).toBe(409);
  expect((await admin.post(`/jobs/${id}/cancel`)).body).toMatchObject({ state: 'cancelled' });
  expect((await admin.get(`/runs/${run.id}`)).body).toMatchObject({ state: 'cancelled' });
});
