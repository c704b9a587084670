import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import fp from 'fastify-plugin';
import { EmendError } from '#core/errors.ts';
import { originsOf } from '../origins.ts';

export interface SecurityOptions {
  /** Requests a minute of one person (or one address, where nobody is signed in). */
  perMinute: number;
}

const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

declare module 'fastify' {
  interface FastifyInstance {
    /** May a page of this origin use cookies and sockets? */
    allowsOrigin: (origin: string | undefined) => boolean;
  }
}

/** Headers, request rates, and the origin check that keeps other sites from using a signed-in browser. */
export default fp<SecurityOptions>(async (app, { perMinute }) => {
  const secure = app.config.publicUrl.startsWith('https:');
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"], baseUri: ["'none'"], objectSrc: ["'none'"], frameAncestors: ["'none'"], formAction: ["'self'"],
        // onnxruntime-web compiles WebAssembly; Vite and Pixi start workers from blobs. No other host is ever asked.
        scriptSrc: ["'self'", "'wasm-unsafe-eval'"], workerSrc: ["'self'", 'blob:'], connectSrc: ["'self'", 'data:', 'blob:', 'ws:', 'wss:'],
        imgSrc: ["'self'", 'data:', 'blob:'], styleSrc: ["'self'", "'unsafe-inline'"], fontSrc: ["'self'", 'data:'],
      },
    },
    // Cross-origin isolation gives onnxruntime-web its threads; everything comes from this origin anyway.
    crossOriginEmbedderPolicy: { policy: 'require-corp' },
    hsts: secure ? { maxAge: 15_552_000 } : false,
    referrerPolicy: { policy: 'same-origin' },
  });
  await app.register(rateLimit, { global: true, max: perMinute, timeWindow: '1 minute', hook: 'preValidation', keyGenerator: (request) => request.person?.id ?? request.ip });
  app.decorate('allowsOrigin', (origin: string | undefined) => origin !== undefined && originsOf(app.config, app.server.address()).has(origin));
  app.addHook('onRequest', async (request) => {
    // With a token the cookie is not looked at (see whoIs), so there is nothing that another site could misuse.
    if (!UNSAFE.has(request.method) || request.headers.authorization !== undefined) return;
    // Browsers send Origin with every unsafe request. Without one it is not a page; then there must be no cookie to misuse.
    const { origin, cookie } = request.headers;
    if (origin === undefined ? cookie === undefined : app.allowsOrigin(origin)) return;
    throw new EmendError('forbidden', 'The request came from another site and was refused. Nothing was changed. Open Emend by its own address, the one that it prints at start (EMEND_URL).');
  });
  // PostgreSQL stores no NUL, and nobody types one.
  const NUL = 'The request holds a NUL character, which no text may have. Nothing was changed.';
  app.addHook('onRequest', async ({ url }) => { if (url.includes('%00')) throw new EmendError('invalid', NUL); });
  app.addHook('preValidation', async ({ body }) => { if (holdsNul(body)) throw new EmendError('invalid', NUL); });
}, { name: 'security' });

/** In any text of a parsed request; uploads are streams and not looked into. */
function holdsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  if (Array.isArray(value)) return value.some((item) => holdsNul(item));
  return typeof value === 'object' && value !== null && (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null) && Object.entries(value).some(([key, item]) => key.includes('\0') || holdsNul(item));
}
