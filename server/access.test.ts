/** Every route and every event with every role: denied is 401 or 403, and a permitted role is never denied. */
import { describe, expect, it } from 'vitest';
import { newId } from '#core/ids.ts';
import { CLIENT_EVENTS } from '#core/protocol.ts';
import { API, atLeast, EVENTS, ROLES, ROUTES, ruleOf, type Rule, type Scope } from './access.ts';
import { permit } from './permit.ts';
import { testApp } from './testing/harness.ts';

const t = await testApp();
const project = await t.project();
const task = await t.task(project);
const model = await t.db.modelVersion.findFirstOrThrow({ where: { projectId: project.id } });
const admin = await t.person({ admin: true });
const stranger = await t.person();
const members = await Promise.all(ROLES.map(async (role) => ({ role, person: await t.person({ project: project.id, role }) })));

/** One of each thing that a rule may be about. */
const ids: Record<Scope, string> = {
  project: project.id, task: task.id, image: task.imageId, model: model.id, import: newId(), run: newId(), version: newId(), job: newId(), revision: newId(), finding: newId(),
};
/** A permitted DELETE removes its import, and a finding that does not stand any more is gone when it is answered; the next call must find them again. */
const remake = async (): Promise<void> => {
  await t.db.import.createMany({ data: [{ id: ids.import, projectId: project.id, state: 'open', createdBy: admin.id }], skipDuplicates: true });
  const data = { kind: 'fewPixels', labels: [], seen: null, iou: null, side: 1, rank: -0.5 };
  await t.db.finding.createMany({ data: [{ id: ids.finding, projectId: project.id, imageId: task.imageId, kind: data.kind, classes: [0], rank: data.rank, data }], skipDuplicates: true });
};
await remake();
await t.db.datasetVersion.create({ data: { id: ids.version, projectId: project.id, number: 1, hash: 'h', classes: [], stats: {}, createdById: admin.id } });
await t.db.trainingRun.create({ data: { id: ids.run, projectId: project.id, number: 1, datasetVersionId: ids.version, config: {}, state: 'done', progress: {}, createdById: admin.id } });
await t.db.job.create({ data: { id: ids.job, projectId: project.id, kind: 'predict', state: 'done' } });
await t.db.revision.create({
  data: { id: ids.revision, taskId: task.id, imageId: task.imageId, number: 1, iterationId: project.iterationId, status: 'ok', instances: [], verdicts: {}, threshold: 0.25, authors: [], submittedById: admin.id, timeMs: 1, docState: new Uint8Array([0, 0]) },
});

function pathFor(route: string, rule: Rule): string {
  const id = 'of' in rule ? ids[rule.of] : newId();
  return route.replace(':project', ids.project).replace(':id', id).replace(/:(\w+)/g, '0');
}

const METHODS = ['GET', 'POST', 'PATCH', 'DELETE'] as const;
const methodOf = (text: string): (typeof METHODS)[number] => {
  const method = METHODS.find((m) => m === text);
  if (!method) throw new Error(`the table names the method ${text}`);
  return method;
};

/** Asked with a method's real route, but with a body that no schema takes: what is permitted gets past the check and no further. */
async function denied(method: string, path: string, token: string | null): Promise<boolean> {
  await remake();
  const body = method !== 'GET' && method !== 'DELETE';
  const answer = await t.app.inject({
    method: methodOf(method), url: `${API}${path}`,
    headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { payload: '{"unheard-of":1}' } : {}),
  });
  return answer.statusCode === 401 || answer.statusCode === 403;
}

describe('routes', () => {
  it.each(Object.entries(ROUTES))('%s', async (route, rule) => {
    const [method = '', pattern = ''] = route.split(' ');
    expect(t.app.hasRoute({ method: methodOf(method), url: `${API}${pattern}` }), 'a row without a route').toBe(true);
    const path = pathFor(pattern, rule);
    if (rule.least === 'public') return expect(await denied(method, path, null)).toBe(false);
    expect(await denied(method, path, null)).toBe(true);
    expect(await denied(method, path, 'emend_wrong')).toBe(true);
    expect(await denied(method, path, admin.token)).toBe(false);
    if (!('of' in rule)) return expect(await denied(method, path, stranger.token)).toBe(rule.least === 'instance-admin');
    expect(await denied(method, path, stranger.token)).toBe(true);
    for (const { role, person } of members) expect([role, await denied(method, path, person.token)]).toEqual([role, !atLeast(role, rule.least)]);
  });

  it('without a row do not exist: the start fails', () => {
    expect(ruleOf('GET', `${API}/projects/:project/secrets`)).toBeUndefined();
    expect(ruleOf('PUT', `${API}/projects`)).toBeUndefined();
    expect(ruleOf('HEAD', `${API}/projects`)).toEqual(ruleOf('GET', `${API}/projects`));
  });

  it('all have a row in the OpenAPI document\'s list', async () => {
    const { body } = await stranger.get('/openapi.json');
    for (const [path, methods] of Object.entries(body.paths as Record<string, object>)) {
      for (const method of Object.keys(methods)) expect([path, method, ruleOf(method.toUpperCase(), path.replace(/\{(\w+)\}/g, ':$1')) !== undefined]).toEqual([path, method, true]);
    }
  });

  it('that concern what does not exist say so to members only of nothing', async () => {
    expect((await admin.get(`/tasks/${newId()}`)).status).toBe(404);
  });
});

describe('socket events', () => {
  it('all have a row', () => {
    expect(Object.keys(EVENTS).toSorted()).toEqual(Object.keys(CLIENT_EVENTS).toSorted());
  });

  it.each(Object.entries(EVENTS))('%s', async (_event, rule) => {
    if (!('of' in rule)) return expect(rule.least).toBe('signed-in');
    const may = (person: typeof stranger | null) => permit(t.db, rule, person && { ...person, admin: person === admin }, ids[rule.of]).then(() => true, () => false);
    expect(await may(null)).toBe(false);
    expect(await may(stranger)).toBe(false);
    expect(await may(admin)).toBe(true);
    for (const { role, person } of members) expect([role, await may(person)]).toEqual([role, atLeast(role, rule.least)]);
  });
});
