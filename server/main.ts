/** The server's life: configuration → database → migrations → app → listening; and all of it undone in one place, in reverse order. */
import { recordAddress } from './address.ts';
import { ConfigError, readConfig, type Config } from './config.ts';
import { buildApp, type App } from './app.ts';
import type { Log } from './context.ts';
import { ensureFirstSignIn } from './auth/signInLink.ts';
import { startEmbedded } from './database/embedded.ts';
import { migrate } from './database/migrate.ts';
import { findPython } from './features/training/index.ts';
import { ensureDemoProject } from './demo/demoProject.ts';
import { EmendError } from '#core/errors.ts';
import { openLog } from './log.ts';
import { portProblem, tryPort } from './ports.ts';
import { Terminal } from './terminal.ts';

export interface Started {
  app: App;
  config: Config;
  /** What to open in a browser: with a sign-in token until the first administrator has signed in. */
  url: string;
  /** Stops listening, lets rooms and jobs finish what they hold, then stops the database. Idempotent. */
  close: () => Promise<void>;
}

export async function start(config: Config, onStep: (what: string) => void = () => undefined, logger?: Log): Promise<Started> {
  const closers: (() => Promise<void>)[] = [];
  const close = once(async () => {
    for (const step of closers.toReversed()) await step();
  });
  const refused = (error: unknown): never => { throw portProblem(config, error); };
  try {
    await tryPort(config.host, config.port).catch(refused);
    const databaseUrl = config.databaseUrl ?? await embedded(config, closers, onStep, logger);
    onStep('Migrating the database');
    await migrate(databaseUrl);
    onStep('Starting the server');
    const app = await buildApp({ config, databaseUrl, sole: config.databaseUrl === undefined, ...(logger ? { logger } : {}) });
    closers.push(() => app.close());
    const link = await ensureFirstSignIn(app.db);
    await app.listen({ host: config.host, port: config.port }).catch(refused);
    const address = openUrl(app, config);
    closers.push(await recordAddress(config.dataDir, address));
    return { app, config, url: `${address}${link ?? '/'}`, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function embedded(config: Config, closers: (() => Promise<void>)[], onStep: (what: string) => void, logger: Log | undefined): Promise<string> {
  onStep('Starting PostgreSQL');
  const database = await startEmbedded(config.dataDir, { onStep, onTrouble: (what, error) => { logger?.warn(error === undefined ? {} : { err: error }, what); } });
  closers.push(() => database.stop());
  return database.url;
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

/** Runs until Ctrl-C or SIGTERM. From the first moment they are heard: PostgreSQL must not be left behind while it is starting. */
async function main(): Promise<void> {
  const terminal = new Terminal(process.stdout);
  const config = readConfig(process.env, process.cwd());
  // Before the data directory is made: a start that cannot listen leaves nothing behind.
  await tryPort(config.host, config.port).catch((error: unknown) => { throw portProblem(config, error); });
  const log = openLog(config);
  // Node's own warnings (deprecations inside packages) are for the log, not for the person at the terminal.
  process.removeAllListeners('warning').on('warning', (warning) => { log.warn({ err: warning }, 'a warning of Node'); });
  const starting = start(config, (what) => { terminal.step(what); }, log);
  const stopping = stopOnSignal(starting, terminal, log);
  const started = await starting;
  terminal.endStep();
  if (stopping.aborted) return;
  await greet(started, terminal);
  if (config.demo > 0 && config.roles.has('web')) await makeDemo(started.app, terminal, stopping, config.demo);
}

/** A signal to the whole process group arrives several times: npm passes on what the group has already heard. Milliseconds. */
const SAME_SIGNAL_MS = 500;

/** The first signal closes everything in order; a second Ctrl-C ends at once (the next start repairs what that leaves). */
function stopOnSignal(starting: Promise<Started>, terminal: Terminal, log: Log): AbortSignal {
  const stopping = new AbortController();
  let first = 0;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping.signal.aborted) {
      if (signal === 'SIGINT' && performance.now() - first > SAME_SIGNAL_MS) process.exit(130);
      return;
    }
    first = performance.now();
    stopping.abort();
    terminal.line('');
    terminal.line('Stopping. Ctrl-C again ends at once.');
    starting.then((started) => started.close()).then(() => {
      terminal.line('Stopped.');
      process.exit(0);
    }, (error: unknown) => { giveUp(error, log); });
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return stopping.signal;
}

/** Ends with the one address to open. */
async function greet({ app, url }: Started, terminal: Terminal): Promise<void> {
  await app.inference.segmenter();
  const segmenters = app.inference.status().segmenters;
  terminal.line('');
  if (!segmenters.some((s) => s.family !== 'spark')) terminal.line('Masks are made by Spark, the small model that comes along. For finer ones, "npm run models" fetches SAM weights.');
  if (app.config.roles.has('train') && (await findPython()) === undefined) {
    terminal.line('Python 3.10 or newer was not found: everything works except training. Install it, with its venv module, and start again.');
  }
  terminal.line(`Emend is ready: ${url}`);
}

/** In the background: people can sign in meanwhile. A failure costs the demo only. */
async function makeDemo(app: App, terminal: Terminal, stopping: AbortSignal, count: number): Promise<void> {
  let told = false;
  try {
    await ensureDemoProject(app, (message, done, total) => {
      if (stopping.aborted) return;
      if (!told) terminal.line('Making the demo project in the background; you can open the page already.');
      told = true;
      terminal.passing(done + 1 < total ? `${message}: ${done + 1} of ${total}` : 'Importing the demo images');
    }, { count });
    if (told && !stopping.aborted) terminal.line('The demo project is ready.');
  } catch (error) {
    if (stopping.aborted) return;
    app.log.error({ err: error }, 'the demo project could not be made');
    terminal.line(error instanceof EmendError ? error.message : 'The demo project could not be made; all else works. The log in the data directory says why, and the next start tries again.');
  }
}

/** One sentence for what was to be expected, the whole trace for what was not. */
function giveUp(error: unknown, log?: Log): never {
  log?.fatal({ err: error }, 'ended');
  const text = error instanceof EmendError || error instanceof ConfigError ? error.message : error instanceof Error ? error.stack ?? error.message : String(error);
  process.stderr.write(`\n  ${text}\n`);
  process.exit(1);
}

if (import.meta.main) main().catch((error: unknown) => { giveUp(error); });
