/**
 * Real training: a few epochs on eight tiny pictures, by the real trainer in its real environment. The environment is made on the first run of the tests
 * on a machine (about a minute and 6 GB) and kept in EMEND_CACHE; without a Python or a package index these tests say so and are skipped.
 */
import { access, readdir, readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import sharp from 'sharp';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ProjectEvent } from '#core/protocol.ts';
import { EmendError } from '#core/errors.ts';
import { polygonToRle } from '#core/geometry/rasterise.ts';
import { newId } from '#core/ids.ts';
import { precisionOf } from '#core/training/metrics.ts';
import { testApp, type TestPerson, type TestProject } from '../../testing/harness.ts';
import { readEvaluation } from '../evaluations/index.ts';
import { ensureEnvironment } from './environment.ts';
import { run } from './python.ts';
import { runDirectory } from './trainerProcess.ts';

process.env['EMEND_CACHE'] ||= join(homedir(), '.cache', 'emend');
process.env['OMP_NUM_THREADS'] ||= '1';
const t = await testApp();
const SIDE = 64;
let missing: string | undefined;
let python = '';
let project: TestProject;
let engineer: TestPerson;

/** A bright square on grey, labelled exactly. */
async function picture(at: number, split: 'train' | 'valid', labelled = true): Promise<void> {
  const [x, y, side] = [4 + (at * 7) % 28, 6 + (at * 11) % 24, 20 + at % 8];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${SIDE}" height="${SIDE}"><rect width="64" height="64" fill="#555"/><rect x="${x}" y="${y}" width="${side}" height="${side}" fill="#eee"/></svg>`;
  const image = await t.image(project, { bytes: await sharp(Buffer.from(svg)).png().toBuffer(), width: SIDE, height: SIDE, split, name: `${at}.png` });
  if (!labelled) return;
  const imported = await t.db.import.create({ data: { id: newId(), projectId: project.id, state: 'applied', createdBy: 'test' } });
  const mask = polygonToRle([[[x, y], [x + side, y], [x + side, y + side], [x, y + side]]], { width: SIDE, height: SIDE });
  await t.db.baselineLabel.create({ data: { id: newId(), imageId: image.id, importId: imported.id, instances: [{ id: newId(), source: 'baseline', class: 0, box: [x, y, side, side], mask }] } });
}

const begin = async (epochs: number): Promise<string> => {
  const answer = await engineer.post(`/projects/${project.id}/runs`, { config: { preset: 'custom', epochs, imgsz: 64, batch: 4 } });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body.id;
};
/** What was kept of a model's evaluation says the same as the trainer did. */
async function expectSameFigures(modelId: string, versionId: string, told: { map: number; map50: number; boxMap: number; boxMap50: number; perClass: { classIndex: number; map: number; instances: number }[] }): Promise<void> {
  const kept = await readEvaluation(t.db, t.app.blobs, modelId, versionId);
  expect(kept).toMatchObject({ format: 'emend-evaluation-1', task: 'segment', classes: ['Square'] });
  const pictures = kept?.images ?? [];
  const valid = await t.db.image.findMany({ where: { projectId: project.id, split: 'valid' }, select: { id: true }, orderBy: { id: 'asc' } });
  expect(pictures.map((p) => p.image), 'named by the images’ ids').toEqual(valid.map((image) => image.id).toSorted());
  const labels = await t.db.datasetItem.findFirstOrThrow({ where: { datasetVersionId: versionId, imageId: pictures[0]?.image ?? '' } });
  const box = Reflect.get(Object(Array.isArray(labels.instances) ? labels.instances[0] : null), 'box');
  for (const [i, value] of (pictures[0]?.truths[0]?.box ?? []).entries()) expect(Math.abs(value - box[i]), 'in the picture’s own pixels').toBeLessThan(1);
  const [masks, boxes] = [precisionOf(pictures), precisionOf(pictures, 'boxHits')];
  for (const [ours, theirs] of [[masks.map, told.map], [masks.map50, told.map50], [boxes.map, told.boxMap], [boxes.map50, told.boxMap50]] as const) expect(Math.abs((ours ?? NaN) - theirs)).toBeLessThan(1e-3);
  expect(masks.perClass.map(({ classIndex, instances }) => ({ classIndex, instances }))).toEqual(told.perClass.map(({ classIndex, instances }) => ({ classIndex, instances })));
}
const read = async (id: string) => (await engineer.get(`/runs/${id}`)).body;

beforeAll(async () => {
  try {
    ({ python } = await ensureEnvironment({ dataDir: t.dataDir }));
  } catch (error) {
    if (!(error instanceof EmendError)) throw error;
    missing = error.message;
    return;
  }
  project = await t.project({ classes: ['Square'], task: 'segment' });
  engineer = await t.person({ project: project.id, role: 'reviewer' });
  for (let i = 0; i < 8; i++) await picture(i, i < 5 ? 'train' : 'valid');
  await picture(8, 'train', false);
  expect((await engineer.post(`/projects/${project.id}/versions`)).status).toBe(201);
}, 900_000);
beforeEach((context) => { if (missing !== undefined) context.skip(missing); });

describe('a training run', { timeout: 240_000 }, () => {
  it('trains, is told live, passes the gate as the first model, and its model predicts what waits', async () => {
    const heard: ProjectEvent[] = [];
    const end = t.app.bus.on((id, event) => { if (id === project.id) heard.push(event); });
    const id = await begin(2);
    await expect.poll(() => read(id), { timeout: 200_000, interval: 500 }).toMatchObject({ state: 'done' });
    await t.app.jobs.idle();
    end();
    const ended = await read(id);
    expect(ended).toMatchObject({ number: 1, error: null, gate: { decision: 'first', new: { images: 3, perClass: [{ classIndex: 0, name: 'Square', instances: 3 }] } }, outModel: { number: 1, current: true } });
    await expectSameFigures(ended.outModel.id, ended.datasetVersion.id, ended.gate.new);
    expect((await engineer.get(`/runs/${id}/epochs`)).body.map((p: { epoch: number }) => p.epoch)).toEqual([1, 2]);
    expect((await engineer.get(`/runs/${id}/epochs`)).body[1].perClass).toEqual([{ index: 0, map: expect.any(Number), map50: expect.any(Number) }]);
    expect((await engineer.get(`/runs/${id}/log`)).body[0].text).toContain('Ultralytics');
    const log = (await engineer.get(`/runs/${id}/log`)).body;
    expect((await engineer.get(`/runs/${id}/log?after=-1`)).body).toEqual(log);
    expect((await engineer.get(`/runs/${id}/log?after=${log[1].seq}`)).body).toEqual(log.slice(2));
    const states = heard.flatMap((e) => (e.type === 'run' ? [e.state] : []));
    expect([...new Set(states)]).toEqual(['queued', 'preparing', 'training', 'evaluating', 'exporting', 'gate', 'done']);
    expect(heard.filter((e) => e.type === 'epoch')).toHaveLength(2);
    const [model] = (await engineer.get(`/projects/${project.id}/models`)).body;
    expect(model).toMatchObject({ origin: 'trained', trainable: true, hasOnnx: true, inputSize: 64, classMap: [0], current: true });
    expect((await engineer.get(`/models/${model.id}/weights.onnx`)).raw.length).toBeGreaterThan(100_000);
    expect(await t.db.task.count({ where: { projectId: project.id, state: 'pending', predictionSet: { modelId: model.id } } })).toBe(1);
    expect(await t.db.promotion.findMany({ where: { projectId: project.id } })).toMatchObject([{ kind: 'first', modelId: model.id }]);
  });

  it('is taken up again from its last checkpoint after a restart, and compares with the present model', async () => {
    const id = await begin(6);
    await expect.poll(async () => (await engineer.get(`/runs/${id}/epochs`)).body.length, { timeout: 120_000, interval: 100 }).toBeGreaterThan(1);
    await t.restart();
    await expect.poll(() => read(id), { timeout: 200_000, interval: 500 }).toMatchObject({ state: 'done' });
    const ended = await read(id);
    expect(ended.gate, 'three pictures prove nothing').toMatchObject({ decision: 'undecided', reason: expect.stringContaining('3 pictures only'), differences: { images: 3, map: { low: null } } });
    expect(ended.outModel.current).toBe(false);
    expect(ended.gate.old).toMatchObject({ images: 3 });
    await expectSameFigures(ended.outModel.id, ended.datasetVersion.id, ended.gate.new);
    const kept = (await engineer.get(`/projects/${project.id}/evaluations?version=${ended.datasetVersion.id}`)).body;
    expect(kept.map((e: { model: { number: number } }) => e.model.number).toSorted(), 'the present model’s own evaluation stays the first one').toEqual([1, 2]);
    const file = await engineer.get(`/projects/${project.id}/evaluations/${kept[0].id}/file.json.gz`);
    expect([file.status, JSON.parse(gunzipSync(file.raw).toString()).format]).toEqual([200, 'emend-evaluation-1']);
    const other = await t.project();
    expect((await (await t.person({ project: other.id, role: 'admin' })).get(`/projects/${other.id}/evaluations/${kept[0].id}/file.json.gz`)).status, 'of another project').toBe(404);
    const told = await t.db.runEvent.findMany({ where: { runId: id, kind: 'epoch' }, orderBy: { seq: 'asc' } });
    const firsts = told.filter(({ data }) => typeof data === 'object' && data !== null && Reflect.get(data, 'epoch') === 1);
    expect(firsts, 'epoch 1 was trained once').toHaveLength(1);
    expect((await engineer.get(`/runs/${id}/epochs`)).body.map((p: { epoch: number }) => p.epoch)).toEqual(Array.from({ length: 6 }, (_, i) => i + 1));
  });

  it('is cancelled within seconds and keeps its checkpoint', async () => {
    const id = await begin(500);
    await expect.poll(async () => (await engineer.get(`/runs/${id}/epochs`)).body.length, { timeout: 120_000, interval: 200 }).toBeGreaterThan(1);
    const pictures = join(runDirectory(t.dataDir, id), 'data', 'images', 'train');
    for (const name of await readdir(pictures)) expect((await stat(join(pictures, name))).nlink, 'a copy: the trainer may rewrite a picture, a blob stays').toBe(1);
    const asked = Date.now();
    expect((await engineer.post(`/runs/${id}/cancel`)).status).toBe(200);
    await expect.poll(() => read(id), { timeout: 20_000, interval: 100 }).toMatchObject({ state: 'cancelled' });
    expect(Date.now() - asked).toBeLessThan(12_000);
    const out = join(runDirectory(t.dataDir, id), 'out');
    await access(join(out, 'run', 'weights', 'last.pt'));
    await expect(access(join(out, 'trainer.pid')), 'no process is left').rejects.toThrow();
    await expect(access(pictures), 'the copies are gone').rejects.toThrow();
  });

  it('is paused and goes on from where it was; others wait for the device meanwhile, and nobody lets one go on twice', async () => {
    const id = await begin(60);
    await expect.poll(async () => (await engineer.get(`/runs/${id}/epochs`)).body.length, { timeout: 120_000, interval: 200 }).toBeGreaterThan(2);
    const other = await begin(1);
    await expect.poll(() => read(other), { timeout: 20_000, interval: 100 }).toMatchObject({ state: 'preparing', startedAt: null, progress: { message: expect.stringContaining('Waiting for its device: run') } });
    expect((await engineer.post(`/runs/${other}/pause`)).status).toBe(200);
    await expect.poll(() => read(other), { timeout: 20_000, interval: 100 }).toMatchObject({ state: 'paused' });
    expect((await engineer.post(`/runs/${other}/cancel`)).body, 'a paused one stays what it is').toMatchObject({ state: 'paused' });

    expect((await engineer.post(`/runs/${id}/pause`)).status).toBe(200);
    await expect.poll(() => read(id), { timeout: 20_000, interval: 100 }).toMatchObject({ state: 'paused', endedAt: null });
    expect((await engineer.post(`/runs/${id}/pause`)).status).toBe(409);
    const done = (await engineer.get(`/runs/${id}/epochs`)).body.length;
    await t.restart();
    expect(await read(id), 'a restart leaves it alone').toMatchObject({ state: 'paused' });
    const answers = await Promise.all([1, 2, 3].map(() => engineer.post(`/runs/${id}/resume`)));
    expect(answers.map((a) => a.status).toSorted()).toEqual([200, 409, 409]);
    await expect.poll(async () => (await engineer.get(`/runs/${id}/epochs`)).body.length, { timeout: 120_000, interval: 200 }).toBeGreaterThan(done);
    const told = await t.db.runEvent.findMany({ where: { runId: id, kind: 'epoch' } });
    const firsts = told.filter(({ data }) => typeof data === 'object' && data !== null && Reflect.get(data, 'epoch') === 1);
    expect(firsts, 'it did not begin again').toHaveLength(1);
    await engineer.post(`/runs/${id}/cancel`);
    await expect.poll(() => read(id), { timeout: 20_000, interval: 100 }).toMatchObject({ state: 'cancelled' });
  });

  it('takes what the trainer takes, by its own list, and nothing else', async () => {
    const list = (await engineer.get(`/projects/${project.id}/runs/arguments`)).body;
    expect(list.find((a: { name: string }) => a.name === 'mosaic')).toMatchObject({ kind: 'fraction', default: 1 });
    const wanted = (extra: object, more: object = {}) => engineer.post(`/projects/${project.id}/runs`, { config: { epochs: 1, imgsz: 64, batch: 4, extra, ...more } });
    for (const extra of [{ mosaic: 2 }, { project: 'elsewhere' }, { data: 'x.yaml' }, { nothing: 1 }, { optimizer: 'rm' }]) {
      expect((await wanted(extra)).body, JSON.stringify(extra)).toMatchObject({ code: 'invalid', message: expect.stringContaining('Nothing was started') });
    }
    const run = await wanted({ mosaic: 0, optimizer: 'SGD', close_mosaic: 0 });
    expect(run.status, JSON.stringify(run.body)).toBe(201);
    await expect.poll(() => read(run.body.id), { timeout: 200_000, interval: 500 }).toMatchObject({ state: 'done', error: null });
    const yaml = await readFile(join(runDirectory(t.dataDir, run.body.id), 'out', 'run', 'args.yaml'), 'utf8');
    expect(yaml).toMatch(/^mosaic: 0(\.0)?$/m);
    expect(yaml).toMatch(/^optimizer: SGD$/m);
    const absent = await wanted({}, { device: '7' });
    await expect.poll(() => read(absent.body.id), { timeout: 30_000, interval: 200 }).toMatchObject({ state: 'failed', error: expect.stringContaining('number 7') });
    const needs = (await engineer.get(`/projects/${project.id}/runs/needs?version=${run.body.datasetVersion.id}`)).body;
    expect(needs.bytes).toBeGreaterThan(1000);
    expect(needs.freeBytes).toBeGreaterThan(needs.bytes);
  });

  it('holds the former model against a merged class by what its own class became', async () => {
    const former = await t.db.evaluation.findFirstOrThrow({ where: { model: { projectId: project.id, number: 1 } } });
    const before = precisionOf((await readEvaluation(t.db, t.app.blobs, former.modelId, former.datasetVersionId))?.images ?? []);
    const admin = await t.person({ project: project.id, role: 'admin' });
    expect((await admin.post(`/projects/${project.id}/classes`, { name: 'Shape' })).status).toBe(201);
    expect((await admin.patch(`/projects/${project.id}/classes/0`, { mergedInto: 1 })).status).toBe(200);
    const version = (await engineer.post(`/projects/${project.id}/versions`)).body;
    const id = await begin(1);
    await expect.poll(() => read(id), { timeout: 200_000, interval: 500 }).toMatchObject({ state: 'done', error: null });
    const { gate } = await read(id);
    expect(gate.old.perClass, 'an empty class has no figure').toMatchObject([{ name: 'Square', map: null, instances: 0 }, { name: 'Shape', instances: 3 }]);
    const { models: current } = { models: (await t.db.project.findUniqueOrThrow({ where: { id: project.id } })).currentModelId };
    const kept = await readEvaluation(t.db, t.app.blobs, current ?? '', version.id);
    expect(kept?.classes).toEqual(['Square', 'Shape']);
    expect(new Set(kept?.images.flatMap((p) => p.found.map((f) => f.class)))).toEqual(new Set([1]));
    if (current === former.modelId) expect(Math.abs(gate.old.map - (before.map ?? NaN)), 'the same pictures and the same finds').toBeLessThan(1e-3);
    await admin.patch(`/projects/${project.id}/classes/0`, { retired: false });
  });

  it('that fails says why, and the log has the rest', async () => {
    const current = await t.db.modelVersion.findFirstOrThrow({ where: { projectId: project.id, number: 1 } });
    const broken = await t.app.blobs.put(new TextEncoder().encode('no weights'));
    await t.db.modelVersion.update({ where: { id: current.id }, data: { ptSha256: broken } });
    await t.db.project.update({ where: { id: project.id }, data: { currentModelId: current.id } });
    const id = await begin(1);
    await expect.poll(() => read(id), { timeout: 60_000, interval: 300 }).toMatchObject({ state: 'failed' });
    expect((await read(id)).error).toMatch(/base\.pt|weights|checkpoint/i);
    expect((await engineer.get(`/runs/${id}/log`)).body.some((line: { text: string }) => line.text.includes('Traceback'))).toBe(true);
  });

  it('keeps a long log readable: the latest lines at first, all of the rest on request', async () => {
    const source = await t.db.trainingRun.findFirstOrThrow({ where: { projectId: project.id } });
    const id = newId();
    const { number: _, id: __, decision: ___, ...rest } = source;
    await t.db.trainingRun.create({ data: { ...rest, config: rest.config ?? {}, progress: rest.progress ?? {}, gate: {}, id, number: 50, state: 'done' } });
    await t.db.runEvent.createMany({ data: Array.from({ length: 20_010 }, (_value, seq) => ({ runId: id, seq, kind: 'log', data: { text: `line ${seq}` } })) });
    const latest = (await engineer.get(`/runs/${id}/log`)).body;
    expect([latest.length < 20_000, latest.at(-1).text]).toEqual([true, 'line 20009']);
    const all = (await engineer.get(`/runs/${id}/log?after=-1`)).body;
    expect([all.length, all[0].text, all.at(-1).text]).toEqual([20_000, 'line 10', 'line 20009']);
  });
});

it('a run whose job is gone is told as failed at the next start', async () => {
  const version = await t.db.datasetVersion.findFirstOrThrow({ where: { projectId: project.id } });
  const template = await t.db.trainingRun.findFirstOrThrow({ where: { projectId: project.id } });
  const lost = await t.db.trainingRun.create({ data: { id: newId(), projectId: project.id, number: 99, datasetVersionId: version.id, config: template.config ?? {}, progress: template.progress ?? {}, state: 'training', createdById: engineer.id } });
  await t.restart();
  expect(await read(lost.id)).toMatchObject({ state: 'failed', error: expect.stringContaining('server stopped') });
});

it('the trainer’s own tests pass', async () => {
  const dir = join(import.meta.dirname, '../../../workers/trainer');
  const { code, tail } = await run(python, ['-m', 'unittest', 'discover', '-s', dir, '-t', dir], { env: { PYTHONDONTWRITEBYTECODE: '1', YOLO_OFFLINE: 'true', YOLO_CONFIG_DIR: t.dataDir } });
  expect(code, tail).toBe(0);
}, 120_000);
