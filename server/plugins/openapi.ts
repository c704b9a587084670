import swagger from '@fastify/swagger';
import fp from 'fastify-plugin';
import { API } from '../access.ts';

/** The API described by itself: GET /api/v1/openapi.json. Registered before the features, whose routes it collects. */
export default fp(async (app) => {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Emend', version: '1', description: 'Everything that the client does. Sign in by cookie, or send an API token as `Authorization: Bearer emend_…`.', license: { name: 'Apache-2.0' } },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
  });
  app.get(`${API}/openapi.json`, { schema: { hide: true } }, () => app.swagger());
}, { name: 'openapi' });
