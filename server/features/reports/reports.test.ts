import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { Value } from 'typebox/value';
import type { Prediction } from '#core/annotation/schema.ts';
import { Report } from '#core/api/report.ts';
import type { Box } from '#core/geometry/box.ts';
import { newId } from '#core/ids.ts';
import type { EvaluationFile } from '#core/training/evaluation.ts';
import { testApp, type TestPerson, type TestProject } from '../../testing/harness.ts';
import { storeEvaluation } from '../evaluations/index.ts';
import { promoteModel } from '../models/index.ts';

const t = await testApp();
const EVIL = '<script>alert(1)</script>';
let project: TestProject;
let ann: TestPerson;
let bob: TestPerson;
let viewer: TestPerson;
let boss: TestPerson;
const images: string[] = [];

const prediction = (id: string, box: Box, index = 0, score = 0.9): Prediction => ({ id, class: index, box, score });
const url = (iteration = 1, end = ''): string => `/projects/${project.id}/reports/${iteration}${end}`;
const report = async (person: TestPerson, iteration = 1) => (await person.get(url(iteration))).body;

/** A submit as the rules make it: of two predictions the first is kept, the second is false, and one object was missed. */
async function submit(person: TestPerson, taskId: string, imageId: string, options: { timeMs?: number; number?: number } = {}): Promise<void> {
  const task = await t.db.task.findUniqueOrThrow({ where: { id: taskId } });
  await t.db.revision.create({
    data: {
      id: newId(), taskId, imageId, number: options.number ?? 1, iterationId: task.iterationId, predictionSetId: task.predictionSetId, status: 'corrected',
      instances: [{ id: 'kept', source: 'prediction', class: 0, box: [0, 0, 10, 10], score: 0.9 }, { id: 'made', source: 'annotation', class: 1, box: [50, 50, 10, 10], kind: 'drawn' }],
      verdicts: { false: { verdict: 'rejected', by: person.id, at: 1 } }, threshold: 0.25, authors: [person.id], submittedById: person.id, timeMs: options.timeMs ?? 10_000, corrections: 2, docState: new Uint8Array([0, 0]),
    },
  });
  await t.db.task.update({ where: { id: taskId }, data: { state: 'submitted', outcome: 'corrected', seenBy: { push: person.id } } });
}

const makeTask = () => t.task(project, { width: 64, height: 48, predictions: [prediction('kept', [0, 0, 10, 10]), prediction('false', [30, 0, 10, 10])] });

async function trained(number: number, map: number, labelled: number): Promise<{ modelId: string; versionId: string }> {
  const [versionId, runId, modelId] = [newId(), newId(), newId()];
  const stats = { images: labelled + 1, instances: labelled, splits: { train: labelled, valid: 1, test: 0 }, sources: { baseline: labelled, revision: 0, pseudo: 0 }, labels: { baseline: labelled, kept: 0, annotation: 0 }, fresh: 2, perClass: [] };
  await t.db.datasetVersion.create({ data: { id: versionId, projectId: project.id, number, hash: newId(), classes: ['Chip', 'Void'], stats, createdById: ann.id, items: { create: images.map((imageId) => ({ imageId, source: 'baseline', split: 'valid', instances: [], labelsHash: 'h' })) } } });
  await t.db.trainingRun.create({ data: { id: runId, projectId: project.id, number, datasetVersionId: versionId, config: {}, state: 'done', progress: {}, createdById: ann.id } });
  const metrics = { map, map50: map, boxMap: map, boxMap50: map, precision: map, recall: map, images: images.length, perClass: [{ classIndex: 0, name: 'Chip', map, map50: map, instances: 40 }] };
  await t.db.modelVersion.create({ data: { id: modelId, projectId: project.id, number: number + 1, name: `run ${number}`, task: 'segment', classNames: ['Chip', 'Void'], classMap: [0, 1], meta: {}, origin: 'trained', metrics, runId, datasetVersionId: versionId, onnxSha256: 'f'.repeat(64) } });
  return { modelId, versionId };
}

/** What a model finds on the split: on the first `right` pictures the object, elsewhere nothing. */
async function evaluated(modelId: string, versionId: string, right: number): Promise<void> {
  const { runId } = await t.db.modelVersion.findFirstOrThrow({ where: { datasetVersionId: versionId } });
  const path = join(t.dataDir, `${newId()}.json.gz`);
  const file: EvaluationFile = {
    format: 'emend-evaluation-1', task: 'segment', classes: ['Chip', 'Void'],
    images: images.map((image, i) => ({ image, truths: [{ class: 0, box: [5, 5, 20, 20] }], found: i < right ? [{ class: 0, box: [5, 5, 20, 20], score: 0.9, hits: 1023, boxHits: 1023 }] : [] })),
  };
  await writeFile(path, gzipSync(JSON.stringify(file)));
  await storeEvaluation(t.db, { modelId, datasetVersionId: versionId, runId, sha256: await t.app.blobs.putFile(path) });
}

beforeAll(async () => {
  project = await t.project({ name: EVIL, classes: ['Chip', '=Void'] });
  [ann, bob] = [await t.person({ project: project.id, role: 'annotator', name: `Ann ${EVIL}` }), await t.person({ project: project.id, role: 'annotator', name: 'Bob' })];
  [viewer, boss] = [await t.person({ project: project.id, role: 'viewer' }), await t.person({ project: project.id, role: 'reviewer' })];
  const bytes = await sharp({ create: { width: 64, height: 48, channels: 3, background: '#888' } }).webp().toBuffer();
  for (let i = 0; i < 3; i++) images.push((await t.image(project, { split: 'valid', width: 64, height: 48, bytes: Buffer.concat([bytes, Buffer.alloc(i)]), name: `valid ${i} ${EVIL}.png` })).id);
  const [one, two] = [await makeTask(), await makeTask()];
  await t.db.iteration.update({ where: { id: project.iterationId }, data: { modelId: (await t.db.modelVersion.findFirstOrThrow({ where: { projectId: project.id } })).id } });
  await submit(ann, one.id, one.imageId, { timeMs: 8000 });
  await submit(bob, two.id, two.imageId, { timeMs: 12_000 });
});

describe('an iteration that goes on', () => {
  it('tells the numbers so far, and what is missing', async () => {
    const live = await report(boss);
    expect(Value.Check(Report, live)).toBe(true);
    expect(live).toMatchObject({
      iteration: 1, endedAt: null, models: { old: { name: 'test model', metrics: null }, new: null }, training: null, quality: null, agreement: null,
      correction: { images: 2, ok: 0, predictionsShown: 4, predictionsKept: 2, corrections: 4, secondsPerImage: 10, secondsPerCorrection: 5 }, expectation: { verdict: 'too-few', points: [], nextSeconds: 500 },
    });
    expect(live.correction.errors).toMatchObject([{ classIndex: 0, false: 2, missed: 0, total: 4 }, { classIndex: 1, missed: 2, total: 2 }]);
    expect((await boss.get(url(2))).status).toBe(404);
    expect((await boss.get(url(0))).status).toBe(422);
  });
  it('shows paces to reviewers, to each person their own, and to viewers none', async () => {
    const names = async (person: TestPerson) => { const { people, others } = await report(person); return [people.map((p: { name: string }) => p.name), others]; };
    expect(await names(boss)).toEqual([expect.arrayContaining([ann.name, 'Bob']), { people: 0, unnamed: 0 }]);
    expect(await names(ann)).toEqual([[ann.name], { people: 1, unnamed: 0 }]);
    expect(await names(viewer)).toEqual([[], { people: 2, unnamed: 0 }]);
    expect((await report(ann)).people[0]).toMatchObject({ images: 1, corrections: 2, secondsPerImage: 8, secondsPerCorrection: 4 });
  });
  it('does not name who does not want to be', async () => {
    expect((await bob.patch('/me', { namedInReports: false })).body).toMatchObject({ namedInReports: false });
    expect((await bob.patch('/me', { admin: true })).status).toBe(422);
    expect(await report(boss)).toMatchObject({ people: [{ name: ann.name }], others: { people: 1, unnamed: 1 }, correction: { images: 2 } });
    expect(JSON.stringify(await report(boss))).not.toContain('Bob');
    expect((await boss.get(url(1, '/report.html'))).raw.toString()).not.toContain('Bob');
    expect((await report(bob)).people, 'their own they see').toMatchObject([{ name: 'Bob' }]);
    await bob.patch('/me', { namedInReports: true });
  });
  it('keeps a blind copy from those who may be given the other one', async () => {
    const task = await makeTask();
    await t.db.task.create({ data: { id: newId(), projectId: project.id, imageId: task.imageId, iterationId: project.iterationId, predictionSetId: task.predictionSetId, copy: 1, blind: true } });
    await t.db.task.update({ where: { id: task.id }, data: { blind: true } });
    await submit(ann, task.id, task.imageId);
    expect((await report(bob)).correction, 'as if nothing had been submitted').toMatchObject({ images: 2, corrections: 4 });
    expect((await report(ann)).correction, 'her own').toMatchObject({ images: 3, corrections: 6 });
    expect((await report(boss)).correction).toMatchObject({ images: 3 });
    expect((await bob.get(`/projects/${project.id}/reports`)).body[0]).toMatchObject({ images: 2, corrections: 4 });
    expect((await bob.get(`/projects/${project.id}/overview`)).body.errors, 'nor by the overview').toMatchObject([{ classIndex: 0, total: 4 }, { classIndex: 1, total: 2 }]);
    expect((await bob.get(url(1, '/report.csv?table=errors'))).raw.toString()).toContain('corrected by people,Chip,0,2,0,0,0,4');
    await t.db.revision.deleteMany({ where: { taskId: task.id } });
    await t.db.task.deleteMany({ where: { imageId: task.imageId } });
  });
});

describe('an iteration that has ended', () => {
  beforeAll(async () => {
    const { modelId, versionId } = await trained(1, 0.5, 20);
    const { modelId: oldId } = await t.db.iteration.findUniqueOrThrow({ where: { id: project.iterationId } });
    await evaluated(oldId ?? '', versionId, 1);
    await evaluated(modelId, versionId, 2);
    await promoteModel(t.app, { modelId, kind: 'gate', reason: `better ${EVIL}`, byId: null });
  });
  it('holds both models against each other', async () => {
    const ended = await report(boss);
    expect(Value.Check(Report, ended)).toBe(true);
    expect(ended).toMatchObject({
      models: { new: { name: 'run 1', metrics: { map: 0.5 } } }, training: { run: 1, version: 1, labelled: 20, fresh: 2, decision: 'promoted' },
      quality: { images: 3, version: 1, old: { confusion: [[-1, 0, 2], [0, 0, 1]], kinds: [{ classIndex: 0, missed: 2, total: 3 }] }, new: { confusion: [[-1, 0, 1], [0, 0, 2]] } },
    });
    const { pictures, old, new: fresh } = ended.quality;
    expect(pictures.improved.map((p: { imageId: string }) => p.imageId)).toEqual([images[1]]);
    expect(pictures.worst.map((p: { imageId: string }) => p.imageId)).toEqual([images[2]]);
    expect(fresh.map).toBeGreaterThan(old.map);
    expect(old.curves[0].precision).toHaveLength(101);
  });
  it('keeps its numbers whatever happens later', async () => {
    const before = await report(boss);
    const [task] = await t.db.task.findMany({ where: { iterationId: project.iterationId, state: 'submitted' } });
    await submit(ann, task!.id, task!.imageId, { number: 2, timeMs: 99_000 });
    await t.db.projectClass.updateMany({ where: { projectId: project.id, index: 0 }, data: { name: 'Crack' } });
    const { versionId } = await trained(2, 0.6, 40);
    await evaluated(before.models.new === null ? '' : (await t.db.modelVersion.findFirstOrThrow({ where: { projectId: project.id, number: 2 } })).id, versionId, 0);
    const { others: _, ...after } = await report(boss);
    expect(after).toEqual(Object.fromEntries(Object.entries(before).filter(([key]) => key !== 'others')));
    expect(after.classes[0].name).toBe('Chip');
    await t.restart();
    expect((await report(boss)).quality, 'and out of the database').toEqual(before.quality);
  });
  it('stands beside the others', async () => {
    const { body } = await viewer.get(`/projects/${project.id}/reports`);
    expect(body).toMatchObject([{ iteration: 1, newModel: { number: 2, name: 'run 1' }, mapAfter: 0.5, images: 2, corrections: 4, keptShare: 0.5, labelled: 20 }, { iteration: 2, endedAt: null, oldModel: { name: 'run 1' }, mapBefore: 0.5, newModel: { number: 3, name: 'run 2' }, mapAfter: 0.6, images: 0 }]);
    // The one that goes on has a model that nobody has promoted.
    expect(await report(boss, 2)).toMatchObject({ models: { old: { name: 'run 1' }, new: { name: 'run 2' } }, training: { decision: 'not promoted' }, expectation: { points: [{ images: 20, map: 0.5 }, { images: 40, map: 0.6 }] } });
  });
  it('does not show a picture of the split whose labels are a colleague\'s half of a blind pair', async () => {
    const task = await t.task(project, { imageId: images[1]! });
    await t.db.task.update({ where: { id: task.id }, data: { blind: true, seenBy: [ann.id] } });
    expect((await report(bob)).quality.pictures.improved).toEqual([]);
    expect((await report(ann)).quality.pictures.improved).toHaveLength(1);
    await t.db.task.update({ where: { id: task.id }, data: { blind: false } });
  });
});

describe('files', () => {
  it('are one page that opens offline and runs nothing', async () => {
    const { raw, headers, status } = await boss.get(url(1, '/report.html'));
    const page = raw.toString();
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': expect.stringContaining('sandbox'), 'x-content-type-options': 'nosniff', 'content-disposition': expect.stringMatching(/^attachment; filename=".*-iteration-1\.html"/) });
    expect(page).not.toMatch(/<script|http:\/\/|https:\/\//i);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;: iteration 1');
    expect(page).toContain('data:image/webp;base64,');
    expect(page).toContain('Most improved pictures');
  });
  it('are JSON of the documented form', async () => {
    const { raw, headers } = await boss.get(url(1, '/report.json'));
    expect(headers['content-disposition']).toContain('attachment');
    expect(JSON.parse(raw.toString())).toEqual(await report(boss));
  });
  it('are tables whose names are no formulas', async () => {
    const csv = async (table: string): Promise<string> => (await boss.get(url(1, `/report.csv?table=${table}`))).raw.toString();
    expect(await csv('classes')).toContain("\r\n'=Void,");
    expect(await csv('iterations')).toContain('\r\n1,');
    expect(await csv('people')).toContain('Bob,1,1,2,12,6\r\n');
    expect((await boss.get(url(1, '/report.csv'))).raw.toString()).toMatch(/^what,value\r\niteration,1\r\n/);
    expect((await boss.get(url(1, '/report.csv?table=secrets'))).status).toBe(422);
  });
});

it('reads reports of the former format', async () => {
  const other = await t.project();
  const member = await t.person({ project: other.id, role: 'reviewer' });
  const former = {
    format: 'emend-iteration-1', iteration: 1, images: 5, ok: 2, predictionsShown: 20, predictionsKept: 18, corrections: 3, errors: [{ classIndex: 0, missed: 1, false: 2, wrongClass: 0, badlyPlaced: 0, total: 21 }],
    secondsPerImage: 9, secondsPerCorrection: 4, secondsToAccept: 2, oldModel: null, agreement: null, newModel: { number: 1, name: 'first', metrics: null },
  };
  await t.db.iteration.update({ where: { id: other.iterationId }, data: { endedAt: new Date(), report: former } });
  const { status, body } = await member.get(`/projects/${other.id}/reports/1`);
  expect(status).toBe(200);
  expect(body).toMatchObject({ correction: { images: 5, predictionsKept: 18, errors: [{ missed: 1, duplicate: 0 }], secondsPerImage: 9 }, models: { old: null, new: { name: 'first' } }, people: [], quality: null, training: null });
  expect((await member.get(`/projects/${other.id}/overview`)).status).toBe(200);
});
