import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newId } from '#core/ids.ts';
import { PROTOCOL_VERSION } from '#core/protocol.ts';
import type { TestPerson, TestSocket } from '../../testing/fixtures.ts';
import { testApp, type TestProject } from '../../testing/harness.ts';

const t = await testApp();
const EMPTY = { stateVector: 'AA==', timeMs: 1000 };
const LATE = new Date(Date.now() - 60_000);

async function setting(tasks: number, people: number): Promise<{ project: TestProject; ids: string[]; people: TestPerson[] }> {
  const project = await t.project();
  const ids: string[] = [];
  for (let i = 0; i < tasks; i++) ids.push((await t.task(project, { priority: tasks - i })).id);
  return { project, ids, people: await Promise.all(Array.from({ length: people }, (_, i) => t.person({ name: `P${i}`, project: project.id }))) };
}
const next = async (person: TestPerson, project: TestProject, body: object = {}): Promise<{ current: { id: string } | null; holder: { id: string; name: string } | null; upcoming: { id: string; state: string }[] }> =>
  (await person.post(`/projects/${project.id}/tasks/next`, body)).body;
const join = (socket: TestSocket, task: string) => socket.emitWithAck('room:join', { task, protocol: PROTOCOL_VERSION, client: newId(), stateVector: new Uint8Array([0]) });
const row = (id: string) => t.db.task.findUniqueOrThrow({ where: { id } });
const leaseSeconds = async (id: string): Promise<number> => (((await row(id)).leaseUntil?.getTime() ?? 0) - Date.now()) / 1000;

describe('people who all hammer at once', () => {
  it('never hold the same image, and nobody starves while images are free', { timeout: 120_000 }, async () => {
    const act = fc.constantFrom('submit', 'submit', 'leave', 'again', 'skip');
    await fc.assert(fc.asyncProperty(fc.array(fc.array(act, { minLength: 3, maxLength: 6 }), { minLength: 2, maxLength: 6 }), async (plans) => {
      const images = plans.reduce((sum, plan) => sum + plan.length, 0) + plans.length;
      const { project, people } = await setting(images, plans.length);
      const held = new Map<string, string>();
      await Promise.all(plans.map(async (plan, i) => {
        const person = people[i];
        if (!person) throw new Error('a person is missing');
        for (const what of plan) {
          const got = (await next(person, project)).current?.id;
          // More images than acts: there is always one for everybody.
          if (got === undefined) throw new Error(`${person.name} got nothing although images are free`);
          const others = [...held].filter(([id]) => id !== person.id).map(([, task]) => task);
          expect(others).not.toContain(got);
          held.set(person.id, got);
          if (what === 'again') continue;
          // From here on others may have it.
          held.delete(person.id);
          if (what === 'submit') expect((await person.post(`/tasks/${got}/submit`, EMPTY)).status).toBe(200);
          else if (what === 'skip') await person.post(`/tasks/${got}/skip`);
          else await t.db.task.updateMany({ where: { id: got, assigneeId: person.id, state: 'assigned' }, data: { leaseUntil: LATE } });
        }
      }));
      const revisions = await t.db.revision.groupBy({ by: ['taskId'], where: { task: { projectId: project.id } }, _count: true });
      expect(revisions.every((r) => r._count === 1)).toBe(true);
    }), { numRuns: 6 });
  });

  it('share the last images: each goes to one, the rest learn that nothing is left', async () => {
    const { project, people } = await setting(3, 8);
    const got = (await Promise.all(people.map((p) => next(p, project)))).map((n) => n.current?.id ?? null);
    expect(new Set(got.filter((id) => id !== null)).size).toBe(3);
    expect(got.filter((id) => id === null)).toHaveLength(5);
  });

  it('wait for a row that is only touched, instead of missing the last image', async () => {
    const { project, ids: [id = ''], people: [ann] } = await setting(1, 1);
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => { release = resolve; });
    let locked: () => void = () => undefined;
    const started = new Promise<void>((resolve) => { locked = resolve; });
    const flagging = t.db.$transaction(async (tx) => {
      await tx.task.update({ where: { id }, data: { flagged: true } });
      locked();
      await gate;
    });
    await started;
    const asked = ann ? next(ann, project) : undefined;
    setTimeout(release, 100);
    expect((await asked)?.current?.id).toBe(id);
    await flagging;
  });
});

describe('a lease', () => {
  it('lives with the connection: renewed while it is there, short after leaving, longer after a break', async () => {
    const { project, ids: [id = ''], people: [ann] } = await setting(2, 1);
    if (!ann) throw new Error('a person is missing');
    await next(ann, project, { current: id });
    const socket = await ann.socket();
    await join(socket, id);
    await t.db.task.update({ where: { id }, data: { leaseUntil: new Date(Date.now() + 1000) } });
    t.app.leases.renew();
    await t.app.leases.settled();
    expect(await leaseSeconds(id)).toBeGreaterThan(200);
    await socket.emitWithAck('room:leave', { task: id });
    await t.app.leases.settled();
    expect(await leaseSeconds(id)).toBeLessThan(16);
    await join(socket, id);
    await t.app.leases.settled();
    expect(await leaseSeconds(id), 'back before anybody else came').toBeGreaterThan(200);
    socket.close();
    await expect.poll(() => leaseSeconds(id)).toBeLessThan(91);
    expect(await leaseSeconds(id)).toBeGreaterThan(60);
  });

  it('that nobody holds any more is given back, and those who wait are told', async () => {
    const { project, ids: [id = ''], people: [ann, bob] } = await setting(1, 2);
    if (!ann || !bob) throw new Error('a person is missing');
    await next(ann, project);
    expect((await next(bob, project)).current).toBeNull();
    const told: string[] = [];
    const end = t.app.bus.on((_, event) => { if (event.type === 'task') told.push(`${event.task} ${event.state}`); });
    await t.db.task.update({ where: { id }, data: { leaseUntil: LATE } });
    t.app.leases.sweep();
    await t.app.leases.settled();
    end();
    expect(told).toContain(`${id} pending`);
    expect(await row(id)).toMatchObject({ state: 'pending', assigneeId: null });
    expect((await next(bob, project)).current?.id).toBe(id);
  });

  it('goes to a colleague who works on the image beside the one who went, never to a stranger', async () => {
    const { project, ids: [id = ''], people: [ann, bob] } = await setting(1, 2);
    if (!ann || !bob) throw new Error('a person is missing');
    await next(ann, project);
    const socket = await bob.socket();
    await join(socket, id);
    await t.app.leases.settled();
    await t.db.task.update({ where: { id }, data: { leaseUntil: new Date(Date.now() - 1) } });
    const stranger = await t.person({ project: project.id });
    expect((await next(stranger, project)).current, 'just run out: not a stranger\'s').toBeNull();
    t.app.leases.sweep();
    await t.app.leases.settled();
    expect(await row(id)).toMatchObject({ state: 'assigned', assigneeId: bob.id });
    socket.close();
  });

  it('brings back what one left with unsubmitted edits before anything new', async () => {
    const { project, ids, people: [ann] } = await setting(3, 1);
    if (!ann) throw new Error('a person is missing');
    const last = ids[2] ?? '';
    await next(ann, project, { current: last });
    await t.db.task.update({ where: { id: last }, data: { state: 'pending', assigneeId: null, leaseUntil: null, dirty: true } });
    expect((await next(ann, project)).current?.id).toBe(last);
  });

  it('is shown to whoever opens a colleague\'s image by its link', async () => {
    const { project, ids: [id = ''], people: [ann, bob] } = await setting(2, 2);
    if (!ann || !bob) throw new Error('a person is missing');
    await next(ann, project, { current: id });
    expect((await bob.get(`/tasks/${id}`)).body.holder).toEqual({ id: ann.id, name: 'P0' });
    expect((await ann.get(`/tasks/${id}`)).body.holder).toBeNull();
    expect((await next(bob, project, { current: id })).holder).toEqual({ id: ann.id, name: 'P0' });
    expect((await next(ann, project, { current: id })).holder).toBeNull();
    expect((await next(bob, project)).upcoming.map((c) => c.id)).not.toContain(id);
    await t.db.task.update({ where: { id }, data: { leaseUntil: LATE } });
    expect((await bob.get(`/tasks/${id}`)).body.holder).toBeNull();
  });
});
