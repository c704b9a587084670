import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import type { Static } from 'typebox';
import type { ImportDto, ImportOptions } from '#core/api/import.ts';
import { testApp, type TestPerson } from '../../testing/harness.ts';
import { plugin as images } from '../images/index.ts';
import { plugin as imports } from './index.ts';
import { sendFiles, type Upload } from './uploading.ts';

const DATASETS = process.env['EMEND_DATASETS'] ?? resolve(import.meta.dirname, '../../../../shared/datasets');
const t = await testApp({ features: [images, imports] });
let admin: TestPerson;
beforeAll(async () => { admin = await t.person({ admin: true }); });

const png = (grey: number, width = 40, height = 30): Promise<Buffer> => sharp({ create: { width, height, channels: 3, background: { r: grey, g: grey, b: 9 } } }).png().toBuffer();

async function planned(project: string, files: Upload, options: ImportOptions = {}): Promise<Static<typeof ImportDto>> {
  const { body } = await admin.post(`/projects/${project}/imports`);
  const sent = await sendFiles(admin, body.id, files);
  expect(sent.status, JSON.stringify(sent.body)).toBe(200);
  return plan(body.id, options);
}

async function plan(id: string, options: ImportOptions = {}): Promise<Static<typeof ImportDto>> {
  expect((await admin.post(`/imports/${id}/plan`, options)).status).toBe(202);
  await t.app.jobs.idle();
  return (await admin.get(`/imports/${id}`)).body;
}

async function apply(id: string): Promise<Static<typeof ImportDto>> {
  const answer = await admin.post(`/imports/${id}/apply`);
  expect(answer.status, JSON.stringify(answer.body)).toBe(202);
  await t.app.jobs.idle();
  return (await admin.get(`/imports/${id}`)).body;
}

const codes = (dto: Static<typeof ImportDto>): Record<string, number> => dto.plan?.problemCounts ?? {};

function zipOf(files: Upload, change: (zip: ZipFile) => void = () => undefined): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [path, bytes] of Object.entries(files)) zip.addBuffer(Buffer.from(bytes), path);
  change(zip);
  zip.end();
  return new Promise((done, fail) => {
    const chunks: Buffer[] = [];
    zip.outputStream.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => { done(Buffer.concat(chunks)); }).on('error', fail);
  });
}

describe('a YOLO export', () => {
  it('is planned without writing anything, then applied: labels, tasks, classes, splits', async () => {
    const project = await t.project({ classes: ['Void'], task: 'segment' });
    const dto = await planned(project.id, {
      'set/data.yaml': 'train: ../train/images\nval: ../valid/images\nnames: [Chip, void]\nnc: 2\nroboflow: {workspace: w}\n',
      'set/train/images/a.png': await png(1), 'set/train/labels/a.txt': '0 0.1 0.1 0.9 0.1 0.9 0.9 0.1 0.9 0.05 0.5\n1 0.2 0.2 0.4 0.2 0.4 0.4\n9 0.2 0.2 0.4 0.2 0.4 0.4\n',
      'set/train/images/empty.png': await png(2), 'set/train/labels/empty.txt': '',
      'set/valid/images/v.png': await png(3), 'set/valid/labels/v.txt': '1 0.9 0.9 1.4 0.9 1.4 1.4\n1 2 2 3 2 3 3',
      'set/valid/images/v2.png': await png(3), 'set/train/labels/gone.txt': '0 .5 .5 .1 .1', 'set/batch/new.png': await png(4),
      'set/train/images/cut.png': (await png(5, 400, 300)).subarray(0, 400), 'set/train/images/text.jpg': 'no picture', 'set/README.txt': 'hello',
    });
    expect(dto).toMatchObject({
      state: 'planned', plan: {
        kind: 'yolo', format: 'segment', questions: [], splits: { train: 3, valid: 1 }, images: { found: 7, new: 4, duplicates: 1, broken: 2, rotated: 0 },
        labels: { files: 3, instances: 3, rowsLeftOut: 2, withoutImage: 1, imagesWithoutLabels: 1 },
        classes: [{ name: 'Chip', instances: 1, target: 'new' }, { name: 'void', instances: 2, target: 0 }],
      },
    });
    expect(codes(dto)).toMatchObject({ 'class-unknown': 1, 'row-outside': 1, 'row-clipped': 1, duplicate: 1, background: 1, 'image-missing': 1, 'picture-broken': 1, 'picture-unsupported': 1, 'file-unused': 1 });
    expect(dto.plan?.problems.find((p) => p.code === 'class-unknown')).toMatchObject({ file: 'set/train/labels/a.txt', line: 3 });
    expect(await t.db.image.count({ where: { projectId: project.id } })).toBe(0);
    expect((await apply(dto.id)).state).toBe('applied');
    const rows = await t.db.image.findMany({ where: { projectId: project.id }, include: { baselines: true, tasks: true }, orderBy: { name: 'asc' } });
    expect(rows.map((r) => [r.name, r.split, r.baselines.length, r.tasks.length])).toEqual([['batch/new.png', 'train', 0, 1], ['train/images/a.png', 'train', 1, 0], ['train/images/empty.png', 'train', 1, 0], ['valid/images/v.png', 'valid', 1, 0]]);
    expect(rows[1]?.baselines[0]?.instances).toMatchObject([{ class: 1, mask: { size: [30, 40] } }, { class: 0 }]);
    expect(existsSync(join(t.dataDir, 'uploads', dto.id))).toBe(false);
    expect((await admin.post(`/imports/${dto.id}/apply`)).status).toBe(409);
    const listed = await admin.get(`/projects/${project.id}/images?status=baseline&class=0&limit=1`);
    expect(listed.body).toMatchObject({ total: 2, items: [{ name: 'train/images/a.png', count: 2 }] });
    const second = await admin.get(`/projects/${project.id}/images?status=baseline&class=0&limit=1&after=${listed.body.next}`);
    expect(second.body).toMatchObject({ items: [{ name: 'valid/images/v.png', count: 1 }], next: null });
    // The same once more: nothing is doubled.
    const again = await planned(project.id, { 'a.png': await png(1) });
    expect(again.plan?.images).toMatchObject({ new: 0, duplicates: 1 });
  });

  it('asks where the data does not tell, and takes the answer', async () => {
    const project = await t.project({ task: 'detect' });
    const dto = await planned(project.id, { 'images/a.png': await png(6), 'labels/a.txt': '0 .5 .5 .2 .2\n1 .1 .1 .4 .1 .4 .4' });
    expect(dto.plan?.questions.map((q) => q.id)).toEqual(['rows', 'classes', 'split']);
    expect((await admin.post(`/imports/${dto.id}/apply`)).status).toBe(409);
    const answered = await plan(dto.id, { rows: 'detect', split: 'valid', classes: { 'class 0': 1, 'class 1': 'skip' } });
    expect(answered.plan).toMatchObject({ questions: [], format: 'detect', splits: { valid: 1 }, labels: { instances: 1 } });
    await apply(dto.id);
    const label = await t.db.baselineLabel.findFirstOrThrow({ where: { importId: dto.id } });
    expect(label.instances).toMatchObject([{ class: 1, box: [16, 12, 8, 6], source: 'baseline' }]);
  });

  it('reports broken descriptions and labels, and takes the pictures', async () => {
    const project = await t.project();
    const dto = await planned(project.id, { 'data.yaml': 'names: [a\n b: {', 'train/images/a.png': await png(7), 'train/labels/a.txt': 'not a label\n0 1' });
    expect(codes(dto)).toMatchObject({ 'yaml-broken': 1, 'labels-broken': 1, 'row-columns': 1 });
    expect(dto.plan).toMatchObject({ images: { new: 1 }, labels: { files: 0, imagesWithoutLabels: 1 } });
  });

  it.skipIf(!existsSync(join(DATASETS, 'bccd-roboflow')))('of real data comes in completely (needs the data sets beside the repository, or EMEND_DATASETS)', async () => {
    const root = join(DATASETS, 'bccd-roboflow');
    const files: Upload = {};
    for (const name of await readdir(root, { recursive: true, withFileTypes: true })) {
      if (name.isFile()) files[join(name.parentPath, name.name).slice(root.length + 1)] = await readFile(join(name.parentPath, name.name));
    }
    const project = await t.project({ classes: [], task: 'detect' });
    const dto = await planned(project.id, files);
    const boxes = Object.entries(files).filter(([path]) => path.includes('/labels/')).reduce((sum, [, text]) => sum + Buffer.from(text).toString().split('\n').filter((l) => l.trim()).length, 0);
    expect(dto.plan).toMatchObject({ format: 'detect', questions: [], splits: { train: 205, valid: 87 }, images: { found: 292, new: 292, broken: 0 } });
    expect((dto.plan?.labels.instances ?? 0) + (dto.plan?.labels.rowsLeftOut ?? 0)).toBe(boxes);
    expect((await apply(dto.id)).state).toBe('applied');
    expect(await t.db.baselineLabel.count({ where: { importId: dto.id } })).toBe(292);
    expect((await t.db.projectClass.findMany({ where: { projectId: project.id }, orderBy: { index: 'asc' } })).map((c) => c.name)).toEqual(['Platelets', 'RBC', 'WBC']);
  }, 180_000);
});

describe('what must not come in', () => {
  const names = ['../up.png', '/etc/passwd', 'C:\\x.png', 'a/../../b.png', '..\\up.png', 'a\u202egnp.png', '．．/x.png', 'a//b.png', 'a/./b.png', 'x\u0001.png'];
  it.each(names)('a path like %j', async (name) => {
    const project = await t.project();
    const { body } = await admin.post(`/projects/${project.id}/imports`);
    const sent = await sendFiles(admin, body.id, { [name]: await png(1), 'fine.png': await png(1) });
    expect(sent.status).toBe(422);
    expect((await admin.get(`/imports/${body.id}`)).body.files).toBe(1);
  });

  it('a hostile or broken archive: nothing of it is taken', async () => {
    const project = await t.project();
    const good = await zipOf({ 'train/images/z.png': await png(8), 'inner.zip': 'PK' });
    const evil = Buffer.from((await zipOf({ 'aa/evil.png': await png(9) })).toString('latin1').replaceAll('aa/evil.png', '../evil.png'), 'latin1');
    const bomb = await zipOf({ 'bomb.png': Buffer.alloc(30_000_000) });
    const link = await zipOf({}, (zip) => { zip.addBuffer(Buffer.from('/etc/passwd'), 'link.png', { mode: 0o120777 }); });
    const dto = await planned(project.id, { 'good.zip': good, 'evil.zip': evil, 'bomb.zip': bomb, 'cut.zip': good.subarray(0, good.length - 30), 'link.zip': link });
    expect(codes(dto)).toMatchObject({ 'zip-refused': 3, 'zip-nested': 1, 'zip-link': 1 });
    expect(dto.plan?.images).toMatchObject({ found: 1, new: 1 });
    expect((await plan(dto.id)).plan?.problemCounts).toMatchObject({ 'zip-nested': 1, 'zip-link': 1 });
  });

  it('an archive whose entries share their bytes is refused; an encrypted entry is left out', async () => {
    const project = await t.project();
    /** Changes the central directory's record of one entry. */
    const forge = (zip: Buffer, name: string, change: (record: number, copy: Buffer) => void): Buffer => {
      const copy = Buffer.from(zip);
      for (let at = copy.indexOf('PK\u0001\u0002', 0, 'latin1'); at >= 0; at = copy.indexOf('PK\u0001\u0002', at + 4, 'latin1')) {
        if (copy.subarray(at + 46, at + 46 + copy.readUInt16LE(at + 28)).toString() === name) change(at, copy);
      }
      return copy;
    };
    const two = await zipOf({ 'a.png': await png(31), 'b.png': await png(32) });
    const shared = forge(two, 'b.png', (at, zip) => { zip.writeUInt32LE(0, at + 42); });
    const locked = forge(two, 'b.png', (at, zip) => { zip.writeUInt16LE(zip.readUInt16LE(at + 8) | 1, at + 8); });
    expect(shared.equals(two) || locked.equals(two)).toBe(false);
    expect(codes(await planned(project.id, { 'shared.zip': shared }))).toMatchObject({ 'zip-refused': 1 });
    const dto = await planned(project.id, { 'locked.zip': locked });
    expect(codes(dto)).toMatchObject({ 'zip-encrypted': 1 });
    expect(dto.plan?.images.new).toBe(1);
  });

  it('pictures that are too large, are none, move, or end early', async () => {
    const project = await t.project();
    const gif = await sharp([await png(1), await png(200)], { join: { animated: true } }).gif().toBuffer();
    const bomb = await sharp({ create: { width: 12_000, height: 11_000, channels: 3, background: '#000' } }).png().toBuffer();
    const jpeg = await sharp(await png(9, 300, 300)).jpeg().toBuffer();
    const dto = await planned(project.id, { 'svg.png': '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', 'p.pdf': '%PDF-1.7', 'g.gif': gif, 'bomb.png': bomb, 'cut.jpg': jpeg.subarray(0, jpeg.length - 200), 'none.png': '' });
    expect(codes(dto)).toMatchObject({ 'picture-unsupported': 4, 'picture-too-large': 1, 'picture-broken': 1 });
    expect(dto.plan?.images.new).toBe(0);
  });
});

describe('an import', () => {
  it('shows turned and 16-bit pictures upright and in 8 bits, and keeps the originals', async () => {
    const project = await t.project();
    const turned = await sharp(await png(50)).jpeg().withMetadata({ orientation: 6 }).toBuffer();
    const deep = await sharp(Uint16Array.from({ length: 1200 }, (_, i) => 1000 + i), { raw: { width: 40, height: 30, channels: 1 } }).toColourspace('grey16').tiff({ compression: 'none' }).toBuffer();
    const dto = await planned(project.id, { 'turned.jpg': turned, 'deep.tif': deep });
    expect(dto.plan?.images).toMatchObject({ new: 2, rotated: 1 });
    await apply(dto.id);
    const [first, second] = await t.db.image.findMany({ where: { projectId: project.id }, orderBy: { name: 'asc' } });
    expect(second).toMatchObject({ width: 30, height: 40, orientation: 6 });
    const shown = await admin.get(`/images/${second?.id ?? ''}/file`);
    expect(shown.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'content-type': 'image/jpeg' });
    expect(String(shown.headers['content-security-policy'])).toContain('sandbox');
    expect(await sharp(shown.raw).metadata()).toMatchObject({ width: 30, height: 40 });
    const original = await admin.get(`/images/${second?.id ?? ''}/file?original=1`);
    expect(original.raw.equals(turned)).toBe(true);
    expect(String(original.headers['content-disposition'])).toContain('attachment');
    const window = await sharp((await admin.get(`/images/${first?.id ?? ''}/file`)).raw).stats();
    expect([window.channels[0]?.min, window.channels[0]?.max]).toEqual([0, 255]);
    expect((await admin.get(`/images/${first?.id ?? ''}/thumb`)).headers['content-type']).toBe('image/webp');
    const patched = await admin.patch(`/images/${first?.id ?? ''}`, { split: 'valid', excluded: true });
    expect(patched.body).toMatchObject({ split: 'valid', excluded: true });
    expect((await admin.patch(`/images/${first?.id ?? ''}`, { projectId: 'x' })).status).toBe(422);
  });

  it('that got a file after its plan has no plan any more, and says so', async () => {
    const project = await t.project();
    const dto = await planned(project.id, { 'a.png': await png(21) });
    const added = await sendFiles(admin, dto.id, { 'b.png': await png(22) });
    expect(added.body).toMatchObject({ state: 'open', plan: null, files: 2, error: expect.stringContaining('no longer holds') });
    const refused = await admin.post(`/imports/${dto.id}/apply`);
    expect([refused.status, refused.body.message]).toEqual([409, expect.stringContaining('Files were added after the plan')]);
    expect((await plan(dto.id)).plan?.images.new).toBe(2);
    expect((await apply(dto.id)).state).toBe('applied');
    expect(await t.db.image.count({ where: { projectId: project.id } })).toBe(2);
  });

  it('refuses a file whose sending began before the plan and ended after it was applied', async () => {
    const project = await t.project();
    const { body } = await admin.post(`/projects/${project.id}/imports`);
    await sendFiles(admin, body.id, { 'a.png': await png(23) });
    const late = request(`${t.url}/api/v1/imports/${body.id}/files`, { method: 'POST', headers: { authorization: `Bearer ${admin.token}`, 'content-type': 'multipart/form-data; boundary=xx' } });
    const answered = new Promise<number | undefined>((done, fail) => late.on('error', fail).on('response', (answer) => { answer.resume(); done(answer.statusCode); }));
    const bytes = await png(24);
    late.write(Buffer.concat([Buffer.from('--xx\r\nContent-Disposition: form-data; name="b.png"; filename="b.png"\r\nContent-Type: image/png\r\n\r\n'), bytes.subarray(0, 60)]));
    const area = join(t.dataDir, 'uploads', body.id);
    await expect.poll(async () => (await readdir(area)).some((name) => name.endsWith('.part'))).toBe(true);
    await plan(body.id);
    expect((await apply(body.id)).state).toBe('applied');
    late.end(Buffer.concat([bytes.subarray(60), Buffer.from('\r\n--xx--\r\n')]));
    expect(await answered).toBeGreaterThanOrEqual(400);
    expect(await t.db.image.count({ where: { projectId: project.id } })).toBe(1);
    const second = await planned(project.id, { 'c.png': await png(25) });
    expect(second.plan?.images.new).toBe(1);
  });

  it('names both files where a picture that is there twice has other labels or another split', async () => {
    const project = await t.project({ task: 'detect' });
    const dto = await planned(project.id, {
      'data.yaml': 'names: [Chip, Void]', 'train/images/a.png': await png(26), 'train/labels/a.txt': '0 .5 .5 .2 .2', 'valid/images/b.png': await png(26), 'valid/labels/b.txt': '1 .5 .5 .2 .2\n0 .1 .1 .1 .1',
      'train/images/c.png': await png(27), 'train/labels/c.txt': '0 .5 .5 .2 .2\n1 .1 .1 .1 .1', 'train/images/d.png': await png(27), 'train/labels/d.txt': '1 .1 .1 .1 .1\n\n0 .5 .5 .2 .2',
    });
    const told = (code: string) => dto.plan?.problems.filter((p) => p.code === code).map((p) => [p.file, p.message]);
    expect(told('duplicate-labels')).toEqual([['valid/labels/b.txt', expect.stringMatching(/\(2\).*train\/labels\/a\.txt \(1\)/)]]);
    expect(told('split-leak')).toEqual([['valid/images/b.png', expect.stringMatching(/train\/images\/a\.png\. It is taken once, in valid/)]]);
    expect(dto.plan).toMatchObject({ images: { new: 2, duplicates: 2 }, labels: { instances: 3, rowsLeftOut: 2 } });
  });

  it('takes no class that the project does not have for an answer', async () => {
    const project = await t.project({ classes: ['Chip'] });
    const dto = await planned(project.id, { 'data.yaml': 'names: [q]', 'train/images/a.png': await png(28), 'train/labels/a.txt': '0 .5 .5 .2 .2' });
    const answer = await admin.post(`/imports/${dto.id}/plan`, { classes: { q: 99 } });
    expect([answer.status, answer.body.message]).toEqual([422, expect.stringContaining('class 99')]);
    expect((await admin.get(`/imports/${dto.id}`)).body).toMatchObject({ state: 'planned', plan: { classes: [{ target: 'new' }] } });
    expect((await plan(dto.id, { classes: { q: 0 } })).plan?.classes).toMatchObject([{ target: 0 }]);
  });

  it('says of an archive whether it is empty, broken, or leads outside; and of a class name that it is cut', async () => {
    const project = await t.project();
    const evil = Buffer.from((await zipOf({ 'aa/evil.png': await png(9) })).toString('latin1').replaceAll('aa/evil.png', '../evil.png'), 'latin1');
    const dto = await planned(project.id, { 'data.yaml': `names: [${'x'.repeat(100)}]`, 'empty.zip': await zipOf({}), 'evil.zip': evil, 'cut.zip': (await zipOf({ 'a.png': 'x' })).subarray(0, 40) });
    const by = (file: string) => dto.plan?.problems.find((p) => p.file === file)?.message;
    expect([by('empty.zip'), by('evil.zip'), by('cut.zip'), by('data.yaml')]).toEqual([
      expect.stringContaining('holds no files'), expect.stringContaining('leads outside of it'), expect.stringContaining('is broken'), expect.stringContaining('100 characters; 80 are kept'),
    ]);
  });

  it('that was interrupted goes on where it was and doubles nothing', async () => {
    const project = await t.project();
    const dto = await planned(project.id, { 'train/images/a.png': await png(11), 'train/labels/a.txt': '0 .5 .5 .2 .2', 'data.yaml': 'names: [Chip, Void]', 'b.png': await png(12) });
    const area = join(t.dataDir, 'uploads', dto.id);
    await mkdir(`${area}-kept`);
    const kept = await Promise.all((await readdir(area)).map(async (name) => [name, await readFile(join(area, name))] as const));
    await apply(dto.id);
    // As if the server had died just before the end was written.
    await t.db.import.update({ where: { id: dto.id }, data: { state: 'planned' } });
    await mkdir(area, { recursive: true });
    for (const [name, bytes] of kept) await import('node:fs/promises').then((fs) => fs.writeFile(join(area, name), bytes));
    await rm(`${area}-kept`, { recursive: true });
    expect((await apply(dto.id)).state).toBe('applied');
    expect([await t.db.image.count({ where: { projectId: project.id } }), await t.db.baselineLabel.count({ where: { importId: dto.id } }), await t.db.task.count({ where: { projectId: project.id } })]).toEqual([2, 1, 1]);
  });

  it('can be dropped: its files go, the project stays as it was', async () => {
    const project = await t.project();
    const dto = await planned(project.id, { 'a.png': await png(13) });
    expect((await admin.delete(`/imports/${dto.id}`)).status).toBe(200);
    expect(existsSync(join(t.dataDir, 'uploads', dto.id))).toBe(false);
    expect((await admin.get(`/imports/${dto.id}`)).body.state).toBe('cancelled');
    expect((await admin.post(`/imports/${dto.id}/apply`)).status).toBe(409);
    const viewer = await t.person({ project: project.id, role: 'reviewer' });
    expect((await viewer.post(`/projects/${project.id}/imports`)).status).toBe(403);
  });
});
