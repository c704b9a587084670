import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import fp from 'fastify-plugin';

const DIST = fileURLToPath(new URL('../../client/dist', import.meta.url));

/** The built client. Its routes are the browser's own: every path that is not a file or the API answers with index.html. */
export default fp(async (app) => {
  const built = existsSync(`${DIST}/index.html`);
  if (built) {
    await app.register(fastifyStatic, {
      root: DIST, wildcard: false, index: false,
      setHeaders(reply, path) {
        // Vite names what lies in assets/ by its content.
        reply.header('cache-control', /[\\/]assets[\\/]/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
  }
  app.setNotFoundHandler(async (request, reply) => {
    const page = request.method === 'GET' && !request.url.startsWith('/api/') && !request.url.startsWith('/assets/');
    if (page && built) return reply.header('cache-control', 'no-cache').sendFile('index.html');
    return reply.code(404).send({ code: 'not_found', message: page ? 'The client has not been built. Run npm start, which builds it.' : 'There is nothing at this address.' });
  });
}, { name: 'client' });
