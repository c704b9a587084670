import { buffer } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import type { ImportDto, ImportOptions } from '#core/api/import.ts';
import { scene, sceneCopy, scenePng } from '../../testing/pictures.ts';
import { testApp, type TestPerson, type TestProject } from '../../testing/harness.ts';
import { plugin as dataset } from '../dataset/index.ts';
import { plugin as images } from '../images/index.ts';
import { plugin as imports } from '../imports/index.ts';
import { sendFiles, type Upload } from '../imports/uploading.ts';
import { plugin as splits } from './index.ts';

const t = await testApp({ features: [splits, images, imports, dataset] });
let admin: TestPerson;
beforeAll(async () => { admin = await t.person({ admin: true, name: 'Ada' }); });

const RF = '0f3c0f3c0f3c0f3c0f3c0f3c0f3c0f';
const label = '0 .5 .5 .2 .2\n';

async function plan(project: TestProject, files: Upload | string, options: ImportOptions = {}): Promise<ImportDto> {
  const id = typeof files === 'string' ? files : (await admin.post(`/projects/${project.id}/imports`)).body.id;
  if (typeof files !== 'string') expect((await sendFiles(admin, id, files)).status).toBe(200);
  expect((await admin.post(`/imports/${id}/plan`, options)).status).toBe(202);
  await t.app.jobs.idle();
  return (await admin.get(`/imports/${id}`)).body;
}

async function bring(project: TestProject, files: Upload | string, options: ImportOptions = {}): Promise<void> {
  const dto = await plan(project, files, options);
  const answer = await admin.post(`/imports/${dto.id}/apply`);
  expect(answer.status, JSON.stringify(answer.body)).toBe(202);
  await t.app.jobs.idle();
}

/** One picture augmented twice under Roboflow's names, one copied under another name, two of their own. */
async function leaky(): Promise<Upload> {
  const one = await scene(1).png().toBuffer();
  const flipped = await scene(1).flop().png().toBuffer();
  return {
    'data.yaml': 'train: ../train/images\nval: ../valid/images\nnames: [Chip, Void]\n',
    [`train/images/a_jpg.rf.${RF}01.png`]: one, [`train/labels/a_jpg.rf.${RF}01.txt`]: label,
    [`valid/images/a_jpg.rf.${RF}02.png`]: flipped, [`valid/labels/a_jpg.rf.${RF}02.txt`]: label,
    'train/images/c.png': await scenePng(2), 'train/labels/c.txt': label,
    'valid/images/other.jpg': await sceneCopy(2), 'valid/labels/other.txt': label,
    'train/images/d.png': await scenePng(3), 'train/labels/d.txt': label,
    'valid/images/e.png': await scenePng(4), 'valid/labels/e.txt': label,
  };
}

function zipped(files: Upload): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [path, bytes] of Object.entries(files)) zip.addBuffer(Buffer.from(bytes), path);
  zip.end();
  return buffer(zip.outputStream);
}

const where = async (project: TestProject): Promise<Record<string, string>> =>
  Object.fromEntries((await t.db.image.findMany({ where: { projectId: project.id }, orderBy: { name: 'asc' } })).map((i) => [i.name.split('/').at(-1)?.replace(/_jpg\.rf\.\w+(\d)\.png/, '$1') ?? '', `${i.split}${i.excluded ? ' excluded' : ''}`]));

describe('a leak in imported data', () => {
  it('is shown in the plan, by file, and nothing is moved without being asked', async () => {
    const project = await t.project();
    const dto = await plan(project, { 'export.zip': await zipped(await leaky()) });
    expect(dto.plan).toMatchObject({ leaks: { groups: 2, images: 2, joined: 0 }, draw: null, deep: null, questions: [], splits: { train: 3, valid: 3 } });
    const problems = dto.plan?.problems.filter((p) => p.code === 'split-leak') ?? [];
    expect(problems.map((p) => p.file)).toEqual([`train/images/a_jpg.rf.${RF}01.png`, 'train/images/c.png']);
    expect(problems[0]?.message).toContain(`valid/images/a_jpg.rf.${RF}02.png were made from one picture`);
    expect(problems[1]?.message).toContain('looks the same as valid/images/other.jpg');
    await bring(project, dto.id);
    expect(await where(project)).toEqual({ a1: 'train', a2: 'valid', 'c.png': 'train', 'd.png': 'train', 'e.png': 'valid', 'other.jpg': 'valid' });
  });

  it.each([['move', 'valid', { train: 1, valid: 5 }], ['exclude', 'train excluded', { train: 3, valid: 3 }]] as const)('is repaired at import when asked: %s', async (leaks, place, counts) => {
    const project = await t.project();
    const dto = await plan(project, await leaky(), { leaks });
    expect(dto.plan).toMatchObject({ leaks: { groups: 2, images: 2 }, splits: counts });
    await bring(project, dto.id, { leaks });
    expect(await where(project)).toEqual({ a1: place, a2: 'valid', 'c.png': place, 'd.png': 'train', 'e.png': 'valid', 'other.jpg': 'valid' });
    expect((await admin.get(`/projects/${project.id}/splits`)).body.leaks).toEqual({ groups: 0, images: 0 });
  });

  it('is found on the Images page and repaired there, one group or all', async () => {
    const project = await t.project();
    await bring(project, await leaky());
    expect((await admin.get(`/projects/${project.id}/splits`)).body).toEqual({ labelled: { train: 3, valid: 3, test: 0 }, leaks: { groups: 2, images: 2 }, uncompared: 0, draw: null });
    const listed = await admin.get(`/projects/${project.id}/images?like=leak`);
    expect(listed.body.total).toBe(4);
    expect((await admin.get(`/projects/${project.id}/images?like=any`)).body.total).toBe(4);
    const c = await t.db.image.findFirstOrThrow({ where: { projectId: project.id, name: 'train/images/c.png' } });
    expect((await admin.get(`/projects/${project.id}/images?like=${c.id}`)).body.total).toBe(2);
    expect((await admin.get(`/images/${c.id}/alike`)).body).toMatchObject({ leak: true, total: 2, images: [{ name: 'train/images/c.png', why: 'itself' }, { name: 'valid/images/other.jpg', why: 'near', split: 'valid' }] });
    const annotator = await t.person({ project: project.id, role: 'annotator' });
    expect((await annotator.post(`/projects/${project.id}/splits/repair`, { how: 'exclude' })).status).toBe(403);
    expect((await admin.post(`/projects/${project.id}/splits/repair`, { how: 'exclude', image: c.id })).body).toEqual({ images: 1, left: { groups: 1, images: 1 } });
    expect((await admin.post(`/projects/${project.id}/splits/repair`, { how: 'move' })).body).toEqual({ images: 1, left: { groups: 0, images: 0 } });
    expect(await where(project)).toMatchObject({ a1: 'valid', a2: 'valid', 'c.png': 'train excluded', 'other.jpg': 'valid' });
    const detail = await admin.get(`/images/${(await t.db.image.findFirstOrThrow({ where: { projectId: project.id, name: { contains: '01.png' } } })).id}`);
    expect(detail.body.moved).toMatchObject({ from: 'train', kind: 'repair', by: 'Ada', reason: null });
    // Done twice, nothing is moved twice.
    expect((await admin.post(`/projects/${project.id}/splits/repair`, { how: 'move' })).body.images).toBe(0);
    expect(await t.db.splitMove.count({ where: { image: { projectId: project.id } } })).toBe(1);
  });

  it('does not come in later: a new picture joins the split of what it is like, and the plan says so', async () => {
    const project = await t.project();
    await bring(project, await leaky(), { leaks: 'move' });
    const dto = await plan(project, { 'new/like-e.jpg': await sceneCopy(4), 'new/fresh.png': await scenePng(9), 'train/images/late.jpg': await scene(3).linear(1.1, -10).jpeg().toBuffer() });
    expect(dto.plan?.leaks).toEqual({ groups: 0, images: 0, joined: 1 });
    expect(dto.plan?.problems.find((p) => p.code === 'split-joined')).toMatchObject({ file: 'new/like-e.jpg', message: expect.stringContaining('which is in valid in the project') });
    await bring(project, dto.id);
    expect(await where(project)).toMatchObject({ 'like-e.jpg': 'valid', 'fresh.png': 'train', 'late.jpg': 'train' });
    const groups = await t.db.image.findMany({ where: { projectId: project.id, name: { in: ['valid/images/e.png', 'new/like-e.jpg'] } }, select: { groupId: true } });
    expect(new Set(groups.map((g) => g.groupId)).size).toBe(1);
  });

  it('of one file in two splits is taken once, where it is held out', async () => {
    const project = await t.project();
    const same = await scenePng(20);
    const dto = await plan(project, { 'train/images/x.png': same, 'train/labels/x.txt': label, 'valid/images/y.png': same, 'valid/labels/y.txt': label, 'data.yaml': 'names: [Chip, Void]' });
    expect(dto.plan).toMatchObject({ splits: { valid: 1 }, problemCounts: { 'split-leak': 1 } });
  });
});

describe('a project without a validation split', () => {
  /** Twelve pictures, two of them the same, classes 0 (all) and 1 (three of them). */
  async function unsplit(first: number): Promise<Upload> {
    const files: Upload = { 'data.yaml': 'names: [Chip, Void]\ntrain: images' };
    for (let i = 0; i < 11; i++) {
      files[`images/p${i}.png`] = await scenePng(first + i);
      files[`labels/p${i}.txt`] = label + (i < 3 ? '1 .2 .2 .1 .1\n' : '');
    }
    files['images/p0-copy.jpg'] = await sceneCopy(first);
    files['labels/p0-copy.txt'] = label;
    return files;
  }

  it('gets one drawn at import when asked, like pictures together', async () => {
    const project = await t.project();
    const first = await plan(project, await unsplit(100));
    expect(first.plan).toMatchObject({ splits: { train: 12 }, draw: { share: 0.2, of: 12 } });
    const drawn = first.plan?.draw;
    expect(drawn?.images === 2 || drawn?.images === 3).toBe(true);
    expect(drawn?.perClass.map((c) => [c.name, c.images > 0])).toEqual([['Chip', true], ['Void', true]]);
    const dto = await plan(project, first.id, { draw: 0.25 });
    await bring(project, dto.id, { draw: 0.25 });
    const places = await where(project);
    expect(Object.values(places).filter((s) => s === 'valid').length).toBe(dto.plan?.draw?.images);
    expect(places['p0.png']).toBe(places['p0-copy.jpg']);
    expect((await admin.post(`/projects/${project.id}/splits/draw`, { share: 0.2 })).status).toBe(409);
  });

  it('gets one drawn before the first version, after a preview; then it is frozen', async () => {
    const project = await t.project();
    await bring(project, await unsplit(200));
    const { body: status } = await admin.get(`/projects/${project.id}/splits?share=0.3`);
    expect(status).toMatchObject({ labelled: { train: 12, valid: 0 }, draw: { share: 0.3, of: 12 } });
    expect((await admin.get(`/projects/${project.id}/splits?draw=false`)).body.draw).toBeNull();
    const reviewer = await t.person({ project: project.id, role: 'reviewer' });
    expect((await reviewer.post(`/projects/${project.id}/splits/draw`, { share: 0.3 })).body).toMatchObject({ labelled: { valid: status.draw.images }, leaks: { groups: 0 }, draw: null });
    expect(await t.db.splitMove.count({ where: { image: { projectId: project.id }, kind: 'draw' } })).toBe(status.draw.images);
    const version = await reviewer.post(`/projects/${project.id}/versions`, {});
    expect(version.body.stats.splits).toEqual({ train: 12 - status.draw.images, valid: status.draw.images, test: 0 });
    const valid = await t.db.image.findFirstOrThrow({ where: { projectId: project.id, split: 'valid' } });
    const refused = await reviewer.patch(`/images/${valid.id}`, { split: 'train' });
    expect([refused.status, refused.body.message]).toEqual([409, expect.stringContaining('an administrator of the project can')]);
    expect((await reviewer.patch(`/images/${valid.id}`, { split: 'train', reason: 'because' })).status).toBe(409);
    expect((await admin.patch(`/images/${valid.id}`, { split: 'train' })).body.message).toContain('say why');
    expect((await t.db.image.findUniqueOrThrow({ where: { id: valid.id } })).split).toBe('valid');
    const moved = await admin.patch(`/images/${valid.id}`, { split: 'train', reason: 'labelled by the intern' });
    expect(moved.body).toMatchObject({ split: 'train', frozenIn: 1, moved: { from: 'valid', kind: 'hand', reason: 'labelled by the intern', by: 'Ada' } });
    expect(await t.db.activity.findFirst({ where: { projectId: project.id, kind: 'split', text: { contains: 'labelled by the intern' } } })).not.toBeNull();
    expect((await reviewer.patch(`/images/${valid.id}`, { excluded: true })).status).toBe(200);
  });

  it('takes like pictures along when one is moved', async () => {
    const project = await t.project();
    await bring(project, await unsplit(300));
    const image = await t.db.image.findFirstOrThrow({ where: { projectId: project.id, name: { endsWith: 'p0.png' } } });
    await admin.patch(`/images/${image.id}`, { split: 'test' });
    expect(await where(project)).toMatchObject({ 'p0.png': 'test', 'p0-copy.jpg': 'test', 'p1.png': 'train' });
  });

  it('says what is missing where nothing can be drawn', async () => {
    const project = await t.project();
    const answer = await admin.post(`/projects/${project.id}/splits/draw`, { share: 0.2 });
    expect([answer.status, answer.body.message]).toEqual([409, expect.stringContaining('at least two are needed')]);
  });
});

describe('images that came before there were hashes', () => {
  it('are compared by a job at the next start, and broken ones are left alone', async () => {
    const project = await t.project();
    const [a, b] = [await scenePng(400), await sceneCopy(400)];
    const rows = [await t.image(project, { name: 'a.png', bytes: a }), await t.image(project, { name: `b_jpg.rf.${RF}01.jpg`, bytes: b, split: 'valid' }), await t.image(project, { name: 'broken.png' })];
    await t.restart();
    await t.app.jobs.idle();
    const after = await t.db.image.findMany({ where: { id: { in: rows.map((r) => r.id) } }, orderBy: { name: 'asc' } });
    expect(after.map((i) => [i.phash === null, i.family, i.groupId === null])).toEqual([[false, null, false], [false, 'b_jpg', false], [true, null, false]]);
    expect(after[0]?.groupId).toBe(after[1]?.groupId);
    expect(await t.db.job.findFirst({ where: { kind: 'likeness', projectId: project.id } })).toMatchObject({ state: 'done', message: '3 images compared', id: expect.any(String) });
    expect((await admin.get(`/projects/${project.id}/splits`)).body.leaks).toEqual({ groups: 1, images: 1 });
  });
});
