import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Value } from 'typebox/value';
import { SystemDto } from '#core/api/system.ts';
import { testApp } from '../../testing/harness.ts';
import { plugin } from './index.ts';
import inference from '../../plugins/inference.ts';

/** Where the weights come from: a real pair whose encoder is held back after a part of it, until `open`. */
const fixtures = join(import.meta.dirname, '../../../workers/inference/fixtures');
const source = { open: true, bytes: await readFile(join(fixtures, 'sam-tiny.encoder.onnx')), ranges: new Array<string | undefined>() };
const decoder = await readFile(join(fixtures, 'sam-tiny.decoder.onnx'));
const web = createServer((request, response) => {
  const whole = request.url === '/encoder' ? source.bytes : decoder;
  source.ranges.push(request.headers.range);
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  response.writeHead(from > 0 ? 206 : 200, { 'content-length': whole.length - from });
  if (source.open || whole === decoder) response.end(whole.subarray(from));
  else response.write(whole.subarray(from, from + 20_000));
});
await new Promise<void>((resolve) => { web.listen(0, '127.0.0.1', resolve); });
const address = web.address();
const origin = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
const folder = await mkdtemp(join(tmpdir(), 'system-manifest-'));
const listed: { models: object[] } = JSON.parse(await readFile(join(import.meta.dirname, '../../../models/manifest.json'), 'utf8'));
const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
listed.models.push({
  ...listed.models[0], name: 'tiny', title: 'Tiny',
  files: [{ role: 'encoder', url: `${origin}/encoder`, sha256: hash(source.bytes) }, { role: 'decoder', url: `${origin}/decoder`, sha256: hash(decoder) }],
});
await writeFile(join(folder, 'manifest.json'), JSON.stringify(listed));
afterAll(async () => {
  web.closeAllConnections();
  web.close();
  await rm(folder, { recursive: true, force: true });
});

const t = await testApp({ features: [inference, plugin], config: { modelsManifest: join(folder, 'manifest.json') } });

it('tells what runs here, to administrators only', async () => {
  await mkdir(join(t.dataDir, 'models'), { recursive: true });
  await writeFile(join(t.dataDir, 'models', 'some.bin'), Buffer.alloc(5000));
  const admin = await t.person({ admin: true });
  const { status, body } = await admin.get('/system');
  expect(status).toBe(200);
  expect(body.database).toMatchObject({ kind: 'embedded', version: expect.stringMatching(/^\d+/) });
  expect(body.database.migrations).toBeGreaterThan(0);
  expect(body.database.bytes).toBeGreaterThan(1_000_000);
  expect(body.disk.dataBytes).toBeGreaterThanOrEqual(5000);
  expect(body.disk.freeBytes).toBeGreaterThan(0);
  expect(body.segmenters.length).toBeGreaterThan(1);
  expect(body.inference.threads).toBeGreaterThan(0);
  expect(typeof body.trainer.message).toBe('string');
  const other = await t.person();
  expect((await other.get('/system')).status).toBe(403);
  expect((await other.post('/system/trainer/prepare')).status).toBe(403);
});

it('fetches only what the list can fetch', async () => {
  const admin = await t.person({ admin: true });
  expect((await admin.post('/system/segmenters/no-such-model/fetch')).status).toBe(404);
  expect((await admin.post('/system/segmenters/..%2F..%2Fetc/fetch')).status).toBe(404);
  const { body } = await admin.get('/system');
  const spark = body.segmenters.find((s: { family: string }) => s.family === 'spark');
  if (spark) expect((await admin.post(`/system/segmenters/${spark.name}/fetch`)).status).toBe(409);
});

it('lets administrators choose the model that makes masks, and only what is there', async () => {
  const admin = await t.person({ admin: true });
  const chosen = await admin.patch('/system/segmenter', { name: 'Spark' });
  expect(chosen.status).toBe(200);
  expect(chosen.body.segmenters.filter((s: { chosen: boolean }) => s.chosen)).toMatchObject([{ name: 'Spark', inUse: true, state: 'ready' }]);
  expect((await admin.patch('/system/segmenter', { name: 'efficientsam-ti' })).status).toBe(404);
  expect((await admin.patch('/system/segmenter', {})).status).toBe(422);
  const best = await admin.patch('/system/segmenter', { name: null });
  expect(best.body.segmenters.some((s: { chosen: boolean }) => s.chosen)).toBe(false);
});

it('counts what waits and what failed, by kind of job', async () => {
  const admin = await t.person({ admin: true });
  await t.db.job.create({ data: { id: 'failed-fetch', kind: 'fetch-model', state: 'failed', endedAt: new Date() } });
  const { body } = await admin.get('/system');
  expect(body.queues).toContainEqual({ name: 'fetch-model', queued: 0, active: 0, failed: 1 });
});

describe('weights that are fetched', () => {
  it('tell how far they are, can be cancelled and go on later, and are refused when they fail the test picture', { timeout: 240_000 }, async () => {
    const admin = await t.person({ admin: true });
    const now = async (): Promise<SystemDto> => Value.Parse(SystemDto, (await admin.get('/system')).body);
    const fetching = async () => (await now()).jobs.find((j) => j.kind === 'fetch-model' && j.subjectId === 'tiny');
    source.open = false;
    expect((await admin.post('/system/segmenters/tiny/fetch')).status).toBe(202);
    await expect.poll(async () => (await fetching())?.done ?? 0, { timeout: 60_000 }).toBeGreaterThan(1000);
    const under = await fetching();
    expect(under).toMatchObject({ state: 'running', total: source.bytes.length, message: 'tiny.encoder.onnx' });
    expect((await (await t.person()).post(`/system/jobs/${under?.id ?? ''}/cancel`)).status).toBe(403);
    expect((await admin.post('/system/jobs/nothing/cancel')).status).toBe(404);
    expect((await admin.post(`/system/jobs/${under?.id ?? ''}/cancel`)).status).toBe(200);
    await expect.poll(async () => (await fetching())?.state, { timeout: 60_000 }).toBe('cancelled');
    expect(await readdir(join(t.dataDir, 'models'))).toContain('tiny.encoder.onnx.part');

    source.open = true;
    expect((await admin.post('/system/segmenters/tiny/fetch')).status).toBe(202);
    await expect.poll(async () => (await fetching())?.state, { timeout: 120_000 }).toBe('failed');
    expect(source.ranges.some((range) => range !== undefined), 'what came before is not fetched again').toBe(true);
    expect((await fetching())?.error).toMatch(/was fetched, and is refused/);
    expect((await now()).segmenters.find(({ name }) => name === 'tiny')).toMatchObject({ state: 'refused', inUse: false, fetchable: true });
  });
});
