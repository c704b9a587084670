/** Dataset versions on real PostgreSQL: difference, restore, and where a label comes from. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Instance } from '#core/annotation/schema.ts';
import type { Box } from '#core/geometry/box.ts';
import { newId } from '#core/ids.ts';
import { classesForVersion } from './index.ts';
import { testApp, type TestImage, type TestPerson, type TestProject, type TestTask } from '../../testing/harness.ts';

const t = await testApp();
let project: TestProject;
let engineer: TestPerson;
let admin: TestPerson;
let images: TestImage[];

const at = (index: number): TestImage => {
  const image = images[index];
  if (!image) throw new RangeError(`there is no image ${index}`);
  return image;
};
const label = (id: string, box: Box, more: Partial<Instance> = {}): Instance => ({ id, source: 'baseline', class: 0, box, ...more });

async function baseline(image: TestImage, instances: Instance[]): Promise<void> {
  const made = await t.db.import.create({ data: { id: newId(), projectId: project.id, state: 'applied', createdBy: engineer.id } });
  await t.db.baselineLabel.create({ data: { id: newId(), imageId: image.id, importId: made.id, instances } });
}

/** A submit as the tasks feature stores it. */
async function revise(task: TestTask, instances: Instance[], createdAt = new Date()): Promise<string> {
  const row = await t.db.task.findUniqueOrThrow({ where: { id: task.id }, include: { revisions: true } });
  const revision = await t.db.revision.create({ data: {
    id: newId(), taskId: row.id, imageId: row.imageId, number: row.revisions.length + 1, iterationId: row.iterationId, predictionSetId: row.predictionSetId, status: 'corrected',
    instances, verdicts: {}, threshold: 0.25, authors: [engineer.id], submittedById: engineer.id, timeMs: 1000, docState: new Uint8Array(), createdAt,
  } });
  return revision.id;
}

async function freeze(): Promise<{ id: string; number: number; hash: string }> {
  const answer = await engineer.post(`/projects/${project.id}/versions`);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
}
const preview = async () => (await engineer.get(`/projects/${project.id}/versions/preview`)).body;
const restore = (version: { id: string }) => engineer.post(`/versions/${version.id}/restore`, {});

beforeAll(async () => {
  engineer = await t.person({ name: 'Ena' });
  admin = await t.person({ name: 'Ada' });
});
beforeEach(async () => {
  project = await t.project({});
  await t.db.membership.create({ data: { projectId: project.id, userId: engineer.id, role: 'reviewer' } });
  await t.db.membership.create({ data: { projectId: project.id, userId: admin.id, role: 'admin' } });
  images = [await t.image(project, { name: 'a.png' }), await t.image(project, { name: 'b.png' }), await t.image(project, { name: 'c.png', split: 'valid' })];
  for (const image of images) await baseline(image, [label('b1', [0, 0, 10, 10]), label('b2', [50, 50, 10, 10], { class: 1 })]);
});

describe('the difference of two versions', () => {
  it('counts images and objects, and shows them one by one', async () => {
    const v1 = await freeze();
    const task = await t.task(project, { imageId: at(0).id });
    await revise(task, [label('b1', [1, 0, 10, 10]), label('x', [50, 50, 10, 10], { class: 0, source: 'annotation', by: engineer.id, at: 0 }), label('y', [80, 80, 5, 5])]);
    const admin = await t.person({ admin: true });
    expect((await admin.patch(`/images/${at(2).id}`, { split: 'test', reason: 'the fair split came late' })).status).toBe(200);
    await engineer.patch(`/images/${at(1).id}`, { excluded: true });
    const added = await t.image(project, { name: 'd.png' });
    await baseline(added, []);
    const v2 = await freeze();

    const diff = (await engineer.get(`/versions/${v2.id}/diff?from=${v1.id}`)).body;
    expect(diff).toMatchObject({ from: { number: 1 }, to: { number: 2 }, images: { added: 1, removed: 1, changed: 1, split: 1, same: 0 }, objects: { added: 1, removed: 0, moved: 1, relabelled: 1, reshaped: 0 }, classes: [] });
    const page = (await engineer.get(`/versions/${v2.id}/diff/images?from=${v1.id}`)).body;
    expect(page).toMatchObject({ total: 4, next: null });
    const by = new Map(page.items.map((i: { name: string }) => [i.name, i]));
    expect(by.get('a.png')).toMatchObject({ change: 'changed', labels: { before: 2, after: 3 } });
    expect(by.get('b.png')).toMatchObject({ change: 'removed', split: { before: 'train', after: null } });
    expect(by.get('c.png')).toMatchObject({ change: 'split', split: { before: 'valid', after: 'test' }, objects: [] });
    expect(by.get('d.png')).toMatchObject({ change: 'added' });

    const moved = (await engineer.get(`/versions/${v2.id}/diff/images?from=${v1.id}&kind=moved`)).body;
    expect(moved.items.map((i: { name: string }) => i.name)).toEqual(['a.png']);
    expect(moved.items[0].objects.find((o: { kinds: string[] }) => o.kinds.includes('moved')).iou).toBeCloseTo(9 / 11);
    const first = (await engineer.get(`/versions/${v2.id}/diff/images?from=${v1.id}&limit=3`)).body;
    const rest = (await engineer.get(`/versions/${v2.id}/diff/images?from=${v1.id}&limit=3&after=${first.next}`)).body;
    expect([...first.items, ...rest.items].map((i: { imageId: string }) => i.imageId)).toEqual(page.items.map((i: { imageId: string }) => i.imageId));
  });

  it('is refused across projects', async () => {
    const mine = await freeze();
    const [before, other] = [project, await t.project({})];
    await t.db.membership.create({ data: { projectId: other.id, userId: engineer.id, role: 'reviewer' } });
    project = other;
    await baseline(await t.image(other), [label('z', [0, 0, 5, 5])]);
    const foreign = await freeze();
    expect((await engineer.get(`/versions/${mine.id}/diff?from=${foreign.id}`)).status).toBe(404);
    project = before;
  });
});

describe('classes', () => {
  const merge = (from: number, into: number, as = admin) => as.patch(`/projects/${project.id}/classes/${from}`, { mergedInto: into });

  it('are merged and retired for later versions; earlier ones stay as they were, and all of it can be taken back', async () => {
    const v1 = await freeze();
    expect((await merge(1, 0)).body).toMatchObject({ retired: true, mergedInto: 0 });
    expect(await preview()).toMatchObject({ sameAs: null, relabelled: [{ name: 'Void', into: 'Chip', labels: 3 }], retired: [], stats: { fresh: 0, perClass: [{ instances: 6 }, { instances: 0 }] } });
    const v2 = await freeze();
    expect((await engineer.get(`/versions/${v2.id}/diff?from=${v1.id}`)).body.objects).toMatchObject({ relabelled: 3, added: 0, removed: 0 });
    // A model that was trained before finds the class that is gone: held against either version, each find counts as what its labels became there.
    const { id: model } = await t.db.modelVersion.create({ data: { id: newId(), projectId: project.id, number: 1, name: 'former', task: 'segment', classNames: ['Chip', 'Void', 'Dust'], classMap: [0, 1, null], meta: {}, origin: 'uploaded' } });
    expect(await classesForVersion(t.db, v1.id, model)).toEqual([0, 1, -1]);
    expect(await classesForVersion(t.db, v2.id, model)).toEqual([0, 0, -1]);
    expect((await engineer.get(`/versions/${v1.id}`)).body).toMatchObject({ hash: v1.hash, stats: { perClass: [{ instances: 3 }, { instances: 3 }] } });

    expect((await admin.patch(`/projects/${project.id}/classes/1`, { retired: false })).body).toMatchObject({ retired: false, mergedInto: null });
    expect((await admin.patch(`/projects/${project.id}/classes/1`, { retired: true })).status).toBe(200);
    expect(await preview()).toMatchObject({ relabelled: [], retired: [{ name: 'Void', labels: 3 }], stats: { instances: 3 } });
    expect(await classesForVersion(t.db, v2.id, model), 'a version keeps what it was frozen with').toEqual([0, 0, -1]);
    const v3 = await freeze();
    expect(await classesForVersion(t.db, v3.id, model)).toEqual([0, -1, -1]);
    await admin.patch(`/projects/${project.id}/classes/1`, { retired: false });
    const v4 = await freeze();
    expect(v4.hash).toBe(v1.hash);
    const restored = (await restore(v2)).body;
    expect(await classesForVersion(t.db, restored.id, model), 'a restored one keeps it too').toEqual([0, 0, -1]);
    await t.db.modelVersion.update({ where: { id: model }, data: { classMap: [0, 1] } });
    expect(await classesForVersion(t.db, v4.id, model), 'every class is itself').toBeNull();
  });

  it('are never merged in a ring, into themselves, or by somebody who may not', async () => {
    expect((await merge(0, 0)).status).toBe(409);
    expect((await merge(0, 9)).status).toBe(409);
    expect((await merge(1, 0)).status).toBe(200);
    expect((await merge(0, 1)).status).toBe(409);
    const annotator = await t.person({ project: project.id, role: 'annotator' });
    expect((await merge(1, 0, annotator)).status).toBe(403);
    expect((await admin.patch(`/projects/${project.id}/classes/1`, { mergedInto: 0, retired: false })).status).toBe(422);
  });
});

describe('pseudo-labels', () => {
  it('are taken only when asked for, only for training, from the sure predictions of the current model, and marked', async () => {
    const [sure, aside] = [await t.image(project, { name: 'u.png' }), await t.image(project, { name: 'v.png', split: 'valid' })];
    for (const image of [sure, aside]) await t.task(project, { imageId: image.id, predictions: [{ id: 'q1', class: 0, box: [0, 0, 9, 9], score: 0.95 }, { id: 'q2', class: 1, box: [20, 20, 9, 9], score: 0.6 }] });
    const { modelId } = await t.db.predictionSet.findFirstOrThrow({ where: { imageId: sure.id } });
    await t.db.project.update({ where: { id: project.id }, data: { currentModelId: modelId } });
    expect(await preview()).toMatchObject({ stats: { images: 3, sources: { pseudo: 0 } }, leftOut: [{ reason: 'not submitted yet', images: 2, names: ['u.png', 'v.png'] }] });
    const asked = (await engineer.get(`/projects/${project.id}/versions/preview?pseudo=0.9`)).body;
    expect(asked).toMatchObject({ stats: { images: 4, sources: { pseudo: 1 }, labels: { pseudo: 1 } }, leftOut: [{ images: 1, names: ['v.png'] }] });
    const made = await engineer.post(`/projects/${project.id}/versions`, { pseudo: 0.9 });
    const items = (await engineer.get(`/versions/${made.body.id}/items`)).body.items;
    expect(items.find((i: { name: string }) => i.name === 'u.png')).toMatchObject({ source: 'pseudo', fresh: false, instances: [{ id: 'q1', source: 'pseudo' }] });
    expect((await engineer.get(`/versions/${made.body.id}/images/${sure.id}/labels/q1`)).body).toMatchObject({ origin: { kind: 'prediction', pseudo: true, score: 0.95 }, revision: null });
    expect((await engineer.post(`/projects/${project.id}/versions`, { pseudo: 2 })).status).toBe(422);
  });
});

describe('a restored version', () => {
  it('has the content of the earlier one, as a new head; nothing is deleted', async () => {
    const v1 = await freeze();
    const task = await t.task(project, { imageId: at(0).id });
    await revise(task, [label('y', [80, 80, 5, 5])]);
    await engineer.patch(`/images/${at(1).id}`, { excluded: true });
    const v2 = await freeze();
    const answer = await restore(v1);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ number: 3, parentId: v2.id, restoredFrom: 1, hash: v1.hash });
    expect((await engineer.get(`/versions/${answer.body.id}/diff?from=${v1.id}`)).body.images).toMatchObject({ added: 0, removed: 0, changed: 0, split: 0, same: 3 });
    expect((await engineer.get(`/versions/${v2.id}`)).body.hash).toBe(v2.hash);
    expect(await t.db.revision.count({ where: { taskId: task.id } })).toBe(1);
    expect((await restore(v1)).status).toBe(409);
  });

  it('is what the next freeze starts from: only what comes later counts on top', async () => {
    const v1 = await freeze();
    const [first, second] = [await t.task(project, { imageId: at(0).id }), await t.task(project, { imageId: at(1).id })];
    await revise(first, [label('y', [80, 80, 5, 5])]);
    const extra = await t.image(project, { name: 'extra.png' });
    await revise(await t.task(project, { imageId: extra.id }), []);
    await freeze();
    await restore(v1);
    expect(await preview()).toMatchObject({ sameAs: 3, leftOut: [{ reason: 'not in the restored version', images: 1 }] });
    // A submit that was under way during the restore carries an earlier time and is newer all the same.
    await revise(second, [label('late', [20, 20, 5, 5])], new Date(Date.now() - 60_000));
    const v4 = await freeze();
    const diff = (await engineer.get(`/versions/${v4.id}/diff/images?from=${v1.id}`)).body;
    expect(diff.items.map((i: { name: string }) => i.name)).toEqual(['b.png']);
  });

  it('takes a later import where nobody submitted, and never over a submit', async () => {
    const task = await t.task(project, { imageId: at(0).id });
    await revise(task, [label('kept', [30, 30, 5, 5])]);
    const v1 = await freeze();
    await revise(task, [label('other', [40, 40, 5, 5])]);
    await freeze();
    await restore(v1);
    for (const image of images.slice(0, 2)) await baseline(image, [label('n', [2, 2, 5, 5])]);
    const v4 = await freeze();
    const items = (await engineer.get(`/versions/${v4.id}/items`)).body.items;
    const ids = new Map(items.map((i: { name: string; instances: Instance[] }) => [i.name, i.instances.map((l) => l.id)]));
    expect([ids.get('a.png'), ids.get('b.png')]).toEqual([['kept'], ['n']]);
  });

  it('is for reviewers', async () => {
    const v1 = await freeze();
    const annotator = await t.person({ project: project.id, role: 'annotator' });
    expect((await annotator.post(`/versions/${v1.id}/restore`, {})).status).toBe(403);
    expect((await annotator.get(`/versions/${v1.id}/diff?from=${v1.id}`)).status).toBe(200);
  });
});

describe('the provenance of a label', () => {
  it('leads from an annotation to its person, its iteration, what it replaced, and the versions it is in', async () => {
    const task = await t.task(project, { imageId: at(0).id, predictions: [{ id: 'p1', class: 1, box: [0, 0, 9, 9], score: 0.4 }, { id: 'p2', class: 0, box: [50, 50, 9, 9], score: 0.9 }] });
    const revisionId = await revise(task, [
      { id: 'p2', source: 'prediction', class: 0, box: [50, 50, 9, 9], score: 0.9 },
      { id: 'a1', source: 'annotation', class: 0, box: [0, 0, 10, 10], kind: 'drawn', by: engineer.id, at: 1000, of: ['p1'] },
    ]);
    const v1 = await freeze();
    await baseline(at(1), []);
    const v2 = await freeze();
    const of = async (version: { id: string }, image: number, id: string) => (await engineer.get(`/versions/${version.id}/images/${at(image).id}/labels/${id}`)).body;
    const drawn = await of(v2, 0, 'a1');
    expect(drawn).toMatchObject({
      origin: { kind: 'annotation', how: 'drawn', by: 'Ena', at: '1970-01-01T00:00:01.000Z', insteadOf: [{ id: 'p1', className: 'Void', score: 0.4 }] },
      revision: { id: revisionId, number: 1, iteration: 1, by: 'Ena' }, usedBy: [{ version: { number: 1 } }, { version: { number: 2 } }],
    });
    expect(await of(v1, 0, 'p2')).toMatchObject({ origin: { kind: 'prediction', score: 0.9, pseudo: false, model: { number: 1 } } });
    expect(await of(v1, 2, 'b1')).toMatchObject({ origin: { kind: 'baseline', by: 'Ena' }, revision: null });
    expect((await engineer.get(`/versions/${v1.id}/images/${at(0).id}/labels/none`)).status).toBe(404);
  });
});
