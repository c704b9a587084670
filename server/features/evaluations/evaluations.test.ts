/** Evaluations at rest, the pictures that differ, and what a person decides on a run. Runs and files are made here; real ones are in ../training. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { newId } from '#core/ids.ts';
import type { Detection, EvaluationFile } from '#core/training/evaluation.ts';
import { decideGate } from '#core/training/gate.ts';
import { precisionOf } from '#core/training/metrics.ts';
import { testApp, type TestPerson, type TestProject } from '../../testing/harness.ts';
import { checkTrainersFile, compareEvaluations, readEvaluation, storeEvaluation } from './index.ts';

const t = await testApp();
let project: TestProject;
let reviewer: TestPerson;
let images: string[];
let versionId: string;

const found = (hits: number, score = 0.9): Detection => ({ class: 0, score, box: [10, 10, 20, 20], hits, boxHits: hits });
/** One label in every picture; what is found in each is said by its position. */
const file = (finds: (at: number) => Detection[]): EvaluationFile => ({
  format: 'emend-evaluation-1', task: 'detect', classes: ['Chip', 'Void'], images: images.map((image, at) => ({ image, truths: [{ class: 0, box: [10, 10, 20, 20] }], found: finds(at) })),
});
async function onDisk(content: unknown): Promise<string> {
  const path = join(t.dataDir, `${newId()}.json.gz`);
  await writeFile(path, gzipSync(JSON.stringify(content)));
  return path;
}
const kept = async (content: unknown): Promise<string> => t.app.blobs.putFile(await onDisk(content));
async function model(number: number): Promise<string> {
  const id = newId();
  await t.db.modelVersion.create({ data: { id, projectId: project.id, number, name: `model ${number}`, task: 'detect', classNames: ['Chip'], classMap: [0], meta: {}, origin: 'trained', onnxSha256: 'f'.repeat(64) } });
  return id;
}
const metrics = (of: EvaluationFile) => ({ ...precisionOf(of.images), boxMap: null, boxMap50: null, precision: null, recall: null, images: of.images.length, perClass: precisionOf(of.images).perClass.map((c) => ({ classIndex: c.classIndex, name: 'Chip', map: c.map, map50: c.map50, instances: c.instances })) });

/** A run that has ended: model 1 was current, model 2 came out, both measured. */
async function endedRun(before: EvaluationFile, after: EvaluationFile): Promise<{ run: string; old: string; fresh: string }> {
  const [old, fresh] = [await model(1), await model(2)];
  await t.db.project.update({ where: { id: project.id }, data: { currentModelId: old } });
  const paths = { old: await onDisk(before), fresh: await onDisk(after) };
  const differences = await compareEvaluations(paths);
  const gate = { ...decideGate({ old: metrics(before), fresh: metrics(after), differences, margin: 0.01 }), comparedWith: old };
  const run = newId();
  await t.db.trainingRun.create({ data: { id: run, projectId: project.id, number: 1, datasetVersionId: versionId, baseModelId: old, config: { preset: 'quick', epochs: 1, imgsz: 64, batch: 4, lr0: 0.01, freeze: 0, freshWeight: 1, seed: 0 }, state: 'done', progress: {}, gate: JSON.parse(JSON.stringify(gate)), createdById: reviewer.id } });
  await t.db.modelVersion.update({ where: { id: fresh }, data: { runId: run } });
  await storeEvaluation(t.db, { modelId: old, datasetVersionId: versionId, runId: run, sha256: await t.app.blobs.putFile(paths.old) });
  await storeEvaluation(t.db, { modelId: fresh, datasetVersionId: versionId, runId: run, sha256: await t.app.blobs.putFile(paths.fresh) });
  return { run, old, fresh };
}

beforeEach(async () => {
  project = await t.project();
  reviewer = await t.person({ name: 'Ada', project: project.id, role: 'reviewer' });
  images = (await Promise.all(Array.from({ length: 12 }, (_, i) => t.image(project, { split: 'valid', name: `part/${i}.png` })))).map((image) => image.id);
  versionId = newId();
  await t.db.datasetVersion.create({ data: { id: versionId, projectId: project.id, number: 1, hash: 'h', classes: [], stats: {}, createdById: reviewer.id } });
});

describe('evaluations', () => {
  it('are kept as they were first measured, and read as they were written', async () => {
    const [first, second] = [file(() => [found(1023)]), file(() => [])];
    const modelId = await model(1);
    await storeEvaluation(t.db, { modelId, datasetVersionId: versionId, runId: null, sha256: await kept(first) });
    await storeEvaluation(t.db, { modelId, datasetVersionId: versionId, runId: null, sha256: await kept(second) });
    expect(await readEvaluation(t.db, t.app.blobs, modelId, versionId)).toEqual(first);
    expect(await readEvaluation(t.db, t.app.blobs, await model(2), versionId)).toBeNull();
  });
  it('are taken from the trainer’s own directory only, and only when they are evaluations', async () => {
    const path = await onDisk(file(() => [found(1023)]));
    expect(await checkTrainersFile(t.dataDir, path)).toBe(path);
    await expect(checkTrainersFile(join(t.dataDir, 'runs', 'x', 'out'), path)).rejects.toThrow('outside of its own directory');
    await expect(checkTrainersFile(t.dataDir, join(t.dataDir, '..', 'elsewhere.gz'))).rejects.toThrow('outside');
    for (const wrong of [{ format: 'emend-evaluation-1' }, { ...file(() => []), images: [{ image: 'x', truths: [], found: [{ ...found(1024) }] }] }, null]) await expect(checkTrainersFile(t.dataDir, await onDisk(wrong))).rejects.toThrow('cannot be read');
    await writeFile(path, 'no gzip');
    await expect(checkTrainersFile(t.dataDir, path)).rejects.toThrow('cannot be read');
  });
});

describe('the pictures that differ', () => {
  it('are told with what each model found in them, the one that lost most first', async () => {
    // Picture 0 is lost, picture 1 is placed worse, picture 2 is won; what is below the threshold (0.25) counts for nothing.
    const { run } = await endedRun(file((at) => (at === 2 ? [found(1023, 0.1)] : [found(1023)])), file((at) => (at === 0 ? [found(0)] : at === 1 ? [found(7)] : [found(1023)])));
    const { status, body } = await reviewer.get(`/runs/${run}/pictures`);
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body.counts).toEqual({ worse: 2, better: 1, same: 9 });
    expect(body).toMatchObject({ threshold: 0.25, old: 1, new: 2, better: [{ image: { id: images[2] }, old: { f1: 0, missed: 1, false: 0, found: [], overlooked: [{ class: 0 }] }, new: { f1: 1, matched: 1 } }] });
    expect(body.worse.map((p: { image: { name: string } }) => p.image.name)).toEqual(['part/0.png', 'part/1.png']);
    expect(body.worse[0]).toMatchObject({ labels: 1, old: { f1: 1, matched: 1, overlooked: [] }, new: { f1: 0, matched: 0, missed: 1, false: 1, found: [{ right: false, score: 0.9 }], overlooked: [{ box: [10, 10, 20, 20] }] } });
    expect(body.worse[1].new.f1).toBeCloseTo(0.3);
    expect((await reviewer.get(`/runs/${run}/pictures`)).body).toEqual(body);
  });
  it('show nobody the other half of a blind pair: neither as pictures nor in the file', async () => {
    const { run, fresh } = await endedRun(file((at) => (at < 2 ? [found(1023)] : [])), file(() => []));
    const annotator = await t.person({ project: project.id, role: 'annotator' });
    const seen = async (as: TestPerson): Promise<string[]> => (await as.get(`/runs/${run}/pictures`)).body.worse.map((p: { image: { name: string } }) => p.image.name).toSorted();
    const { id } = await t.db.evaluation.findFirstOrThrow({ where: { modelId: fresh } });
    const fileFor = async (as: TestPerson): Promise<number> => (await as.get(`/projects/${project.id}/evaluations/${id}/file.json.gz`)).status;
    for (const imageId of images) await t.db.datasetItem.create({ data: { datasetVersionId: versionId, imageId, source: 'baseline', split: 'valid', instances: [], labelsHash: 'l', fresh: false } });
    expect([await seen(annotator), await fileFor(annotator)]).toEqual([['part/0.png', 'part/1.png'], 200]);
    // A colleague has submitted one half; this annotator may be given the other.
    const half = await t.task(project, { imageId: images[0] ?? '', state: 'submitted' });
    await t.db.task.update({ where: { id: half.id }, data: { blind: true, seenBy: [reviewer.id] } });
    await t.db.revision.create({ data: { id: newId(), taskId: half.id, imageId: half.imageId, number: 1, iterationId: project.iterationId, status: 'ok', instances: [], verdicts: {}, threshold: 0.25, authors: [], submittedById: reviewer.id, timeMs: 1, docState: new Uint8Array([0, 0]) } });
    expect([await seen(annotator), await fileFor(annotator)]).toEqual([['part/1.png'], 403]);
    expect([await seen(reviewer), await fileFor(reviewer)]).toEqual([['part/0.png', 'part/1.png'], 200]);
    await t.db.task.update({ where: { id: half.id }, data: { blind: false } });
    expect([await seen(annotator), await fileFor(annotator)]).toEqual([['part/0.png', 'part/1.png'], 200]);
  });
  it('need two evaluations', async () => {
    const { run, old } = await endedRun(file(() => []), file(() => [found(1023)]));
    await t.db.evaluation.deleteMany({ where: { modelId: old } });
    expect(await reviewer.get(`/runs/${run}/pictures`)).toMatchObject({ status: 404, body: { message: expect.stringContaining('no two evaluations') } });
  });
});

describe('a model that the gate could not decide on', () => {
  const unsure = () => endedRun(file((at) => (at < 3 ? [] : [found(1023)])), file((at) => (at > 8 ? [] : [found(1023)])));

  it('waits; keeping the present model is recorded and lets the loop go on', async () => {
    const { run, fresh } = await unsure();
    expect((await reviewer.get(`/runs/${run}`)).body).toMatchObject({ gate: { decision: 'undecided' }, decided: null, outModel: { current: false } });
    expect((await reviewer.get(`/projects/${project.id}/loop`)).body).toMatchObject({ next: 'promote', run: { waiting: true } });
    const annotator = await t.person({ project: project.id, role: 'annotator' });
    expect((await annotator.post(`/runs/${run}/keep`, {})).status).toBe(403);
    const kept = await reviewer.post(`/runs/${run}/keep`, { reason: ' misses the small ones ' });
    expect(kept).toMatchObject({ status: 200, body: { decided: { decision: 'keep', by: 'Ada', reason: 'misses the small ones' } } });
    expect((await reviewer.post(`/runs/${run}/keep`, { reason: 'another' })).body.decided, 'the first word counts').toEqual(kept.body.decided);
    expect((await reviewer.get(`/projects/${project.id}/loop`)).body).toMatchObject({ run: { waiting: false } });
    expect((await reviewer.get(`/projects/${project.id}/loop`)).body.next).not.toBe('promote');
    expect(await t.db.activity.findMany({ where: { projectId: project.id, kind: 'kept' } })).toMatchObject([{ userId: reviewer.id, text: 'kept the present model instead of model 2 of run 1: misses the small ones' }]);
    // A change of mind is recorded too, and then nothing is left to keep.
    expect((await reviewer.post(`/models/${fresh}/promote`, { reason: 'on second thoughts' })).status).toBe(200);
    expect((await reviewer.get(`/runs/${run}`)).body.decided).toMatchObject({ decision: 'promote', by: 'Ada', reason: 'on second thoughts' });
    expect(await reviewer.post(`/runs/${run}/keep`, {})).toMatchObject({ status: 409, body: { message: expect.stringContaining('Roll back') } });
  });

  it('there is nothing to decide where the gate decided, or the run made nothing', async () => {
    const { run } = await endedRun(file((at) => (at < 9 ? [] : [found(1023)])), file(() => [found(1023)]));
    expect((await reviewer.get(`/runs/${run}`)).body.gate.decision).toBe('promote');
    expect((await reviewer.post(`/runs/${run}/keep`, {})).status).toBe(409);
  });
});
