import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { testApp, type TestPerson, type TestProject } from '../../testing/harness.ts';

const t = await testApp();
const onnx = await readFile(join(import.meta.dirname, '../../../workers/inference/fixtures/v8-segment.onnx'));
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

it('refuses whoever may not', async () => {
  const { id } = (await upload(onnx)).body;
  const annotator = await t.person({ project: project.id, role: 'annotator' });
  const stranger = await t.person();
  expect((await annotator.post(`/models/${id}/promote`)).status).toBe(403);
  expect([403, 404]).toContain((await stranger.get(`/models/${id}/weights.onnx`)).status);
});
