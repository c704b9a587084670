/** The server's life: configuration → database → migrations → app → listening; and all of it undone in one place, in reverse order. */
import { ConfigError, readConfig, type Config } from './config.ts';
import { buildApp, type App } from './app.ts';
import { ensureFirstSignIn } from './auth/signInLink.ts';
import { startEmbedded } from './database/embedded.ts';
import { migrate } from './database/migrate.ts';
import { EmendError } from '#core/errors.ts';

export interface Started {
  app: App;
  config: Config;
  /** What to open in a browser: with a sign-in token until the first administrator has signed in. */
  url: string;
  /** Stops listening, lets rooms and jobs finish what they hold, then stops the database. Idempotent. */
  close: () => Promise<void>;
}

export async function start(config: Config, onStep: (what: string) => void = () => undefined): Promise<Started> {
  const closers: (() => Promise<void>)[] = [];
  const close = once(async () => {
    for (const step of closers.toReversed()) await step();
  });
  try {
    const databaseUrl = config.databaseUrl ?? await embedded(config, closers, onStep);
    onStep('Migrating the database');
    await migrate(databaseUrl);
    const app = await buildApp({ config, databaseUrl, sole: config.databaseUrl === undefined });
    closers.push(() => app.close());
    const link = await ensureFirstSignIn(app.db);
    await app.listen({ host: config.host, port: config.port }).catch((error: unknown) => { throw portProblem(config, error); });
    return { app, config, url: `${openUrl(app, config)}${link ?? '/'}`, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function embedded(config: Config, closers: (() => Promise<void>)[], onStep: (what: string) => void): Promise<string> {
  onStep('Starting PostgreSQL');
  const database = await startEmbedded(config.dataDir, { onStep });
  closers.push(() => database.stop());
  return database.url;
}

function portProblem(config: Config, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return new EmendError('conflict', `Port ${config.port} is used by another program. Stop that one, or set EMEND_PORT to a free port.`);
  if (code === 'EACCES') return new EmendError('forbidden', `Port ${config.port} needs more rights than this user has. Set EMEND_PORT to a number above 1023.`);
  if (code === 'EADDRNOTAVAIL') return new EmendError('invalid', `This machine has no address ${config.host}. Set EMEND_HOST to 127.0.0.1, 0.0.0.0 or an address of its own.`);
  return error;
}

/** With port 0 the system chose one. */
function openUrl(app: App, config: Config): string {
  const address = app.server.address();
  return config.port === 0 && address !== null && typeof address !== 'string' ? config.publicUrl.replace(/:0$/, `:${address.port}`) : config.publicUrl;
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}

async function main(): Promise<void> {
  // From the first moment: Ctrl-C while PostgreSQL is starting must not leave it behind.
  const starting = start(readConfig(process.env, process.cwd()), (step) => { console.info(`${step}…`); });
  const stop = (): void => {
    starting.then((s) => s.close()).then(() => { process.exit(0); }, (error: unknown) => {
      console.error(error);
      process.exit(1);
    });
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const started = await starting;
  console.info(`Emend is ready: ${started.url}`);
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    console.error(error instanceof EmendError || error instanceof ConfigError ? error.message : error);
    process.exit(1);
  });
}
