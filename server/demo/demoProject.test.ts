import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { fromBufferPromise } from 'yauzl';
import { newId } from '#core/ids.ts';
import { testApp, type TestPerson } from '../testing/harness.ts';
import { writeYolo } from '../features/dataset/index.ts';
import { DEMO_PROJECT, ensureDemoProject } from './demoProject.ts';

const t = await testApp();
let admin: TestPerson;
const counts = async (): Promise<number[]> => [await t.db.image.count(), await t.db.baselineLabel.count(), await t.db.task.count()];

beforeAll(async () => {
  admin = await t.person({ admin: true });
  await ensureDemoProject(t.app, undefined, { count: 21, models: '/nowhere' });
});

it('makes the demo once, with labels, a validation split and tasks', async () => {
  expect(await counts()).toEqual([21, 8, 13]);
  await ensureDemoProject(t.app, undefined, { count: 21, models: '/nowhere' });
  expect(await counts()).toEqual([21, 8, 13]);
  expect((await admin.get(`/projects/${DEMO_PROJECT}/images?split=valid`)).body.total).toBe(4);
  for (const sort of ['name', 'newest', 'uncertain']) {
    const names: string[] = [];
    for (let next: string | null = ''; next !== null;) {
      const page: { body: { items: { id: string }[]; next: string | null } } = await admin.get(`/projects/${DEMO_PROJECT}/images?sort=${sort}&limit=5${next ? `&after=${next}` : ''}`);
      names.push(...page.body.items.map((i) => i.id));
      next = page.body.next;
    }
    expect(new Set(names).size, sort).toBe(21);
  }
});

it('freezes: preview, hash, refusal of the same, files for the trainer', async () => {
  const preview = await admin.get(`/projects/${DEMO_PROJECT}/versions/preview`);
  expect(preview.body).toMatchObject({ stats: { images: 8, splits: { train: 4, valid: 4 }, fresh: 0 }, leftOut: [{ reason: 'not submitted yet', images: 13 }], sameAs: null });
  const frozen = await admin.post(`/projects/${DEMO_PROJECT}/versions`, { note: 'first' });
  expect(frozen.status, JSON.stringify(frozen.body)).toBe(201);
  expect((await admin.post(`/projects/${DEMO_PROJECT}/versions`)).status).toBe(409);
  expect((await admin.get(`/projects/${DEMO_PROJECT}/versions/preview`)).body.sameAs).toBe(1);
  const manifest = await admin.get(`/versions/${frozen.body.id}/manifest.json`);
  expect(createHash('sha256').update(manifest.raw).digest('hex')).toBe(frozen.body.hash);
  expect((await admin.get(`/versions/${frozen.body.id}/items?limit=3`)).body).toMatchObject({ total: 8, items: { length: 3 } });

  const task = await t.db.task.findFirstOrThrow({ where: { projectId: DEMO_PROJECT } });
  await t.db.revision.create({ data: {
    id: newId(), taskId: task.id, imageId: task.imageId, number: 1, iterationId: task.iterationId, status: 'corrected', verdicts: {}, threshold: 0.25, authors: [], submittedById: admin.id, timeMs: 1, docState: new Uint8Array(),
    instances: [{ id: newId(), source: 'annotation', class: 1, box: [10, 10, 30, 20] }],
  } });
  const second = (await admin.post(`/projects/${DEMO_PROJECT}/versions`)).body;
  expect(second).toMatchObject({ number: 2, parentId: frozen.body.id, stats: { images: 9, fresh: 1, labels: { annotation: 1 } } });
  const dir = join(t.dataDir, 'yolo');
  const yaml: { path: string } = parse(await readFile(await writeYolo(t.app, second.id, dir, { repeatFresh: 2 }), 'utf8'));
  expect(yaml).toMatchObject({ path: dir, train: 'train.txt', val: 'images/valid', names: ['Chip', 'Void'] });
  expect((await readFile(join(dir, 'train.txt'), 'utf8')).trim().split('\n').length).toBe(4 + 2);
  expect((await readdir(join(dir, 'labels/valid'))).length).toBe(4);
  expect((await readFile(join(dir, 'labels/train', `${task.imageId}.txt`), 'utf8')).split(' ').length).toBe(9);
  const zip = await fromBufferPromise((await admin.get(`/versions/${second.id}/export.zip`)).raw, { lazyEntries: true });
  expect(zip.entryCount).toBe(1 + 2 * 9);
});

it('gives files: JSON, masks that NumPy reads, overlays, all of them as a zip', async () => {
  const label = await t.db.baselineLabel.findFirstOrThrow();
  const annotations = await admin.get(`/images/${label.imageId}/annotations.json`);
  expect(annotations.body).toMatchObject({ format: 'emend-image-1', status: 'baseline', classes: ['Chip', 'Void'] });
  const instance = annotations.body.instances[0];
  const npy = await admin.get(instance.mask);
  expect(npy.status).toBe(200);
  expect(npy.raw.subarray(0, 8)).toEqual(Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]));
  const length = npy.raw.readUInt16LE(8);
  const { width, height } = annotations.body;
  expect([(10 + length) % 64, npy.raw.length]).toEqual([0, 10 + length + width * height]);
  expect(npy.raw.toString('latin1', 10, 10 + length).trimEnd()).toBe(`{'descr': '|b1', 'fortran_order': False, 'shape': (${height}, ${width}), }`);
  expect(numpyShape(npy.raw)).toMatch(new RegExp(`^(no numpy|${height} ${width} bool)$`));
  const overlay = await admin.get(`/images/${label.imageId}/overlay.png?layer=corrected`);
  expect(await sharp(overlay.raw).metadata()).toMatchObject({ width, height, format: 'png' });
  const job = await admin.post(`/projects/${DEMO_PROJECT}/files`);
  expect(job.status).toBe(202);
  await t.app.jobs.idle();
  const zip = await fromBufferPromise((await admin.get(`/jobs/${job.body.id}/file`)).raw, { lazyEntries: true });
  const names: string[] = [];
  for await (const entry of zip.eachEntry()) names.push(entry.fileName);
  expect(names.filter((n) => n.startsWith('json/')).length).toBe(21);
  expect(names.filter((n) => n.startsWith('overlays/corrected/')).length).toBe(9);
  expect(names.some((n) => n.startsWith(`masks/${label.imageId}/`))).toBe(true);
  expect((await stat(join(t.dataDir, 'exports', `${job.body.id}.zip`))).size).toBeGreaterThan(0);
});

function numpyShape(bytes: Buffer): string {
  try {
    const script = 'import io,sys,numpy as n\na=n.load(io.BytesIO(sys.stdin.buffer.read()),allow_pickle=False)\nprint(a.shape[0],a.shape[1],a.dtype)';
    return execFileSync('python3', ['-c', script], { input: bytes, stdio: ['pipe', 'pipe', 'ignore'] }).toString().trim();
  } catch {
    return 'no numpy';
  }
}
