import { expect, it } from 'vitest';
import { testApp } from '../testing/harness.ts';

interface Operation {
  summary?: string;
  tags?: string[];
  security?: object[];
  requestBody?: { content: Record<string, { schema: { type: string } }> };
  responses: Record<string, { $ref?: string; content?: Record<string, { schema: { type?: string; format?: string } }> }>;
}

const t = await testApp();
const { body: document } = await (await t.person()).get('/openapi.json');
const operations = Object.entries(document.paths as Record<string, Record<string, Operation>>)
  .flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path.replace('/api/v1', '')}`, operation })));
const named = (name: string): Operation => operations.find((o) => o.name === name)?.operation ?? { responses: {} };

it.each(operations)('$name says what it does, what it answers and how it fails', ({ operation }) => {
  expect([typeof operation.summary, operation.tags?.length]).toEqual(['string', 1]);
  expect(operation.responses).toMatchObject({ '4XX': { $ref: '#/components/responses/Problem' }, '5XX': { $ref: '#/components/responses/Problem' } });
  const [good] = Object.entries(operation.responses).filter(([status]) => status.startsWith('2'));
  if (!operation.summary?.includes('session')) expect(Object.keys(good?.[1].content ?? {})).not.toEqual([]);
});

it('one component holds the shape of all errors', () => {
  expect(document.components.responses.Problem.content['application/json'].schema).toEqual({ $ref: '#/components/schemas/Problem' });
  expect(document.components.schemas.Problem).toMatchObject({ type: 'object', required: ['code', 'message'] });
});

it('lists itself, health and what needs no sign-in', () => {
  expect([named('GET /openapi.json').security, named('GET /health').security, named('GET /projects').security]).toEqual([[], [], undefined]);
});

it.each(['POST /projects/{project}/models', 'POST /imports/{id}/files'])('%s takes files as multipart/form-data', (name) => {
  expect(named(name).requestBody?.content['multipart/form-data']?.schema).toMatchObject({ type: 'object', additionalProperties: { type: 'string', format: 'binary' } });
});

it.each([
  ['GET /images/{id}/thumb', ['image/webp']], ['GET /images/{id}/overlay.png', ['image/png']], ['GET /images/{id}/masks/{instance}.npy', ['application/octet-stream']],
  ['GET /versions/{id}/export.zip', ['application/zip']], ['GET /jobs/{id}/file', ['application/zip']], ['GET /models/{id}/weights.onnx', ['application/octet-stream']],
  ['GET /images/{id}/file', ['image/png', 'image/jpeg', 'image/webp', 'image/tiff']],
])('%s answers with %j', (name, types) => {
  const content = named(name).responses['200']?.content ?? {};
  expect(Object.keys(content)).toEqual(types);
  expect(content[types[0] ?? '']?.schema).toMatchObject({ type: 'string', format: 'binary' });
});
