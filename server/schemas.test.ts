/** No request is taken with a field that nobody asked for: every object of every body, query and path is closed, or named here with the reason. */
import type { FastifySchema } from 'fastify';
import fp from 'fastify-plugin';
import { expect, it } from 'vitest';
import { newId } from '#core/ids.ts';
import { DEFAULT_SETTINGS } from '#core/api/project.ts';
import { FEATURES } from './features.ts';
import { testApp } from './testing/harness.ts';

/** Maps whose keys are the sender's. */
const OPEN: readonly string[] = [
  'POST /api/v1/imports/:id/plan body.classes', // class name in the export → what becomes of it
];
/** Closed by a pattern of names, and then by the trainer's own list; OpenAPI has no word for the pattern. */
const PATTERNED = 'POST /api/v1/projects/:project/runs body.config.extra';

const schemas: { route: string; schema: FastifySchema }[] = [];
const collector = fp(async (app) => {
  app.addHook('onRoute', ({ method, url, schema }) => { if (schema && method !== 'HEAD') schemas.push({ route: `${String(method)} ${url}`, schema }); });
}, { name: 'collector' });
const t = await testApp({ features: [collector, ...FEATURES] });
const admin = await t.person({ admin: true });

/** Paths of all object schemas inside `node` that take properties which they do not name. */
function* openIn(node: unknown, path: string): Generator<string> {
  if (typeof node !== 'object' || node === null) return;
  const { type, properties, items, anyOf, oneOf, allOf, additionalProperties } = node as Record<string, unknown>;
  if (type === 'object' && additionalProperties !== false) yield path;
  for (const [key, child] of Object.entries(properties ?? {})) yield* openIn(child, `${path}.${key}`);
  for (const child of [items, anyOf, oneOf, allOf].flat()) yield* openIn(child, path);
}

it('are closed in every route of the features', () => {
  const found = schemas.flatMap(({ route, schema }) =>
    (['body', 'querystring', 'params'] as const).flatMap((part) => [...openIn(schema[part], `${route} ${part}`)]));
  expect(schemas.length).toBeGreaterThan(60);
  expect(found.toSorted()).toEqual(OPEN.toSorted());
});

it('are closed in every JSON body of the OpenAPI document, which also has the routes of the plugins', async () => {
  const { body } = await admin.get('/openapi.json');
  const operations = Object.entries(body.paths as Record<string, Record<string, { requestBody?: { content: Record<string, { schema: unknown }> } }>>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ route: `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`, schema: operation.requestBody?.content['application/json']?.schema })));
  expect(operations.filter((o) => o.schema !== undefined).length).toBeGreaterThan(20);
  expect(operations.flatMap(({ route, schema }) => [...openIn(schema, `${route} body`)]).toSorted()).toEqual([...OPEN, PATTERNED].toSorted());
});

it('with one unknown setting are refused, and every setting stays', async () => {
  const project = await t.project({ settings: { threshold: 0.4, review: 0.2 } });
  expect(await admin.patch(`/projects/${project.id}`, { settings: { evil: 1 } })).toMatchObject({ status: 422, body: { message: expect.stringContaining('body/settings/evil is not known here') } });
  expect((await admin.patch(`/projects/${project.id}`, { settings: { attention: 0.6 } })).body.settings).toEqual({ ...DEFAULT_SETTINGS, threshold: 0.4, review: 0.2, attention: 0.6 });
});

it('stored by a former version with what is unknown or does not fit cost nothing else', async () => {
  const project = await t.project();
  await t.db.project.update({ where: { id: project.id }, data: { settings: { threshold: 0.4, attention: 'much', evil: 1 } } });
  expect((await admin.get(`/projects/${project.id}`)).body.settings).toEqual({ ...DEFAULT_SETTINGS, threshold: 0.4 });
});

it('for a run with an unknown key are refused and store nothing; a broken stored run does not hide the others', async () => {
  const project = await t.project();
  const version = newId();
  const stats = {
    images: 2, instances: 0, splits: { train: 1, valid: 1, test: 0 }, sources: { baseline: 2, revision: 0, pseudo: 0 }, labels: { baseline: 0, kept: 0, annotation: 0 }, perClass: [], fresh: 0,
  };
  await t.db.datasetVersion.create({ data: { id: version, projectId: project.id, number: 1, hash: 'h', classes: [], stats, createdById: admin.id } });
  expect((await admin.post(`/projects/${project.id}/runs`, { config: { epochs: 2, evil: 1 } })).status).toBe(422);
  expect(await t.db.trainingRun.count({ where: { projectId: project.id } })).toBe(0);
  const good = { preset: 'quick', epochs: 3, imgsz: 64, batch: 4, lr0: 0.01, freeze: 0, freshWeight: 2, seed: 0 };
  for (const [number, config] of [good, { ...good, epochs: 'many', evil: 1 }, {}].entries()) {
    await t.db.trainingRun.create({ data: { id: newId(), projectId: project.id, number: number + 1, datasetVersionId: version, config, state: 'done', progress: {}, createdById: admin.id } });
  }
  const listed = await admin.get(`/projects/${project.id}/runs`);
  expect(listed.status).toBe(200);
  expect(listed.body).toMatchObject([{ number: 3 }, { number: 2, config: { imgsz: 64, batch: 4 } }, { number: 1, config: good }]);
});
