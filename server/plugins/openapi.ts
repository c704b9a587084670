import swagger, { type SwaggerTransform, type SwaggerTransformObject } from '@fastify/swagger';
import fp from 'fastify-plugin';
import { Type } from 'typebox';
import { ProblemSchema } from '#core/api/common.ts';
import { API, ruleOf } from '../access.ts';

const BINARY = { type: 'string', format: 'binary' } as const;
/** What a route with `consumes: multipart/form-data` takes; its summary says what the names of the parts mean. */
const FORM = { type: 'object', description: 'One part per file.', minProperties: 1, additionalProperties: BINARY } as const;
const METHODS = ['get', 'post', 'patch', 'put', 'delete'] as const;
/** Every error of every operation; what is refused in what way is told by its code. */
const PROBLEM = { $ref: '#/components/responses/Problem' } as const;

/** The API described by itself: GET /api/v1/openapi.json. Registered before the features, whose routes it collects. */
export default fp(async (app) => {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Emend', version: '1', description: 'Everything that the client does. Sign in by cookie, or send an API token as `Authorization: Bearer emend_…`.', license: { name: 'Apache-2.0' } },
      components: {
        securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
        schemas: { Problem: { ...ProblemSchema } },
        responses: { Problem: { description: 'It was not done. `message` says what happened and what to do.', content: { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } } } },
      },
      security: [{ token: [] }],
    },
    transform: describeRoute,
    transformObject: describeErrors,
  });
  app.get(`${API}/openapi.json`, { schema: { tags: ['system'], summary: 'This description of the API (OpenAPI 3.1)', response: { 200: Type.Object({}) } } }, () => app.swagger());
}, { name: 'openapi' });

/** Files that come and go have no schema to be held against; here they get one to be read. */
const describeRoute: SwaggerTransform = ({ schema, url, route }) => {
  const { consumes, produces, body, response } = schema;
  const method = Array.isArray(route.method) ? (route.method[0] ?? '') : route.method;
  return {
    url,
    schema: {
      ...schema,
      ...(consumes && body === undefined ? { body: FORM } : {}),
      ...(produces && response === undefined ? { response: { 200: { ...BINARY, description: 'The file' } } } : {}),
      ...(ruleOf(method, url)?.least === 'public' ? { security: [] } : {}),
    },
  };
};

const describeErrors: SwaggerTransformObject = (document) => {
  if (!('openapiObject' in document)) return document.swaggerObject;
  const { openapiObject } = document;
  for (const path of Object.values(openapiObject.paths ?? {})) {
    for (const operation of METHODS.flatMap((method) => path?.[method] ?? [])) operation.responses = { ...operation.responses, '4XX': PROBLEM, '5XX': PROBLEM };
  }
  return openapiObject;
};
