import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { Value } from 'typebox/value';
import { describe, expect, it, vi } from 'vitest';
import { MAP_SPLIT, MAP_STATUS, MapFacets, MapPoints, NO_CLASS, NOT_KNOWN, WAITING } from '#core/api/map.ts';
import { FRONT } from '#core/next/front.ts';
import { newId } from '#core/ids.ts';
import { encodeVector } from '#core/next/look.ts';
import { encodeBrief } from '#core/next/brief.ts';
import { testApp, type TestPerson, type TestProject } from '../../testing/harness.ts';
import { rankProject } from '../next/index.ts';
import { workOut } from './make.ts';

const t = await testApp();
// Every map begins a thread, which on a machine with other work takes its time to read its modules.
vi.setConfig({ testTimeout: 240_000 });
const at = (classIndex: number, ...scores: number[]) => scores.map((score) => ({ id: newId(), class: classIndex, box: [1, 1, 5, 5] as [number, number, number, number], score }));
const path = (project: TestProject, rest = ''): string => `/projects/${project.id}/map${rest}`;
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
const uint16 = (text: string): number[] => { const b = Buffer.from(text, 'base64'); return Array.from({ length: b.length / 2 }, (_, i) => b.readUInt16LE(2 * i)); };
const uint32 = (text: string): number[] => { const b = Buffer.from(text, 'base64'); return Array.from({ length: b.length / 4 }, (_, i) => b.readUInt32LE(4 * i)); };

/** A picture of one of two kinds, bright bars or a dark disc; no two of different seeds are equal. */
function pictureOf(kind: number, seed: number): Promise<Buffer> {
  const shape = kind === 0 ? `<rect x="0" y="${10 + (seed % 5)}" width="96" height="8" fill="#fff"/><rect x="0" y="${40 + (seed % 7)}" width="96" height="8" fill="#eee"/>` : `<circle cx="${44 + (seed % 6)}" cy="${30 + (seed % 4)}" r="22" fill="#000"/>`;
  const speck = `<rect x="${seed % 90}" y="${Math.floor(seed / 90)}" width="1" height="1" fill="#777"/>`;
  return sharp({ create: { width: 96, height: 64, channels: 3, background: kind === 0 ? '#223' : '#bbb' } }).composite([{ input: Buffer.from(`<svg width="96" height="64">${shape}${speck}</svg>`) }]).png().toBuffer();
}

async function finished(person: TestPerson, project: TestProject, kind = 'map'): Promise<{ state: string; message: string | null; error: string | null }> {
  await t.app.jobs.idle();
  const { body } = await person.get(`/projects/${project.id}/jobs`);
  return body.find((job: { kind: string }) => job.kind === kind);
}
async function pointsOf(person: TestPerson, project: TestProject) {
  const { body, status } = await person.get(path(project, '/points'));
  expect(status).toBe(200);
  const points = Value.Parse(MapPoints, body);
  return { ...points, list: points.ids.split(' '), x: uint16(points.x), y: uint16(points.y), cluster: uint16(points.cluster) };
}

describe('the map of a project without a model', () => {
  it('is made from thumbnails: what looks alike lies together; what cannot be read is counted', async () => {
    const project = await t.project();
    const ann = await t.person({ project: project.id, role: 'annotator' });
    expect((await ann.get(path(project))).body).toEqual({ map: null, images: 0, newer: 0, otherModel: false, model: null });
    expect(await ann.post(path(project))).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect((await ann.get(path(project, '/points'))).status).toBe(404);
    expect((await ann.get(path(project, '/facets'))).status).toBe(404);
    const kinds = new Map<string, number>();
    for (let i = 0; i < 40; i++) kinds.set((await t.image(project, { bytes: await pictureOf(i % 2, i), width: 96, height: 64 })).id, i % 2);
    await t.image(project); // bytes that are no picture
    expect((await ann.post(path(project))).status).toBe(202);
    expect(await finished(ann, project)).toMatchObject({ state: 'done', message: '40 images on the map, 1 could not be looked at' });
    const { body } = await ann.get(path(project));
    expect(body).toMatchObject({ map: { basis: 'thumbnails', model: null, images: 40, unplaced: 1 }, images: 41, newer: 0, otherModel: false });
    const { list, x, y } = await pointsOf(ann, project);
    expect(new Set(list)).toEqual(new Set(kinds.keys()));
    // Each image's nearest is of its own kind.
    const alone = list.filter((id, i) => {
      const far = list.map((_, j) => (i === j ? Infinity : Math.hypot((x[i] ?? 0) - (x[j] ?? 0), (y[i] ?? 0) - (y[j] ?? 0))));
      return kinds.get(list[far.indexOf(Math.min(...far))] ?? '') !== kinds.get(id);
    });
    expect(alone).toEqual([]);
    await t.image(project, { bytes: await pictureOf(0, 99) });
    expect((await ann.get(path(project))).body).toMatchObject({ images: 42, newer: 1 });
  });

  it('made again is the same to the byte, and unchanged points are not sent twice', async () => {
    const project = await t.project();
    const ann = await t.person({ project: project.id, role: 'annotator' });
    for (let i = 0; i < 12; i++) await t.image(project, { bytes: await pictureOf(i % 2, i) });
    await ann.post(path(project));
    await finished(ann, project);
    const first = await ann.get(path(project, '/points'));
    await ann.post(path(project));
    await finished(ann, project);
    const second = await t.app.inject({ method: 'GET', url: `/api/v1${path(project, '/points')}`, headers: { authorization: `Bearer ${ann.token}`, 'if-none-match': String(first.headers['etag']) } });
    expect(second.statusCode).toBe(304);
    expect(second.body).toBe('');
    expect(first.headers['cache-control']).toBe('private, no-cache');
  });
});

/** Images with vectors in two heaps and one far away, by a model that is the project's own. */
async function seen(project: TestProject): Promise<{ ids: string[]; stray: string; model: string }> {
  const ids: string[] = [];
  for (let i = 0; i < 30; i++) ids.push((await t.task(project, { predictions: at(i % 2, 0.4, 0.9) })).imageId);
  const stray = (await t.task(project, { predictions: [] })).imageId;
  const { id: model } = await t.db.modelVersion.findFirstOrThrow({ where: { projectId: project.id } });
  for (const [i, imageId] of [...ids, stray].entries()) {
    const values = Float32Array.from({ length: 12 }, (_, d) => (imageId === stray ? (d === 11 ? 5 : 0) : (d % 2 === i % 2 ? 1 : 0) + 0.05 * Math.sin(i * 7 + d)));
    await t.db.featureVector.create({ data: { imageId, modelId: model, values: encodeVector(values) } });
  }
  return { ids, stray, model };
}

/** The map by vectors that are there: the model itself has no file here. */
async function lay(project: TestProject, model: string): Promise<number> {
  const { file, images, unplaced } = await workOut(t.app, { projectId: project.id, modelId: model }, new AbortController().signal, () => undefined);
  await t.db.imageMap.create({ data: { projectId: project.id, basis: model, sha256: await t.app.blobs.put(file), images, unplaced, readAt: new Date() } });
  await t.db.project.update({ where: { id: project.id }, data: { currentModelId: model } });
  return images;
}

describe('the map of a project with a model', () => {
  it('is kept for each model, follows promotions and new images by itself, and does not lose the former', async () => {
    const project = await t.project({ classes: ['Disc', 'Edge'] });
    const ann = await t.person({ project: project.id, role: 'annotator' });
    const onnxSha256 = await t.app.blobs.put(await readFile(fileURLToPath(new URL('../../../models/demo.onnx', import.meta.url))));
    for (let i = 0; i < 6; i++) await t.image(project, { bytes: await pictureOf(i % 2, i), width: 96, height: 64 });
    const add = async (number: number): Promise<string> => {
      const { id } = await t.db.modelVersion.create({ data: { id: newId(), projectId: project.id, number, name: `model ${number}`, task: 'segment', classNames: ['a', 'b'], classMap: [0, 1], meta: {}, onnxSha256, origin: 'uploaded' } });
      await t.db.project.update({ where: { id: project.id }, data: { currentModelId: id } });
      return id;
    };
    const first = await add(1);
    await ann.post(path(project));
    expect(await finished(ann, project)).toMatchObject({ state: 'done', message: '6 images on the map' });
    expect(await t.db.featureVector.count({ where: { modelId: first } })).toBe(6);
    const before = (await ann.get(path(project))).body;
    expect(before).toMatchObject({ map: { basis: 'model', model: { id: first } }, otherModel: false });

    const next = await add(2);
    t.app.bus.emit(project.id, { type: 'model', id: next, promoted: true });
    await expect.poll(async () => (await ann.get(path(project))).body.map.model.id, { timeout: 200_000 }).toBe(next);
    await t.app.jobs.idle();
    expect((await ann.get(path(project))).body).toMatchObject({ newer: 0, otherModel: false });
    // Rolled back: the former map is there at once.
    await t.db.project.update({ where: { id: project.id }, data: { currentModelId: first } });
    expect((await ann.get(path(project))).body.map).toEqual(before.map);
  });

  it('tells status, split, class, doubts, near-duplicates and who waits, and names what is far from everything', async () => {
    const project = await t.project({ classes: ['Chip', 'Void'] });
    const ann = await t.person({ project: project.id, role: 'annotator' });
    const { ids, stray, model } = await seen(project);
    const [a = '', b = '', c = ''] = ids;
    await t.db.image.update({ where: { id: a }, data: { split: 'valid', groupId: a } });
    await t.db.image.update({ where: { id: b }, data: { groupId: a, excluded: false } });
    await t.db.image.update({ where: { id: c }, data: { groupId: c } });
    await t.db.predictionSet.updateMany({ where: { imageId: b }, data: { brief: encodeBrief(at(1, 0.9, 0.8)) } });
    const imported = await t.db.import.create({ data: { id: newId(), projectId: project.id, state: 'applied', createdBy: 'x' } });
    await t.db.baselineLabel.create({ data: { id: newId(), imageId: c, importId: imported.id, instances: [{ class: 1 }, { class: 1 }, { class: 0 }] } });
    expect(await lay(project, model)).toBe(31);
    await t.db.image.update({ where: { id: ids[5] ?? '' }, data: { excluded: true } });

    const points = await pointsOf(ann, project);
    expect(points.list[points.odd[0] ?? -1]).toBe(stray);
    const facets = Value.Parse(MapFacets, (await ann.get(path(project, '/facets'))).body);
    expect(facets.key).toBe((await ann.get(path(project))).body.map.key);
    const place = (id: string): number => points.list.indexOf(id);
    const [status, split, tasks, unsure] = [facets.status, facets.split, facets.tasks, facets.unsure].map(bytesOf);
    const of = (id: string) => ({
      status: MAP_STATUS[status?.[place(id)] ?? 99], split: MAP_SPLIT[split?.[place(id)] ?? 99], tasks: tasks?.[place(id)], class: uint16(facets.class)[place(id)], alike: uint32(facets.alike)[place(id)], known: unsure?.[place(id)] !== NOT_KNOWN,
    });
    expect(of(a)).toEqual({ status: 'predicted', split: 'valid', tasks: WAITING, class: 0, alike: of(b).alike, known: true });
    expect(of(b)).toEqual({ status: 'predicted', split: 'train', tasks: WAITING, class: 1, alike: of(a).alike, known: true });
    expect(of(a).alike).toBeGreaterThan(0);
    expect(of(c)).toMatchObject({ status: 'baseline', class: 1, alike: 0 });
    expect(of(ids[5] ?? '')).toMatchObject({ status: 'excluded' });
    expect(of(stray)).toMatchObject({ class: NO_CLASS, known: false });
  });

  it('hides from a second annotator what the first one made of an image that both correct', async () => {
    const project = await t.project();
    const { ids, model } = await seen(project);
    const [image = ''] = ids;
    const [first, second, reviewer] = [await t.person({ project: project.id, role: 'annotator' }), await t.person({ project: project.id, role: 'annotator' }), await t.person({ project: project.id, role: 'reviewer' })];
    const task = await t.db.task.findFirstOrThrow({ where: { imageId: image } });
    await t.db.task.update({ where: { id: task.id }, data: { blind: true, state: 'submitted', outcome: 'corrected', seenBy: [first.id] } });
    await t.db.task.create({ data: { id: newId(), projectId: project.id, imageId: image, iterationId: project.iterationId, predictionSetId: task.predictionSetId, copy: 1, blind: true } });
    await t.db.revision.create({ data: { id: newId(), taskId: task.id, imageId: image, number: 1, iterationId: project.iterationId, status: 'corrected', instances: [], verdicts: {}, threshold: 0.25, authors: [], submittedById: first.id, timeMs: 1, docState: new Uint8Array([0, 0]) } });
    await lay(project, model);
    const statusFor = async (person: TestPerson): Promise<string | undefined> => {
      const place = (await pointsOf(person, project)).list.indexOf(image);
      return MAP_STATUS[bytesOf((await person.get(path(project, '/facets'))).body.status)[place] ?? 99];
    };
    expect(await statusFor(first)).toBe('corrected');
    expect(await statusFor(second)).toBe('predicted');
    expect(await statusFor(reviewer)).toBe('corrected');
  });
});

describe('the job', () => {
  it('is one at a time, can be cancelled, leaves no half map, and can be begun again', async () => {
    const project = await t.project();
    const ann = await t.person({ project: project.id, role: 'annotator' });
    for (let i = 0; i < 60; i++) await t.image(project, { bytes: await pictureOf(i % 2, i) });
    const { body: job } = await ann.post(path(project));
    expect(await ann.post(path(project))).toMatchObject({ status: 409 });
    expect((await ann.post(`/jobs/${job.id}/cancel`)).status).toBe(200);
    expect(await finished(ann, project)).toMatchObject({ state: 'cancelled' });
    expect((await ann.get(path(project))).body.map).toBeNull();
    // In the middle of the work, which would hold its thread for long.
    const cancel = new AbortController();
    const told: string[] = [];
    await expect(workOut(t.app, { projectId: project.id, modelId: null }, cancel.signal, (done, total, words) => { told.push(`${words ?? ''} ${done}/${total ?? ''}`); cancel.abort('cancelled'); })).rejects.toThrow(/abort/i);
    expect(told[0]).toBe('Looking at the thumbnails 20/60');
    await ann.post(path(project));
    expect(await finished(ann, project)).toMatchObject({ state: 'done', message: '60 images on the map' });
  });

  it('fails with a reason where no image can be looked at', async () => {
    const project = await t.project();
    const ann = await t.person({ project: project.id, role: 'annotator' });
    await t.image(project);
    await ann.post(path(project));
    expect(await finished(ann, project)).toMatchObject({ state: 'failed', error: 'None of the images could be looked at, so there is no map of them.' });
  });
});

describe('a selection', () => {
  it('lists its images in the grid, under the same id for the same images; strangers and other projects are refused', async () => {
    const project = await t.project();
    const viewer = await t.person({ project: project.id, role: 'viewer' });
    const images = [(await t.image(project, { name: 'b.png' })).id, (await t.image(project, { name: 'a.png' })).id, (await t.image(project, { name: 'c.png' })).id];
    const pick = await viewer.post(`/projects/${project.id}/picks`, { images: images.slice(0, 2) });
    expect(pick).toMatchObject({ status: 200, body: { images: 2 } });
    expect((await viewer.post(`/projects/${project.id}/picks`, { images: [images[1], images[0], images[0]] })).body).toEqual(pick.body);
    const names = async (query: string, of = project): Promise<string[]> => ((await viewer.get(`/projects/${of.id}/images?${query}`)).body.items ?? []).map((item: { name: string }) => item.name);
    expect(await names(`pick=${pick.body.id}`)).toEqual(['a.png', 'b.png']);
    expect(await names(`pick=${pick.body.id}&text=a`)).toEqual(['a.png']);
    expect(await names(`ids=${images[2] ?? ''},${images[0] ?? ''}`)).toEqual(['b.png', 'c.png']);
    expect(await names('pick=unknown')).toEqual([]);
    const other = await t.project();
    await t.db.membership.create({ data: { projectId: other.id, userId: viewer.id, role: 'viewer' } });
    expect(await names(`pick=${pick.body.id}`, other)).toEqual([]);
    expect((await viewer.post(`/projects/${other.id}/picks`, { images })).status).toBe(400);
    for (const body of [{ images: [] }, { images: ['a b'] }, { images, admin: true }, {}]) expect((await viewer.post(`/projects/${project.id}/picks`, body)).status).toBe(422);
    expect((await viewer.get(`/projects/${project.id}/images?ids=a'b`)).status).toBe(422);
  });

  it('is kept as long as it is among the newest of its project', async () => {
    const project = await t.project();
    const viewer = await t.person({ project: project.id, role: 'viewer' });
    const { id } = await t.image(project);
    const old = Array.from({ length: 205 }, (_, i) => ({ id: `${project.id}${i}`, projectId: project.id, imageIds: [id], createdById: viewer.id, createdAt: new Date(i * 1000) }));
    await t.db.imagePick.createMany({ data: old });
    await viewer.post(`/projects/${project.id}/picks`, { images: [id] });
    const left = await t.db.imagePick.findMany({ where: { projectId: project.id }, orderBy: { createdAt: 'asc' } });
    expect(left).toHaveLength(100);
    expect(left[0]?.id).toBe(`${project.id}106`);
  });
});

describe('handing out what was chosen', () => {
  it('goes before the ranking, with its reason, and stays there when the queue is ranked anew', async () => {
    const project = await t.project();
    const reviewer = await t.person({ name: 'Rita', project: project.id, role: 'reviewer' });
    const ann = await t.person({ project: project.id, role: 'annotator' });
    const { ids } = await seen(project);
    await t.db.project.update({ where: { id: project.id }, data: { currentModelId: (await t.db.modelVersion.findFirstOrThrow({ where: { projectId: project.id } })).id } });
    await rankProject(t.app, project.id);
    const last = (await t.db.task.findMany({ where: { projectId: project.id }, orderBy: { priority: 'asc' }, take: 2 })).map((task) => task.imageId);
    const done = (await t.task(project, { state: 'submitted' })).imageId;
    expect((await ann.post(`/projects/${project.id}/tasks/front`, { images: last, front: true })).status).toBe(403);
    expect((await reviewer.post(`/projects/${project.id}/tasks/front`, { images: [...last, done], front: true })).body).toEqual({ images: 2, notWaiting: 1 });
    // Again changes nothing; nor does another project's reviewer reach them.
    expect((await reviewer.post(`/projects/${project.id}/tasks/front`, { images: last, front: true })).body).toEqual({ images: 0, notWaiting: 0 });
    const other = await t.project();
    const stranger = await t.person({ project: other.id, role: 'reviewer' });
    expect((await stranger.post(`/projects/${other.id}/tasks/front`, { images: ids, front: true })).body).toEqual({ images: 0, notWaiting: ids.length });
    await rankProject(t.app, project.id);
    const { body } = await ann.post(`/projects/${project.id}/tasks/next`, {});
    expect(last).toContain(body.current.imageId);
    expect(body.current.reason).toBe('put in front by Rita');
    expect(body.upcoming[0].imageId).toBe(last.find((id) => id !== body.current.imageId));

    // Back again: ranked as before; the one that is in a hand stays there.
    const rest = last.find((id) => id !== body.current.imageId) ?? '';
    await t.db.task.updateMany({ where: { imageId: rest }, data: { state: 'pending', assigneeId: null, leaseUntil: null, reserved: false } });
    expect((await reviewer.post(`/projects/${project.id}/tasks/front`, { images: last, front: false })).body).toEqual({ images: 1, notWaiting: 1 });
    const back = await t.db.task.findFirstOrThrow({ where: { imageId: rest } });
    expect(back.priority).toBeLessThan(FRONT);
    expect(back.reason).not.toBe('put in front by Rita');
    expect(back.reason).not.toBeNull();
    expect(await t.db.activity.count({ where: { projectId: project.id, kind: 'front' } })).toBe(2);
  });
});
