import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { testApp } from '../../testing/harness.ts';
import { plugin } from './index.ts';
import inference from '../../plugins/inference.ts';

const t = await testApp({ features: [inference, plugin] });

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
