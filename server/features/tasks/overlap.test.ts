import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as ops from '#core/annotation/doc.ts';
import type { Prediction } from '#core/annotation/schema.ts';
import { newId } from '#core/ids.ts';
import { PROTOCOL_VERSION } from '#core/protocol.ts';
import type { TestPerson } from '../../testing/fixtures.ts';
import { testApp, type TestProject } from '../../testing/harness.ts';
import { draftVersion } from '../dataset/candidates.ts';
import { beginIteration } from '../iterations/index.ts';
import { createTask } from './index.ts';

const t = await testApp();
const EMPTY = { stateVector: 'AA==', timeMs: 1000 };
const predictions: Prediction[] = [{ id: 'chip', class: 0, box: [10, 10, 300, 300], score: 0.97 }, { id: 'void', class: 1, box: [400, 50, 40, 40], score: 0.6 }];

const draftOf = async (projectId: string) => (await draftVersion(t.db, projectId)).chosen;

/** A project in which every image is corrected by two people. */
async function setting(images: number, people: number): Promise<{ project: TestProject; images: string[]; people: TestPerson[] }> {
  const project = await t.project({ settings: { overlap: 1 } });
  const made: string[] = [];
  for (let i = 0; i < images; i++) {
    const first = await t.task(project, { predictions, priority: images - i });
    await t.db.task.delete({ where: { id: first.id } });
    await createTask(t.db, { projectId: project.id, imageId: first.imageId, iterationId: project.iterationId, predictionSetId: first.predictionSetId, priority: images - i });
    made.push(first.imageId);
  }
  return { project, images: made, people: await Promise.all(Array.from({ length: people }, (_, i) => t.person({ name: `P${i}`, project: project.id }))) };
}
const two = async (images = 1) => {
  const { people: [ann, bob], ...rest } = await setting(images, 2);
  if (!ann || !bob) throw new Error('two people are needed');
  return { ...rest, ann, bob };
};
const nextOf = async (person: TestPerson, project: TestProject): Promise<{ id: string; imageId: string } | null> => (await person.post(`/projects/${project.id}/tasks/next`)).body.current;
const submit = async (person: TestPerson, id: string): Promise<void> => { expect((await person.post(`/tasks/${id}/submit`, EMPTY)).status).toBe(200); };
async function reject(person: TestPerson, id: string, prediction: string): Promise<void> {
  await t.app.rooms.apply(id, { kind: 'model', model: 'test' }, (doc) => { ops.rejectPrediction(doc, { origin: { kind: 'person', user: person.id, client: newId() }, user: person.id, now: 1 }, prediction); });
}
const joinAs = async (person: TestPerson, task: string): Promise<{ ok: boolean; problem?: { code: string } }> => {
  const socket = await person.socket();
  const answer = await socket.emitWithAck('room:join', { task, protocol: PROTOCOL_VERSION, client: newId(), stateVector: new Uint8Array([0]) });
  socket.close();
  return answer;
};

describe('a version that is frozen between the two submits', () => {
  it('shows nothing of the first outcome to whoever has the second copy, until both are done', async () => {
    const { project, images: [image = ''], ann, bob } = await two();
    const rita = await t.person({ name: 'Rita', project: project.id, role: 'reviewer' });
    const [a, b] = [await nextOf(ann, project), await nextOf(bob, project)];
    await reject(ann, a?.id ?? '', 'void');
    expect((await ann.post(`/tasks/${a?.id}/submit`, { ...EMPTY, stateVector: 'AA==' })).status).toBe(200);
    expect((await bob.get(`/projects/${project.id}/loop`)).body.corrected, 'how the first one went').toBe(0);
    expect((await bob.get(`/projects/${project.id}/versions/preview`)).status).toBe(403);
    const v1 = (await rita.post(`/projects/${project.id}/versions`)).body;
    await t.image(project, { name: 'other.png' });
    const itemsOf = async (who: TestPerson): Promise<string[]> => (await who.get(`/versions/${v1.id}/items`)).body.items.map((i: { imageId: string }) => i.imageId);
    expect([await itemsOf(bob), await itemsOf(ann), await itemsOf(rita)]).toEqual([[], [image], [image]]);
    expect([(await bob.get(`/versions/${v1.id}/export.zip`)).status, (await ann.get(`/versions/${v1.id}/export.zip`)).status]).toEqual([403, 200]);
    expect((await bob.get(`/versions/${v1.id}/images/${image}/labels/chip`)).status).toBe(403);
    await submit(bob, b?.id ?? '');
    expect([await itemsOf(bob), (await bob.get(`/versions/${v1.id}/export.zip`)).status]).toEqual([[image], 200]);
    expect((await bob.get(`/projects/${project.id}/loop`)).body.corrected).toBe(1);
  });
});

describe('overlap', () => {
  it('gives an image two tasks on the same predictions, and each person only one of them', async () => {
    const { project, images: [image], ann, bob } = await two();
    const tasks = await t.db.task.findMany({ where: { imageId: image ?? '' }, orderBy: { copy: 'asc' } });
    expect(tasks.map((x) => [x.copy, x.blind, x.predictionSetId === tasks[0]?.predictionSetId])).toEqual([[0, true, true], [1, true, true]]);
    expect((await ann.post(`/projects/${project.id}/tasks/next`)).body.upcoming, 'the other copy is no prospect').toEqual([]);
    const [a, b] = [await nextOf(ann, project), await nextOf(bob, project)];
    expect(new Set([a?.id, b?.id])).toEqual(new Set(tasks.map((x) => x.id)));
    await submit(ann, a?.id ?? '');
    expect(await nextOf(ann, project), 'the other copy is not hers').toBeNull();
    await submit(bob, b?.id ?? '');
    expect((await t.db.task.findMany({ where: { imageId: image ?? '' } })).map((x) => x.blind)).toEqual([false, false]);
  });

  it('holds whatever people do: nobody has both copies, and one person alone can still finish every image', { timeout: 120_000 }, async () => {
    const act = fc.constantFrom('submit', 'submit', 'leave', 'twice', 'skip');
    await fc.assert(fc.asyncProperty(fc.array(fc.array(act, { maxLength: 5 }), { minLength: 2, maxLength: 4 }), async (plans) => {
      const { project, people } = await setting(4, plans.length + 1);
      const had = new Map<string, Set<string>>();
      const take = async (person: TestPerson): Promise<string | null> => {
        const task = await nextOf(person, project);
        if (task) had.set(`${person.id} ${task.imageId}`, (had.get(`${person.id} ${task.imageId}`) ?? new Set()).add(task.id));
        return task?.id ?? null;
      };
      await Promise.all(plans.map(async (plan, i) => {
        const person = people[i];
        if (!person) throw new Error('a person is missing');
        for (const what of plan) {
          const id = what === 'twice' ? (await Promise.all([take(person), take(person), take(person)]))[0] ?? null : await take(person);
          if (id === null) continue;
          if (what === 'submit') await submit(person, id);
          if (what === 'skip') await person.post(`/tasks/${id}/skip`);
          if (what === 'leave') await t.db.task.updateMany({ where: { id, state: 'assigned', assigneeId: person.id }, data: { state: 'pending', assigneeId: null, leaseUntil: null } });
        }
      }));
      const alone = people.at(-1);
      if (!alone) throw new Error('a person is missing');
      await t.db.task.updateMany({ where: { projectId: project.id, state: 'assigned' }, data: { state: 'pending', assigneeId: null, leaseUntil: null } });
      for (let id = await take(alone); id !== null; id = await take(alone)) await submit(alone, id);
      expect([...had.values()].filter((ids) => ids.size > 1)).toEqual([]);
      const { body } = await alone.get(`/projects/${project.id}/loop`);
      expect([body.tasks, body.submitted + body.skipped]).toEqual([4, 4]);
      const measuring = await t.db.task.groupBy({ by: ['imageId'], where: { projectId: project.id, state: 'submitted', measures: false }, _count: true });
      expect(measuring.every((m) => m._count === 1), 'one copy counts').toBe(true);
    }), { numRuns: 6 });
  });

  it('gives nobody both copies, also when one is opened, reopened or submitted at the moment in which the other is handed out', { timeout: 120_000 }, async () => {
    const { project, images, people: [ann] } = await setting(8, 1);
    if (!ann) throw new Error('a person is missing');
    const socket = await ann.socket();
    for (const image of images) {
      const [first, second] = await t.db.task.findMany({ where: { imageId: image }, orderBy: { copy: 'asc' } });
      // Only this image is open, and its first copy in a colleague's hands that have let go: the second is what is handed out.
      await t.db.task.updateMany({ where: { projectId: project.id, imageId: { not: image } }, data: { state: 'skipped' } });
      await t.db.task.updateMany({ where: { imageId: image, copy: 0 }, data: { priority: -1 } });
      const enter = images.indexOf(image) % 2 ? ann.post(`/tasks/${first?.id ?? ''}/submit`, EMPTY).then((a) => a.status === 200)
        : socket.emitWithAck('room:join', { task: first?.id ?? '', protocol: PROTOCOL_VERSION, client: newId(), stateVector: new Uint8Array([0]) }).then((a) => a.ok);
      const [entered, given] = await Promise.all([enter, nextOf(ann, project)]);
      await t.app.leases.settled();
      const had = await t.db.task.findMany({ where: { imageId: image, seenBy: { has: ann.id } } });
      expect(had.length, `entered ${entered}, given ${given?.id === second?.id}`).toBeLessThanOrEqual(1);
    }
    socket.close();
  });

  it('is blind: routes, socket, lists and pictures keep the colleague\'s part until both are done', async () => {
    const { project, images: [image = ''], ann, bob } = await two();
    const carl = await t.person({ project: project.id, name: 'Carl' });
    const reviewer = await t.person({ project: project.id, role: 'reviewer' });
    const [a, b] = [(await nextOf(ann, project))?.id ?? '', (await nextOf(bob, project))?.id ?? ''];
    await reject(ann, a, 'void');
    await submit(ann, a);
    const revision = await t.db.revision.findFirstOrThrow({ where: { taskId: a } });

    for (const other of [bob, carl]) {
      const answers = await Promise.all([
        other.get(`/tasks/${a}`), other.post(`/tasks/${a}/reopen`), other.post(`/tasks/${a}/flag`, { flagged: true }), other.post(`/tasks/${a}/submit`, EMPTY), other.get(`/revisions/${revision.id}`), other.post(`/projects/${project.id}/tasks/next`, { current: a }),
      ]);
      expect(answers.map((x) => x.status)).toEqual([403, 403, 403, 403, 403, 403]);
      expect(await joinAs(other, a)).toMatchObject({ ok: false, problem: { code: 'forbidden' } });
      expect((await other.get(`/projects/${project.id}/tasks`)).body.map((c: { id: string }) => c.id)).not.toContain(a);
      expect((await other.get(`/projects/${project.id}/images`)).body.items[0]).toMatchObject({ status: 'predicted', count: 2, taskId: b });
      expect((await other.get(`/images/${image}`)).body.revisions).toEqual([]);
      expect((await other.get(`/images/${image}/annotations.json`)).body).toMatchObject({ status: 'predicted', revision: null });
      expect(JSON.stringify((await other.get(`/projects/${project.id}/overview`)).body)).not.toMatch(/corrected .*png/);
    }
    expect((await carl.get(`/tasks/${b}`)).status, 'looking on would end the blindness').toBe(403);
    expect((await bob.get(`/tasks/${b}`)).body).toMatchObject({ blind: true, holder: null });
    expect((await ann.get(`/revisions/${revision.id}`)).status).toBe(200);
    expect((await ann.get(`/projects/${project.id}/images`)).body.items[0]).toMatchObject({ status: 'corrected', count: 1, taskId: a });
    expect((await reviewer.get(`/tasks/${a}`)).status, 'reviewers settle differences').toBe(200);

    await submit(bob, b);
    expect((await bob.get(`/revisions/${revision.id}`)).status).toBe(200);
    expect((await bob.get(`/tasks/${a}`)).status).toBe(200);
    expect((await joinAs(carl, a)).ok).toBe(true);
    expect((await bob.get(`/projects/${project.id}/images`)).body.items[0]).toMatchObject({ status: 'corrected', count: 1 });
  });

  it('takes whoever submits first as the label; the second only measures, also at the same moment', async () => {
    const { project, images, ann, bob } = await two(2);
    for (const image of images) {
      const [a, b] = [(await nextOf(ann, project))?.id ?? '', (await nextOf(bob, project))?.id ?? ''];
      await reject(bob, b, 'void');
      if (image === images[0]) for (const [person, id] of [[bob, b], [ann, a]] as const) await submit(person, id);
      else await Promise.all([submit(ann, a), submit(bob, b)]);
      const tasks = await t.db.task.findMany({ where: { imageId: image, revisions: { some: {} } } });
      expect(tasks.filter((x) => x.measures)).toHaveLength(1);
    }
    const counting = await t.db.revision.findFirstOrThrow({ where: { imageId: images[0] ?? '', submittedById: bob.id } });
    expect(await draftOf(project.id)).toMatchObject([{ revisionId: expect.any(String) }, { revisionId: expect.any(String) }]);
    expect((await draftOf(project.id)).find((c) => c.imageId === images[0])).toMatchObject({ revisionId: counting.id, instances: [{ id: 'chip' }] });
    expect((await ann.get(`/projects/${project.id}/loop`)).body).toMatchObject({ tasks: 2, submitted: 2, unfrozen: 2 });
    expect((await ann.post(`/projects/${project.id}/tasks/next`)).body).toMatchObject({ current: null, left: 0, total: 2 });
  });

  it('follows the setting: more images get a second task, untouched ones lose it', async () => {
    const { project, images, ann } = await two(2);
    const admin = await t.person({ project: project.id, role: 'admin' });
    const taken = (await nextOf(ann, project))?.imageId;
    const copies = async (): Promise<Record<string, number>> =>
      Object.fromEntries((await t.db.task.groupBy({ by: ['imageId'], where: { projectId: project.id }, _count: true })).map((g) => [g.imageId, g._count]));
    await admin.patch(`/projects/${project.id}`, { settings: { overlap: 0 } });
    await expect.poll(copies).toEqual({ [images[0] ?? '']: 1, [images[1] ?? '']: 1 });
    expect(await t.db.task.count({ where: { projectId: project.id, blind: true } })).toBe(0);
    await admin.patch(`/projects/${project.id}`, { settings: { overlap: 1 } });
    // What is in somebody's hands already stays theirs alone.
    await expect.poll(copies).toEqual({ [images[0] ?? '']: taken === images[0] ? 1 : 2, [images[1] ?? '']: taken === images[1] ? 1 : 2 });
    expect((await admin.patch(`/projects/${project.id}`, { settings: { overlap: 1.5 } })).status).toBe(422);
  });
});

describe('when an iteration ends', () => {
  it('second copies that nobody began go, begun ones stay to be finished, open pairs move on together; the report tells how well people agreed', async () => {
    const { project, images, ann, bob } = await two(4);
    const [agreed = '', alone = '', begun = '', open = ''] = images;
    const at = async (image: string, copy: number): Promise<string> => (await t.db.task.findFirstOrThrow({ where: { imageId: image, copy } })).id;
    const hold = (person: TestPerson, id: string) => person.post(`/projects/${project.id}/tasks/next`, { current: id });
    await submit(ann, await at(agreed, 0));
    await reject(bob, await at(agreed, 1), 'void');
    await submit(bob, await at(agreed, 1));
    await submit(ann, await at(alone, 0));
    await submit(ann, await at(begun, 0));
    await hold(bob, await at(begun, 1));
    await reject(bob, await at(begun, 1), 'void');

    const model = await t.db.modelVersion.create({ data: { id: newId(), projectId: project.id, number: 2, name: 'second', task: 'segment', classNames: ['Chip', 'Void'], classMap: [0, 1], meta: {}, origin: 'uploaded' } });
    await t.db.$transaction((tx) => beginIteration(tx, project.id, model));
    const [ended, next] = await t.db.iteration.findMany({ where: { projectId: project.id }, orderBy: { number: 'asc' } });
    const where = async (image: string) => (await t.db.task.findMany({ where: { imageId: image }, orderBy: { copy: 'asc' } })).map((x) => [x.copy, x.iterationId === next?.id, x.blind]);
    expect(await where(alone)).toEqual([[0, false, false]]);
    expect(await where(begun)).toEqual([[0, false, true], [1, false, true]]);
    expect(await where(open)).toEqual([[0, true, true], [1, true, true]]);
    expect(ended?.report).toMatchObject({ correction: { images: 3 }, agreement: { total: { images: 1, a: 2, b: 1, matched: 1, found: 2 / 3 }, pairs: [{ images: 1 }] } });

    await submit(bob, await at(begun, 1));
    expect(await where(begun)).toEqual([[0, false, false], [1, false, false]]);
    expect((await ann.get(`/projects/${project.id}/agreement?iteration=1`)).body.total).toMatchObject({ images: 2, a: 4, b: 2, matched: 2 });
    expect((await ann.get(`/projects/${project.id}/loop`)).body).toMatchObject({ tasks: 1, submitted: 0 });
  });
});
