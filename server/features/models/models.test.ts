import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeEach, expect, it } from 'vitest';
import type { Prediction } from '#core/annotation/schema.ts';
import { newId } from '#core/ids.ts';
import { testApp, type TestPerson, type TestProject } from '../../testing/harness.ts';

const t = await testApp();
const onnx = await readFile(join(import.meta.dirname, '../../../workers/inference/fixtures/v8-segment.onnx'));
const prediction: Prediction = { id: newId(), class: 0, box: [4, 4, 10, 10], score: 0.9 };
let project: TestProject;
let reviewer: TestPerson;
let admin: TestPerson;

function upload(bytes: Uint8Array, name = 'plant 3.onnx') {
  const boundary = 'x-boundary';
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: application/octet-stream\r\n\r\n`;
  return admin.request('POST', `/projects/${project.id}/models`, Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]), { 'content-type': `multipart/form-data; boundary=${boundary}` });
}
const leftovers = async () => (await readdir(t.dataDir)).filter((name) => name.startsWith('upload-'));

beforeEach(async () => {
  project = await t.project({ classes: ['Disc', 'Bar, short'] });
  reviewer = await t.person({ project: project.id, role: 'reviewer' });
  admin = await t.person({ project: project.id, role: 'admin' });
});

it('takes an ONNX export, maps its classes by name, and makes the first one current', async () => {
  const answer = await upload(onnx);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  expect(answer.body).toMatchObject({ name: 'plant 3', number: 1, origin: 'uploaded', classNames: ['disc', 'die\'s "edge"', 'bar, short'], classMap: [0, null, 1], trainable: false, current: true });
  expect((await reviewer.get(`/models/${answer.body.id}/weights.onnx`)).raw.equals(onnx)).toBe(true);
  expect(await leftovers()).toEqual([]);
});

it('promotes by hand with a reason, rolls back, and keeps every promotion', async () => {
  const first = (await upload(onnx)).body.id;
  const second = (await upload(onnx)).body;
  expect(second).toMatchObject({ number: 2, current: false });
  expect((await reviewer.post(`/models/${second.id}/promote`, { reason: 'better on thin voids' })).body).toMatchObject({ current: true });
  expect((await reviewer.post(`/models/${first}/promote`)).body).toMatchObject({ current: true });
  expect((await reviewer.post(`/models/${first}/promote`)).status, 'the current one again changes nothing').toBe(200);
  const rows = await t.db.promotion.findMany({ where: { projectId: project.id }, orderBy: { createdAt: 'asc' } });
  expect(rows.map((row) => [row.kind, row.reason])).toEqual([['first', null], ['manual', 'better on thin voids'], ['rollback', null]]);
  expect(await t.db.iteration.count({ where: { projectId: project.id } }), 'nothing was submitted: still the same iteration').toBe(1);
});

it('refuses what is no model, a model without a class of the project, and leaves nothing behind', async () => {
  const blobs = await t.db.modelVersion.count();
  for (const bytes of [Buffer.alloc(0), Buffer.from('not a model'), onnx.subarray(0, 5000), Buffer.from([0x80, 0x02, 0x63, 0x6f, 0x73])]) {
    const answer = await upload(bytes);
    expect([400, 415, 422], JSON.stringify(answer.body)).toContain(answer.status);
    expect(JSON.stringify(answer.body)).not.toContain(t.dataDir);
  }
  project = await t.project({ classes: ['Whale'] });
  admin = await t.person({ project: project.id, role: 'admin' });
  expect(await upload(onnx)).toMatchObject({ status: 409, body: { message: expect.stringContaining('bar, short') } });
  expect(await t.db.modelVersion.count()).toBe(blobs);
  expect(await leftovers()).toEqual([]);
});

it('gives its classes to a project that has none', async () => {
  project = await t.project({ classes: [] });
  admin = await t.person({ project: project.id, role: 'admin' });
  expect(await upload(onnx)).toMatchObject({ status: 201, body: { classMap: [0, 1, 2], current: true } });
  const classes = await t.db.projectClass.findMany({ where: { projectId: project.id }, orderBy: { index: 'asc' } });
  expect(classes.map(({ name, key }) => [name, key])).toEqual([['disc', '1'], ['die\'s "edge"', '2'], ['bar, short', '3']]);
});

it('refuses a detector in a project of masks', async () => {
  const detector = await readFile(join(import.meta.dirname, '../../../workers/inference/fixtures/11-detect.onnx'));
  expect(await upload(detector)).toMatchObject({ status: 409, body: { message: expect.stringContaining('boxes only') } });
  project = await t.project({ classes: ['Disc', 'Bar, short'], task: 'detect' });
  admin = await t.person({ project: project.id, role: 'admin' });
  expect(await upload(detector)).toMatchObject({ status: 201 });
});

it('a promotion ends the iteration with its report, and unsubmitted edits keep what they were made against', async () => {
  const first = (await upload(onnx)).body;
  const picture = (shade: number) => sharp({ create: { width: 64, height: 48, channels: 3, background: { r: shade, g: shade, b: shade } } }).png().toBuffer();
  const task = async (shade: number, state: string) => t.task(project, { bytes: await picture(shade), width: 64, height: 48, state, predictions: [prediction] });
  const [done, waiting, edited] = [await task(10, 'submitted'), await task(20, 'pending'), await task(30, 'assigned')];
  await t.db.task.update({ where: { id: edited.id }, data: { dirty: true } });
  await t.db.revision.create({ data: {
    id: newId(), taskId: done.id, imageId: done.imageId, number: 1, iterationId: project.iterationId, predictionSetId: done.predictionSetId, status: 'corrected', threshold: 0.25,
    instances: [], verdicts: { [prediction.id]: { verdict: 'rejected' } }, authors: [reviewer.id], submittedById: reviewer.id, timeMs: 4000, docState: new Uint8Array(),
  } });
  const second = (await upload(onnx)).body;
  expect((await reviewer.post(`/models/${second.id}/promote`, { reason: 'try it' })).status).toBe(200);
  // The promotion is heard by the predictions a moment later.
  await expect.poll(async () => (await t.db.task.findUniqueOrThrow({ where: { id: waiting.id }, include: { predictionSet: true } })).predictionSet?.modelId, { timeout: 15_000 }).toBe(second.id);
  await t.app.jobs.idle();

  const [before, after] = await t.db.iteration.findMany({ where: { projectId: project.id }, orderBy: { number: 'asc' } });
  expect(before).toMatchObject({ number: 1, endedAt: expect.any(Date), report: {
    format: 'emend-report-2', correction: {
      images: 1, ok: 0, predictionsShown: 1, predictionsKept: 0, corrections: 1, secondsPerImage: 4, secondsPerCorrection: 4, secondsToAccept: null,
      errors: [{ classIndex: 0, false: 1, missed: 0, wrongClass: 0, badlyPlaced: 0, total: 1 }],
    }, oldModel: { number: first.number }, newModel: { number: second.number },
  } });
  expect(after).toMatchObject({ number: 2, modelId: second.id, endedAt: null });
  const now = async (id: string) => t.db.task.findUniqueOrThrow({ where: { id }, include: { predictionSet: true } });
  expect(await now(done.id), 'what was submitted stays').toMatchObject({ iterationId: project.iterationId, predictionSetId: done.predictionSetId });
  expect(await now(waiting.id), 'what waits is predicted anew').toMatchObject({ iterationId: after?.id, predictionSet: { modelId: second.id } });
  expect(await now(edited.id)).toMatchObject({ iterationId: after?.id, predictionSetId: edited.predictionSetId, dirty: true });
});

it('a roll back gives tasks the predictions that they had: none is made anew', async () => {
  const first = (await upload(onnx)).body;
  const bytes = await sharp({ create: { width: 64, height: 48, channels: 3, background: { r: 90, g: 90, b: 90 } } }).png().toBuffer();
  const waiting = await t.task(project, { bytes, width: 64, height: 48, predictions: [prediction] });
  const second = (await upload(onnx)).body;
  const sets = () => t.db.predictionSet.findMany({ where: { image: { projectId: project.id } }, orderBy: { createdAt: 'asc' } });
  const shown = async () => (await t.db.task.findFirstOrThrow({ where: { imageId: waiting.imageId } })).predictionSetId;
  await reviewer.post(`/models/${second.id}/promote`, { reason: 'try it' });
  await expect.poll(async () => (await sets()).map((s) => s.modelId), { timeout: 15_000 }).toEqual([first.id, second.id]);
  await t.app.jobs.idle();
  const before = await sets();
  expect(await shown()).toBe(before[1]?.id);
  for (const [model, reason, set] of [[first.id, 'misses small voids', before[0]], [second.id, 'no, it was the light', before[1]]] as const) {
    expect((await reviewer.post(`/models/${model}/promote`, { reason })).body).toMatchObject({ current: true });
    await expect.poll(shown, { timeout: 15_000 }).toBe(set?.id);
    await t.app.jobs.idle();
  }
  expect(await sets(), 'the very same sets').toEqual(before);
  const rows = await t.db.promotion.findMany({ where: { projectId: project.id }, orderBy: { createdAt: 'asc' } });
  expect(rows.map((row) => [row.kind, row.reason])).toEqual([['first', null], ['manual', 'try it'], ['rollback', 'misses small voids'], ['rollback', 'no, it was the light']]);
});

it('refuses whoever may not', async () => {
  const { id } = (await upload(onnx)).body;
  const annotator = await t.person({ project: project.id, role: 'annotator' });
  const stranger = await t.person();
  expect((await annotator.post(`/models/${id}/promote`)).status).toBe(403);
  expect([403, 404]).toContain((await stranger.get(`/models/${id}/weights.onnx`)).status);
});
