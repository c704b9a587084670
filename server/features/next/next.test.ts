import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { newId } from '#core/ids.ts';
import { encodeVector } from '#core/next/look.ts';
import { testApp, type TestProject } from '../../testing/harness.ts';
import { DESCRIPTOR, describeThumb } from './descriptor.ts';
import { rankProject } from './index.ts';

const t = await testApp();
const at = (classIndex: number, ...scores: number[]) => scores.map((score) => ({ id: newId(), class: classIndex, box: [1, 1, 5, 5] as [number, number, number, number], score }));
const rows = (project: TestProject) => t.db.task.findMany({ where: { projectId: project.id }, orderBy: [{ priority: 'desc' }, { copy: 'asc' }] });

/** `count` waiting images that all look alike to the project, one unsure Void each. */
async function waiting(project: TestProject, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) ids.push((await t.task(project, { predictions: at(1, 0.4) })).imageId);
  const model = await t.db.modelVersion.findFirstOrThrow({ where: { projectId: project.id } });
  await t.db.project.update({ where: { id: project.id }, data: { currentModelId: model.id } });
  return ids;
}
const modelOf = async (project: TestProject): Promise<string> => (await t.db.modelVersion.findFirstOrThrow({ where: { projectId: project.id } })).id;
const see = async (project: TestProject, imageId: string, ...values: number[]): Promise<void> => { await t.db.featureVector.create({ data: { imageId, modelId: await modelOf(project), values: encodeVector(Float32Array.from(values)) } }); };

describe('ranking', () => {
  it('gives every waiting image its own place and a reason with the names of classes; tasks in hand are left alone', async () => {
    const project = await t.project();
    await waiting(project, 6);
    const hand = await t.task(project, { predictions: at(0, 0.3), priority: 99, state: 'assigned' });
    const done = await t.task(project, { predictions: at(0, 0.3), priority: 98, state: 'submitted' });
    expect(await rankProject(t.app, project.id)).toMatchObject({ images: 6, changed: 6 });
    const all = await rows(project);
    expect(all.slice(0, 2).map((task) => [task.id, task.priority, task.reason])).toEqual([[hand.id, 99, null], [done.id, 98, null]]);
    expect(all.slice(2).map((task) => task.priority)).toEqual([0, 1, 2, 3, 4, 5].map((place) => 1 - place / 6));
    expect(all.slice(2).map((task) => task.reason)).toEqual(['1 unsure Void', '1 unsure Void', '1 unsure Void', '1 unsure Void', 'by chance', '1 unsure Void']);
    expect(await rankProject(t.app, project.id)).toMatchObject({ images: 6, changed: 0 });
  });

  it('a row that somebody is just taking is passed over, without waiting for it', async () => {
    const project = await t.project();
    await waiting(project, 3);
    const [first] = await rows(project);
    await t.db.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT id FROM "Task" WHERE id = ${first?.id ?? ''} FOR UPDATE`;
      expect(await rankProject(t.app, project.id)).toMatchObject({ images: 3, changed: 2 });
    });
  });

  it('unlike images come first, by the vectors of the present model', async () => {
    const project = await t.project();
    const [a = '', b = '', c = '', d = ''] = await waiting(project, 4);
    for (const image of [a, b, c]) await see(project, image, 1, 0, 0);
    await see(project, d, 0, 1, 0);
    await rankProject(t.app, project.id);
    const first = (await rows(project)).slice(0, 2).map((task) => task.imageId);
    expect(first).toContain(d);
  });

  it('what is like a labelled image waits, and what is unlike all of them says so', async () => {
    const project = await t.project();
    const [like = '', unlike = ''] = await waiting(project, 2);
    for (let i = 0; i < 12; i++) {
      const { imageId } = await t.task(project, { state: 'submitted' });
      const imported = await t.db.import.create({ data: { id: newId(), projectId: project.id, state: 'applied', createdBy: 'x' } });
      await t.db.baselineLabel.create({ data: { id: newId(), imageId, importId: imported.id, instances: [] } });
      await see(project, imageId, 1, i / 50, 0);
    }
    await see(project, like, 1, 0.11, 0);
    await see(project, unlike, -1, 0, 3);
    await rankProject(t.app, project.id);
    const places = await t.db.task.findMany({ where: { imageId: { in: [like, unlike] } }, orderBy: { priority: 'desc' } });
    expect(places.map((task) => [task.imageId, task.reason])).toEqual([[unlike, '1 unsure Void, unlike anything labelled'], [like, '1 unsure Void']]);
  });

  it('both copies of an image get the same place', async () => {
    const project = await t.project();
    const [imageId = ''] = await waiting(project, 2);
    const { predictionSetId } = await t.db.task.findFirstOrThrow({ where: { imageId } });
    await t.db.task.create({ data: { id: newId(), projectId: project.id, imageId, iterationId: project.iterationId, predictionSetId, copy: 1, blind: true } });
    await rankProject(t.app, project.id);
    const pair = await t.db.task.findMany({ where: { imageId } });
    expect(new Set(pair.map((task) => task.priority)).size).toBe(1);
    expect(pair).toHaveLength(2);
  });

  it('follows the settings and the names of classes', async () => {
    const project = await t.project();
    const ids = await waiting(project, 6);
    const admin = await t.person({ project: project.id, role: 'admin' });
    expect((await admin.patch(`/projects/${project.id}`, { settings: { order: 'sequential' } })).status).toBe(200);
    await expect.poll(async () => (await rows(project)).every((task) => task.reason === 'in the order of import'), { timeout: 20_000 }).toBe(true);
    expect((await rows(project)).map((task) => task.imageId)).toEqual(ids);
    await admin.patch(`/projects/${project.id}`, { settings: { order: 'uncertain' } });
    await admin.patch(`/projects/${project.id}/classes/1`, { name: 'Pore' });
    await expect.poll(async () => (await rows(project)).filter((task) => task.reason === '1 unsure Pore').length, { timeout: 20_000 }).toBe(5);
    await admin.patch(`/projects/${project.id}/classes/1`, { retired: true });
    await expect.poll(async () => (await rows(project)).filter((task) => task.reason === 'the model found nothing').length, { timeout: 20_000 }).toBe(5);
  });

  it('compares with the former model, where both have looked', async () => {
    const project = await t.project({ settings: { order: 'disagreement' } });
    const [same = '', changed = '', alone = ''] = await waiting(project, 3);
    const former = await t.db.modelVersion.create({ data: { id: newId(), projectId: project.id, number: 7, name: 'former', task: 'segment', classNames: [], classMap: [], meta: {}, origin: 'uploaded' } });
    for (const [i, modelId] of [former.id, await modelOf(project)].entries()) await t.db.promotion.create({ data: { id: newId(), projectId: project.id, modelId, kind: 'manual', createdAt: new Date(i) } });
    const set = (imageId: string, instances: object[]) => t.db.predictionSet.create({ data: { id: newId(), imageId, modelId: former.id, instances: [...instances], floor: 0.05, ms: 1, provider: 'cpu' } });
    await set(same, at(1, 0.9));
    await set(changed, at(0, 0.9, 0.8));
    await rankProject(t.app, project.id);
    const reasons = new Map((await rows(project)).map((task) => [task.imageId, task.reason]));
    expect(reasons.get(same)).toBe('both models agree');
    expect(reasons.get(changed)).toMatch(/^the former model differs in /);
    expect(reasons.get(alone)).toBe('1 unsure Void');
    expect((await rows(project))[0]?.imageId).toBe(changed);
  });

  it('a project that is gone, or has nothing to do, is no error', async () => {
    expect(await rankProject(t.app, 'nowhere')).toMatchObject({ images: 0, changed: 0 });
    expect(await rankProject(t.app, (await t.project()).id)).toMatchObject({ images: 0, changed: 0 });
  });
});

describe('without vectors', () => {
  it('thumbnails are compared: of two that look the same, one waits', async () => {
    const project = await t.project();
    const picture = (seed: number) => sharp({ create: { width: 90, height: 60, channels: 3, background: '#222' } })
      .composite([{ input: Buffer.from(`<svg width="90" height="60"><rect x="${seed * 20}" y="${seed * 8}" width="20" height="30" fill="#fff"/></svg>`) }]).png({ compressionLevel: seed });
    const files = [await picture(1).toBuffer(), await picture(1).png({ compressionLevel: 9 }).toBuffer(), await picture(3).toBuffer()];
    const ids: string[] = [];
    for (const bytes of files) ids.push((await t.task(project, { bytes, predictions: at(1, 0.4) })).imageId);
    await rankProject(t.app, project.id);
    const order = (await rows(project)).map((task) => task.imageId);
    expect(order.slice(0, 2)).toContain(ids[2]);
  });

  it('a descriptor has unit length in each half; what is no picture has none', async () => {
    const file = new URL('../../../workers/inference/fixtures/landscape.png', import.meta.url).pathname;
    const seen = await describeThumb(file);
    expect(seen).toHaveLength(DESCRIPTOR);
    expect(Math.hypot(...(seen?.subarray(0, 64) ?? []))).toBeCloseTo(1, 4);
    expect(Math.hypot(...(seen?.subarray(64) ?? []))).toBeCloseTo(1, 4);
    expect(await describeThumb(import.meta.filename)).toBeNull();
  });
});
