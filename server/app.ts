import multipart from '@fastify/multipart';
import { TypeBoxValidatorCompiler, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance, type RawReplyDefaultExpression, type RawRequestDefaultExpression, type RawServerDefault } from 'fastify';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { Ok } from '#core/api/common.ts';
import { API } from './access.ts';
import type { Config } from './config.ts';
import { FEATURES, type Feature } from './features.ts';
import auth from './plugins/auth.ts';
import blobs from './plugins/blobs.ts';
import bus from './plugins/bus.ts';
import client from './plugins/client.ts';
import database from './plugins/database.ts';
import errors from './plugins/errors.ts';
import jobs from './plugins/jobs/index.ts';
import openapi from './plugins/openapi.ts';
import security from './plugins/security.ts';
import sync from './plugins/sync.ts';

/** The app as features see it: routes take typebox schemas and get typed requests. */
export type App = FastifyInstance<RawServerDefault, RawRequestDefaultExpression, RawReplyDefaultExpression, FastifyBaseLogger, TypeBoxTypeProvider>;

export interface AppOptions {
  config: Config;
  /** The migrated database. */
  databaseUrl: string;
  /** No other node works on this database. */
  sole?: boolean;
  /** Where log lines go; the default is stdout. */
  logger?: FastifyBaseLogger;
  /** Only these features (tests). */
  features?: readonly Feature[];
  /** Kinds of jobs without a handler are no news (tests). */
  partial?: boolean;
  requestsPerMinute?: number;
  /** Every answer is held against its schema (tests). */
  checkAnswers?: boolean;
}

/** Builds the whole server without listening. Plugins first, in the order of who needs whom; then the features. */
export async function buildApp(options: AppOptions): Promise<App> {
  const { config } = options;
  const app = Fastify({
    ...(options.logger ? { loggerInstance: options.logger } : { logger: { level: config.logLevel, redact: ['req.headers.authorization', 'req.headers.cookie'] } }),
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: false,
    bodyLimit: 1024 * 1024,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 200 },
  }).withTypeProvider<TypeBoxTypeProvider>();
  // Unknown fields of a body are refused by the schemas (additionalProperties: false), never dropped in silence.
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  app.setSerializerCompiler(({ schema }) => (data) => serialise(schema, data, options.checkAnswers === true));
  app.decorate('config', config);

  await app.register(errors);
  await app.register(database, { url: options.databaseUrl });
  await app.register(bus);
  await app.register(blobs);
  await app.register(security, { perMinute: options.requestsPerMinute ?? 3000 });
  await app.register(auth);
  await app.register(multipart, { limits: { fileSize: config.maxUploadBytes, fieldNameSize: 1024, fields: 20, parts: 20_000, headerPairs: 50 } });
  await app.register(openapi);
  await app.register(jobs, { url: options.databaseUrl, sole: options.sole ?? false, partial: options.partial ?? false });
  await app.register(sync);
  app.get(`${API}/health`, { schema: { tags: ['system'], summary: 'Whether the server answers', response: { 200: Ok } } }, () => ({ ok: true as const }));
  for (const feature of options.features ?? FEATURES) await app.register(feature);
  await app.register(client);
  return app;
}

/** Answers are typed where they are made; the schemas describe them in the OpenAPI document, and the tests check that they do. */
function serialise(schema: TSchema, data: unknown, check: boolean): string {
  const text = JSON.stringify(data);
  if (check && !Value.Check(schema, JSON.parse(text))) {
    const first = Value.Errors(schema, JSON.parse(text))[0];
    throw new TypeError(`the answer does not fit its schema: ${first?.instancePath ?? ''} ${first?.message ?? ''}`);
  }
  return text;
}
