/** Training data that is not as one expects it: each works, or says what to do. On the real app, with the real models of the fixtures. */
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Instance } from '#core/annotation/schema.ts';
import type { ImportDto, ImportOptions } from '#core/api/import.ts';
import { newId } from '#core/ids.ts';
import { scene, scenePng } from '../../testing/pictures.ts';
import { testApp, type TestPerson, type TestProject } from '../../testing/harness.ts';
import { sendFiles, type Upload } from '../imports/uploading.ts';
import { writeYolo } from './index.ts';

const fixtures = fileURLToPath(new URL('../../../workers/inference/fixtures/', import.meta.url));
const t = await testApp();
let admin: TestPerson;
beforeAll(async () => { admin = await t.person({ admin: true }); });

async function bring(project: TestProject, files: Upload, options: ImportOptions = {}): Promise<ImportDto> {
  const { body } = await admin.post(`/projects/${project.id}/imports`);
  expect((await sendFiles(admin, body.id, files)).status).toBe(200);
  await admin.post(`/imports/${body.id}/plan`, options);
  await t.app.jobs.idle();
  const dto: ImportDto = (await admin.get(`/imports/${body.id}`)).body;
  const answer = await admin.post(`/imports/${body.id}/apply`);
  expect(answer.status, JSON.stringify(answer.body)).toBe(202);
  await t.app.jobs.idle();
  return dto;
}

async function freeze(project: TestProject): Promise<{ id: string; stats: { splits: Record<string, number>; perClass: { name: string; instances: number }[] } }> {
  const answer = await admin.post(`/projects/${project.id}/versions`, {});
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
}

async function yoloFiles(version: string): Promise<{ dir: string; yaml: { nc: number; names: string[] } }> {
  const dir = await mkdtemp(join(tmpdir(), 'emend-yolo-'));
  return { dir, yaml: parse(await readFile(await writeYolo(t.app, version, dir, { repeatFresh: 1 }), 'utf8')) };
}

async function addModel(project: TestProject, file: string): Promise<void> {
  const onnxSha256 = await t.app.blobs.put(await readFile(`${fixtures}${file}`));
  const { id } = await t.db.modelVersion.create({ data: { id: newId(), projectId: project.id, number: 1, name: 'model', task: 'segment', classNames: ['disc', 'edge', 'bar'], classMap: [0, 1, null], meta: {}, onnxSha256, origin: 'uploaded' } });
  await t.db.project.update({ where: { id: project.id }, data: { currentModelId: id } });
}

async function predict(project: TestProject): Promise<void> {
  // 409: the end of an import has asked for it already.
  expect([202, 409]).toContain((await admin.post(`/projects/${project.id}/predict`)).status);
  await t.app.jobs.idle();
}

const found = async (image: string): Promise<{ class: number; box: number[]; score: number; mask?: { counts: string } }[]> => {
  const { instances } = await t.db.predictionSet.findFirstOrThrow({ where: { imageId: image } });
  return JSON.parse(JSON.stringify(instances, (key, value: unknown) => (key === 'id' ? undefined : value)));
};

describe('classes', () => {
  it('one only: imported, drawn, frozen, written for the trainer', async () => {
    const project = await t.project({ classes: [], task: 'detect' });
    const files: Upload = { 'data.yaml': 'names: [Chip]\ntrain: images' };
    for (let i = 0; i < 5; i++) Object.assign(files, { [`images/${i}.png`]: await scenePng(i), [`labels/${i}.txt`]: '0 .5 .5 .2 .2\n' });
    await bring(project, files, { draw: 0.2 });
    const version = await freeze(project);
    expect(version.stats).toMatchObject({ splits: { train: 4, valid: 1 }, perClass: [{ name: 'Chip', instances: 5 }] });
    expect((await yoloFiles(version.id)).yaml).toMatchObject({ nc: 1, names: ['Chip'] });
  });

  it('without a single label: counted as none, and still a class of the model', async () => {
    const project = await t.project({ classes: ['Chip', 'Void'], task: 'detect' });
    await bring(project, { 'train/images/a.png': await scenePng(10), 'train/labels/a.txt': '0 .5 .5 .2 .2', 'valid/images/b.png': await scenePng(11), 'valid/labels/b.txt': '0 .5 .5 .2 .2', 'data.yaml': 'names: [Chip, Void]' });
    const version = await freeze(project);
    expect(version.stats.perClass).toMatchObject([{ name: 'Chip', instances: 2 }, { name: 'Void', instances: 0 }]);
    expect((await yoloFiles(version.id)).yaml).toMatchObject({ nc: 2, names: ['Chip', 'Void'] });
    expect((await admin.get(`/projects/${project.id}/splits`)).body).toMatchObject({ draw: null, labelled: { valid: 1 } });
  });
});

describe('no baseline at all', () => {
  it('begins with what people submitted: training says what is missing, a draw mends it', async () => {
    const project = await t.project({ task: 'detect' });
    const instance: Instance = { id: 'x', source: 'annotation', class: 0, box: [5, 5, 20, 20], by: admin.id, at: 0 };
    for (let i = 0; i < 4; i++) {
      const { id, imageId } = await t.task(project, { bytes: await scenePng(20 + i), width: 96, height: 72, state: 'submitted' });
      await t.db.revision.create({ data: { id: newId(), taskId: id, imageId, number: 1, iterationId: project.iterationId, status: 'corrected', instances: [instance], verdicts: {}, threshold: 0.25, authors: [admin.id], submittedById: admin.id, timeMs: 1, docState: new Uint8Array() } });
    }
    const first = await freeze(project);
    const refused = await admin.post(`/projects/${project.id}/runs`, { datasetVersionId: first.id });
    expect([refused.status, refused.body.message]).toEqual([409, expect.stringContaining('Set some labelled images aside on the Versions page')]);
    // Nothing was trained on that version, so its images may still be drawn.
    expect((await admin.post(`/projects/${project.id}/splits/draw`, { share: 0.25 })).body).toMatchObject({ labelled: { train: 3, valid: 1 } });
    expect((await freeze(project)).stats.splits).toEqual({ train: 3, valid: 1, test: 0 });
  });
});

describe('large and deep pictures', () => {
  it('500 objects in one come in, and reach the trainer, every one', async () => {
    const project = await t.project({ task: 'detect', classes: ['Cell'] });
    const rows = Array.from({ length: 500 }, (_, i) => `0 ${(0.02 + (i % 25) * 0.0385).toFixed(4)} ${(0.03 + Math.floor(i / 25) * 0.048).toFixed(4)} .02 .02`).join('\n');
    const dto = await bring(project, { 'train/images/full.png': await scenePng(30, 1000, 800), 'train/labels/full.txt': rows, 'valid/images/v.png': await scenePng(31), 'valid/labels/v.txt': '', 'data.yaml': 'names: [Cell]' });
    expect(dto.plan?.labels).toMatchObject({ instances: 500, rowsLeftOut: 0 });
    const { dir } = await yoloFiles((await freeze(project)).id);
    const [file = ''] = await readdir(join(dir, 'labels/train'));
    expect((await readFile(join(dir, 'labels/train', file), 'utf8')).trim().split('\n')).toHaveLength(500);
  });

  it('40 megapixels are imported, shown and predicted', async () => {
    const project = await t.project({ task: 'segment', classes: ['Disc', 'Edge'] });
    await addModel(project, 'v8-segment.onnx');
    const big = await sharp(`${fixtures}landscape.png`).resize(8000, 5000, { fit: 'fill', kernel: 'nearest' }).png({ compressionLevel: 1 }).toBuffer();
    const dto = await bring(project, { 'big.png': big });
    expect(dto.plan?.images).toMatchObject({ new: 1, broken: 0 });
    const image = await t.db.image.findFirstOrThrow({ where: { projectId: project.id } });
    expect(image).toMatchObject({ width: 8000, height: 5000 });
    expect(await sharp((await admin.get(`/images/${image.id}/thumb`)).raw).metadata()).toMatchObject({ width: 320, height: 200 });
    expect((await admin.get(`/images/${image.id}/file`)).raw.equals(big)).toBe(true);
    await predict(project);
    expect((await found(image.id)).length).toBeGreaterThan(2);
    await t.db.baselineLabel.create({ data: { id: newId(), imageId: image.id, importId: dto.id, instances: [{ id: 'b', source: 'baseline', class: 0, box: [4000, 2500, 800, 500] }] } });
    const { dir } = await yoloFiles((await freeze(project)).id);
    expect((await readFile(join(dir, 'images/train', `${image.id}.png`))).equals(big), 'whole, to the trainer').toBe(true);
    expect((await readFile(join(dir, 'labels/train', `${image.id}.txt`), 'utf8')).split(' ').slice(0, 3).map(Number)).toEqual([0, 0.5, 0.5]);
  }, 300_000);

  it('16-bit grey PNG and TIFF are one picture to screen, models, masks and training: through the window of their import', async () => {
    const project = await t.project({ task: 'segment', classes: ['Disc', 'Edge'] });
    await addModel(project, 'v8-segment.onnx');
    const { data, info } = await sharp(`${fixtures}landscape.png`).toColourspace('b-w').removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    const grey = Uint8Array.from({ length: width * height }, (_, i) => data[i * info.channels] ?? 0);
    // As a detector of 12 bits gives it: without a window all of it would be black.
    const deep = Uint16Array.from(grey, (v) => 700 + v * 11);
    const window = { low: 900, high: 3300 };
    const expected = Uint8Array.from(deep, (v) => Math.max(0, Math.min(255, Math.round(((v - 900) / 2400) * 255))));
    const of16 = () => sharp(deep, { raw: { width, height, channels: 1 } }).toColourspace('grey16');
    const plain = await sharp(expected, { raw: { width, height, channels: 1 } }).png({ compressionLevel: 9 }).toBuffer();
    const dto = await bring(project, { 'deep.png': await of16().png().toBuffer(), 'deep.tif': await of16().tiff({ compression: 'none' }).toBuffer(), 'plain.png': plain }, { window });
    expect(dto.plan?.deep).toEqual({ images: 2, ...window, differ: false });
    const images = await t.db.image.findMany({ where: { projectId: project.id }, orderBy: { name: 'asc' } });
    expect(images.map((i) => [i.name, i.windowLow, i.windowHigh])).toEqual([['deep.png', 900, 3300], ['deep.tif', 900, 3300], ['plain.png', null, null]]);
    // Three encodings of one picture are one group.
    expect(new Set(images.map((i) => i.groupId)).size).toBe(1);
    const pixels = async (file: Buffer | string): Promise<Buffer> => {
      const { data: out, info: { channels } } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
      return Buffer.from(Uint8Array.from({ length: width * height }, (_, i) => out[i * channels] ?? 0));
    };
    for (const image of images) expect((await pixels((await admin.get(`/images/${image.id}/file`)).raw)).equals(expected)).toBe(true);
    expect((await admin.get(`/images/${images[0]?.id ?? ''}`)).body.window).toEqual(window);

    await predict(project);
    const sets = await Promise.all(images.map((image) => found(image.id)));
    expect(sets[0]?.length).toBeGreaterThan(2);
    expect(sets[0]).toEqual(sets[2]);
    expect(sets[1]).toEqual(sets[2]);

    const masks = [];
    for (const image of images) {
      const task = await t.db.task.findFirstOrThrow({ where: { imageId: image.id } });
      const answer = await admin.post(`/tasks/${task.id}/masks`, { box: [30, 90, 66, 66] });
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
      masks.push(JSON.stringify(answer.body.candidates));
    }
    expect(masks[0]).toContain('counts');
    expect([masks[0] === masks[2], masks[1] === masks[2]]).toEqual([true, true]);

    for (const image of images) await t.db.baselineLabel.create({ data: { id: newId(), imageId: image.id, importId: dto.id, instances: [] } });
    const { dir } = await yoloFiles((await freeze(project)).id);
    for (const image of images) expect((await pixels(join(dir, 'images/train', `${image.id}.png`))).equals(expected)).toBe(true);
  }, 120_000);

  it('16-bit pictures get windows of their own where none is chosen, and the plan tells their range', async () => {
    const project = await t.project();
    const at = async (from: number, step: number): Promise<Buffer> => sharp(Uint16Array.from(await scene(40 + from).raw().toBuffer(), (v) => from + v * step), { raw: { width: 96, height: 72, channels: 1 } }).toColourspace('grey16').png().toBuffer();
    const dto = await bring(project, { 'a.png': await at(1000, 4), 'b.png': await at(20_000, 100) });
    expect(dto.plan?.deep).toMatchObject({ images: 2, differ: true });
    const rows = await t.db.image.findMany({ where: { projectId: project.id }, orderBy: { name: 'asc' } });
    expect(rows.map((r) => [r.windowLow, r.windowHigh])).toEqual([[dto.plan?.deep?.low, expect.any(Number)], [expect.any(Number), dto.plan?.deep?.high]]);
    expect(new Set(rows.map((r) => r.groupId)).size).toBe(2);
    const refused = await admin.post(`/projects/${project.id}/imports`);
    expect((await admin.post(`/imports/${refused.body.id}/plan`, { window: { low: 70_000, high: 3 } })).status).toBe(422);
    expect((await admin.post(`/imports/${refused.body.id}/plan`, { window: { low: 500, high: 300 } })).status).toBe(422);
  });
});
