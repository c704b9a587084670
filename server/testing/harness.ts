/**
 * The real app for tests: real PostgreSQL (a fresh copy of the template database), real sockets, its own data directory. Called once per file:
 *
 *   const t = await testApp();
 *   const project = await t.project({ classes: ['Chip', 'Void'], task: 'segment' });
 *   const ann = await t.person({ project: project.id, role: 'annotator' });
 *   const answer = await ann.post(`/projects/${project.id}/tasks/next`, {});
 *
 * Everything is removed after the file; when a test failed, the database stays (where the server does: EMEND_TEST_DATABASE_URL) and is named.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, inject } from 'vitest';
import { buildApp, type App, type AppOptions } from '../app.ts';
import type { Config } from '../config.ts';
import { readConfig } from '../config.ts';
import { Gate } from './gate.ts';
import { execute, withDatabase } from './globalSetup.ts';
import { makeImage, makePerson, makeProject, makeTask, type ImageOptions, type PersonOptions, type ProjectOptions, type TaskOptions, type TestImage, type TestPerson, type TestProject, type TestTask } from './fixtures.ts';

export type { TestImage, TestPerson, TestProject, TestTask } from './fixtures.ts';

export interface TestOptions {
  config?: Partial<Config>;
  /** Only these features; the default is all. */
  features?: AppOptions['features'];
  requestsPerMinute?: number;
  /** The app reaches its database through a gate that the test can close and hold. */
  gated?: boolean;
}

export interface TestApp {
  app: App;
  db: App['db'];
  /** http://127.0.0.1:port of the listening server. */
  url: string;
  databaseUrl: string;
  dataDir: string;
  /** A user with an API token; with `project` and `role`, a member. */
  person: (options?: PersonOptions) => Promise<TestPerson>;
  /** A project with its first iteration. */
  project: (options?: ProjectOptions) => Promise<TestProject>;
  image: (project: TestProject, options?: ImageOptions) => Promise<TestImage>;
  /** A task of the project's iteration, with its image, a model and a prediction set. */
  task: (project: TestProject, options?: TaskOptions) => Promise<TestTask>;
  /** Before the app's database, where it is `gated`. */
  gate: Gate;
  /** The server ends and starts again on the same database and directory, as after an upgrade. */
  restart: () => Promise<void>;
}

export async function testApp(options: TestOptions = {}): Promise<TestApp> {
  const databaseName = `emend_test_${randomBytes(6).toString('hex')}`;
  const server = inject('databaseUrl');
  await execute(server, `CREATE DATABASE ${databaseName} TEMPLATE ${inject('templateDatabase')}`);
  const dataDir = await mkdtemp(join(tmpdir(), 'emend-data-'));
  const gate = await Gate.before(server);
  const direct = withDatabase(server, databaseName);
  const databaseUrl = options.gated === true ? gate.url(direct) : direct;
  const start = async (): Promise<App> => {
    const config: Config = { ...readConfig({ EMEND_PORT: '0', EMEND_LOG: process.env['EMEND_LOG'] ?? 'silent', EMEND_DEMO: '0' }, dataDir), dataDir, ...options.config };
    const app = await buildApp({
      config, databaseUrl, sole: true, partial: true, checkAnswers: true, requestsPerMinute: options.requestsPerMinute ?? 1_000_000, ...(options.features ? { features: options.features } : {}),
    });
    await app.listen({ host: '127.0.0.1', port: 0 });
    return app;
  };
  const test = assemble(await start(), databaseUrl, dataDir, gate, start);
  let failed = false;
  afterEach(({ task }) => { failed ||= task.result?.state === 'fail'; });
  afterAll(async () => {
    await gate.open();
    await test.app.close();
    await gate.close();
    await rm(dataDir, { recursive: true, force: true });
    if (failed && process.env['EMEND_TEST_DATABASE_URL']) console.warn(`a test failed; its database is ${databaseName}`);
    else await execute(server, `DROP DATABASE IF EXISTS ${databaseName} WITH (FORCE)`);
  });
  return test;
}

function assemble(first: App, databaseUrl: string, dataDir: string, gate: Gate, start: () => Promise<App>): TestApp {
  const test: TestApp = {
    app: first, db: first.db, url: urlOf(first), databaseUrl, dataDir, gate,
    person: (options = {}) => makePerson(test, options),
    project: (options = {}) => makeProject(test, options),
    image: (project, options = {}) => makeImage(test, project, options),
    task: (project, options = {}) => makeTask(test, project, options),
    async restart() {
      await test.app.close();
      const app = await start();
      Object.assign(test, { app, db: app.db, url: urlOf(app) });
    },
  };
  return test;
}

function urlOf(app: App): string {
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port');
  return `http://127.0.0.1:${address.port}`;
}
