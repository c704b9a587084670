import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Value } from 'typebox/value';
import sharp from 'sharp';
import { expect, it, vi } from 'vitest';
import * as Y from 'yjs';
import { addPoint, removePoint, startAtPoint } from '#core/annotation/clicks.ts';
import { annotationsOf, drawBox, readContent, setBox } from '#core/annotation/doc.ts';
import { drawOutline } from '#core/annotation/outline.ts';
import { encodeWindow, toBox } from '#core/geometry/rle.ts';
import { MaskOffers } from '#core/api/mask.ts';
import { newId } from '#core/ids.ts';
import { PROTOCOL_VERSION } from '#core/protocol.ts';
import inference from '../../plugins/inference.ts';
import { testApp, type TestPerson } from '../../testing/harness.ts';
import { plugin as next } from '../next/index.ts';
import { plugin as tasks } from '../tasks/index.ts';
import { plugin } from './index.ts';

const picture = await readFile(fileURLToPath(new URL('../../../workers/inference/fixtures/landscape.png', import.meta.url)));
const test = await testApp({ features: [inference, next, plugin, tasks] });
const origin = { kind: 'person', user: 'x', client: 'y' } as const;

/** A page that has the task open: its document follows the room. */
async function open(person: TestPerson, task: string) {
  const socket = await person.socket();
  const doc = new Y.Doc();
  const notices: string[] = [];
  socket.on('room:update', ({ update }) => { Y.applyUpdate(doc, new Uint8Array(update)); });
  socket.on('room:mask', ({ state, model }) => { notices.push(`${state} ${model ?? ''}`.trim()); });
  const joined = await socket.emitWithAck('room:join', { task, protocol: PROTOCOL_VERSION, client: newId(), stateVector: Y.encodeStateVector(doc) });
  if (!joined.ok) throw new Error(joined.problem.message);
  Y.applyUpdate(doc, new Uint8Array(joined.update));
  const edit = async (change: () => void) => {
    const updates: Uint8Array[] = [];
    const collect = (update: Uint8Array): void => { updates.push(update); };
    doc.on('update', collect);
    change();
    doc.off('update', collect);
    const answer = await socket.emitWithAck('room:update', { task, update: Y.mergeUpdates(updates) });
    if (!answer.ok) throw new Error(answer.problem.message);
  };
  return { socket, doc, notices, edit, act: { origin, user: person.id, now: 1 } };
}
const seen = { predictions: [], threshold: 0.25 };

it('a drawn box comes back with a mask, for everybody in the room; a moved one gets a new mask', async () => {
  const project = await test.project({ task: 'segment' });
  const task = await test.task(project, { bytes: picture, width: 320, height: 231 });
  const [ann, bob] = [await test.person({ project: project.id }), await test.person({ project: project.id })];
  const [hers, his] = [await open(ann, task.id), await open(bob, task.id)];

  await hers.edit(() => { drawBox(hers.doc, hers.act, seen, 'box1', [60, 50, 90, 70], 0); });
  await expect.poll(() => readContent(his.doc).annotations.get('box1')?.mask, { timeout: 20_000 }).toMatchObject({ model: 'Spark', box: [60, 50, 90, 70] });
  expect(readContent(hers.doc).annotations.get('box1')?.mask?.rle.size).toEqual([231, 320]);
  await expect.poll(() => hers.notices).toEqual(['working Spark', 'done Spark']);

  await hers.edit(() => { setBox(hers.doc, hers.act, seen, 'box1', [160, 50, 90, 70]); });
  await expect.poll(() => readContent(his.doc).annotations.get('box1')?.mask?.box, { timeout: 20_000 }).toEqual([160, 50, 90, 70]);

  const again = await hers.socket.emitWithAck('room:segment', { task: task.id, annotation: 'box1' });
  expect(again.ok).toBe(true);
  await expect.poll(() => hers.notices.length).toBeGreaterThanOrEqual(5);
});

it('boxes of a detection project stay boxes', async () => {
  const project = await test.project({ task: 'detect' });
  const task = await test.task(project, { bytes: picture, width: 320, height: 231 });
  const page = await open(await test.person({ project: project.id }), task.id);
  await page.edit(() => { drawBox(page.doc, page.act, seen, 'box1', [60, 50, 90, 70], 0); });
  await new Promise((resolve) => { setTimeout(resolve, 400); });
  expect(readContent(page.doc).annotations.get('box1')?.mask).toBeUndefined();
  expect(page.notices).toEqual([]);
});

it('a picture that cannot be read is told in words; the box stays', async () => {
  const project = await test.project({ task: 'segment' });
  const task = await test.task(project);
  const page = await open(await test.person({ project: project.id }), task.id);
  await page.edit(() => { drawBox(page.doc, page.act, seen, 'box1', [60, 50, 90, 70], 0); });
  await expect.poll(() => page.notices, { timeout: 20_000 }).toEqual(['working Spark', 'failed']);
  expect(readContent(page.doc).annotations.has('box1')).toBe(true);
});

it('a submit right after the last box waits for its mask, and who looks at the picture afterwards is not thrown out', async () => {
  const project = await test.project({ task: 'segment' });
  const task = await test.task(project, { bytes: picture, width: 320, height: 231 });
  const person = await test.person({ project: project.id });
  const page = await open(person, task.id);
  await page.edit(() => { drawBox(page.doc, page.act, seen, 'box1', [60, 50, 90, 70], 0); });
  const answer = await person.post(`/tasks/${task.id}/submit`, { stateVector: Buffer.from(Y.encodeStateVector(page.doc)).toString('base64'), timeMs: 10 });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  const revision = await test.db.revision.findFirstOrThrow({ where: { taskId: task.id } });
  expect(revision.instances).toMatchObject([{ id: 'box1', maskModel: 'Spark', mask: { size: [231, 320] } }]);
});

it('a submitted image whose mask never came (the server was restarted) stays open to look at', async () => {
  const project = await test.project({ task: 'segment' });
  const person = await test.person({ project: project.id });
  const doc = new Y.Doc();
  drawBox(doc, { origin, user: person.id, now: 1 }, seen, 'box1', [60, 50, 90, 70], 0);
  const task = await test.task(project, { bytes: picture, width: 320, height: 231, state: 'submitted' });
  await test.db.docUpdate.create({ data: { taskId: task.id, seq: 1, bytes: new Uint8Array(Y.encodeStateAsUpdate(doc)), userId: person.id } });
  await test.db.task.update({ where: { id: task.id }, data: { docSeq: 1 } });
  const page = await open(person, task.id);
  const closed: string[] = [];
  page.socket.on('room:closed', ({ problem }) => { closed.push(problem.message); });
  expect(readContent(page.doc).annotations.has('box1')).toBe(true);
  await new Promise((resolve) => { setTimeout(resolve, 600); });
  expect([closed, page.notices]).toEqual([[], []]);
});

it('clicks mend a mask, on the real model: it belongs to the box and to the clicks, and follows when one is taken back', async () => {
  const project = await test.project({ task: 'segment' });
  const task = await test.task(project, { bytes: picture, width: 320, height: 231 });
  const [hers, his] = [await open(await test.person({ project: project.id }), task.id), await open(await test.person({ project: project.id }), task.id)];
  await hers.edit(() => { drawBox(hers.doc, hers.act, seen, 'box1', [60, 50, 90, 70], 0); });
  const mask = () => readContent(his.doc).annotations.get('box1')?.mask;
  await expect.poll(mask, { timeout: 20_000 }).toMatchObject({ model: 'Spark' });
  const first = mask()?.rle.counts;

  await hers.edit(() => { addPoint(hers.doc, hers.act, 'box1', [70, 60, 1]); });
  await hers.edit(() => { addPoint(hers.doc, hers.act, 'box1', [140, 110, 0]); });
  await expect.poll(() => mask()?.points, { timeout: 20_000 }).toEqual([[70, 60, 1], [140, 110, 0]]);
  expect(mask()?.rle.counts).not.toBe(first);
  await hers.edit(() => {
    removePoint(hers.doc, hers.act, 'box1', 1);
    removePoint(hers.doc, hers.act, 'box1', 0);
  });
  await expect.poll(() => mask()?.rle.counts, { timeout: 20_000 }).toBe(first);
});

it('a click where nothing is begins an object: mask and box come from the model', async () => {
  const project = await test.project({ task: 'segment' });
  const task = await test.task(project, { bytes: picture, width: 320, height: 231 });
  const page = await open(await test.person({ project: project.id }), task.id);
  await page.edit(() => { startAtPoint(page.doc, page.act, 'new1', [105, 85, 1], 0, { width: 320, height: 231 }); });
  await expect.poll(() => page.notices.length, { timeout: 20_000 }).toBe(2);
  const made = readContent(page.doc).annotations.get('new1');
  expect(page.notices).toEqual(['working Spark', 'done Spark']);
  expect(made?.box).toEqual(made?.mask && toBox(made.mask.rle));
  expect(made?.mask?.points).toEqual([[105, 85, 1]]);
});

it('offers every mask for a box and clicks without changing anything: Spark one for a box, several sizes for a click', async () => {
  const project = await test.project({ task: 'segment' });
  const task = await test.task(project, { bytes: picture, width: 320, height: 231 });
  const [ann, viewer] = [await test.person({ project: project.id }), await test.person({ project: project.id, role: 'viewer' })];
  const url = `/tasks/${task.id}/masks`;
  const forBox = await ann.post(url, { box: [60, 50, 90, 70] });
  expect(forBox).toMatchObject({ status: 200, body: { model: 'Spark', candidates: [{ rle: { size: [231, 320] } }] } });
  const forClick = await ann.post(url, { points: [[105, 85, 1]] });
  const scores = Value.Parse(MaskOffers, forClick.body).candidates;
  expect(scores.length).toBeGreaterThanOrEqual(1);
  expect(scores.length).toBeLessThanOrEqual(3);
  expect((await ann.post(url, {})).status).toBe(422);
  expect((await ann.post(url, { points: Array.from({ length: 65 }, () => [1, 1, 1]) })).status).toBe(422);
  expect((await viewer.post(url, { box: [60, 50, 90, 70] })).status).toBe(403);
});

it('of one person’s questions the newest is answered; those that still wait give way, and other people’s do not', async () => {
  const project = await test.project({ task: 'segment' });
  const task = await test.task(project, { bytes: picture, width: 320, height: 231 });
  const [ann, bob] = [await test.person({ project: project.id }), await test.person({ project: project.id })];
  const ask = (person: typeof ann, x: number) => person.post(`/tasks/${task.id}/masks`, { points: [[x, 85, 1]] });
  const [others, ...own] = await Promise.all([ask(bob, 105), ...[100, 101, 102, 103, 104, 105].map((x) => ask(ann, x))]);
  expect(others.status).toBe(200);
  const answered = own.filter(({ status }) => status === 200);
  const gaveWay = own.filter(({ status }) => status === 409);
  expect(answered.length + gaveWay.length).toBe(6);
  expect(answered.length).toBeGreaterThanOrEqual(1);
  expect(gaveWay.length).toBeGreaterThanOrEqual(1);
  expect(gaveWay[0]?.body.message).toContain('A newer question');
});

it('an outline by hand stays what it is: no mask is made over it, and a damaged or endless one is refused', async () => {
  const project = await test.project({ task: 'segment' });
  const task = await test.task(project, { bytes: picture, width: 320, height: 231 });
  const page = await open(await test.person({ project: project.id }), task.id);
  const rle = encodeWindow(new Uint8Array(400).fill(1), [60, 50, 20, 20], { width: 320, height: 231 });
  await page.edit(() => { drawOutline(page.doc, page.act, seen, 'own1', rle, 0); });
  await page.socket.emitWithAck('room:segment', { task: task.id, annotation: 'own1' });
  await new Promise((resolve) => { setTimeout(resolve, 400); });
  expect(readContent(page.doc).annotations.get('own1')?.mask?.model).toBe('hand');
  expect(page.notices).toEqual([]);
  for (const counts of ['0'.repeat(200_001), '07']) {
    const bad = await open(await test.person({ project: project.id }), task.id);
    await expect(bad.edit(() => { annotationsOf(bad.doc).get('own1')?.set('mask', { rle: { size: [231, 320], counts }, box: [60, 50, 20, 20], model: 'hand', score: 1 }); })).rejects.toThrow(/does not fit/);
  }
});

it('pictures are encoded ahead for the one who comes: the open one, what is kept for them, and what nobody has', async () => {
  const project = await test.project({ task: 'segment' });
  const shades = await Promise.all(Array.from({ length: 12 }, (_, i) => sharp({ create: { width: 32, height: 24, channels: 3, background: { r: i * 20, g: 0, b: 0 } } }).png().toBuffer()));
  for (const [i, bytes] of shades.entries()) await test.task(project, { bytes, width: 32, height: 24, priority: 100 - i });
  const [ann, bob] = [await test.person({ project: project.id }), await test.person({ project: project.id })];
  const next = async (person: TestPerson): Promise<string> => (await person.post(`/projects/${project.id}/tasks/next`, {})).body.current.id;
  const current = await next(ann);
  await next(bob);
  const shaOf = async (where: object): Promise<string[]> => (await test.db.task.findMany({ where: { projectId: project.id, ...where }, orderBy: { priority: 'desc' }, select: { image: { select: { sha256: true } } } })).map(({ image }) => image.sha256);
  const kept = await shaOf({ assigneeId: ann.id, reserved: true });
  expect(kept).toHaveLength(1);
  const wanted = [...(await shaOf({ id: current })), ...kept, ...(await shaOf({ state: 'pending' })).slice(0, 2)];
  const ahead = vi.spyOn(test.app.inference, 'prepare');
  await open(ann, current);
  await expect.poll(() => ahead.mock.calls.map(([key]) => key)).toEqual(wanted);
  expect((await shaOf({ assigneeId: bob.id })).some((sha) => wanted.includes(sha)), 'not what a colleague has').toBe(false);
  ahead.mockRestore();
});
