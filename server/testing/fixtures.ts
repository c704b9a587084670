/** Rows for tests, made directly in the database; and people who talk to the app. */
import { createHash, randomBytes } from 'node:crypto';
import { io, type Socket } from 'socket.io-client';
import type { Prediction } from '#core/annotation/schema.ts';
import { DEFAULT_SETTINGS } from '#core/api/project.ts';
import { newId } from '#core/ids.ts';
import type { ClientToServer, ServerToClient } from '#core/protocol.ts';
import { API, type ProjectRole } from '../access.ts';
import { makeToken } from '../auth/tokens.ts';
import type { TestApp } from './harness.ts';

export interface PersonOptions {
  name?: string;
  /** Of the instance. */
  admin?: boolean;
  project?: string;
  role?: ProjectRole;
}
/** `body` is the parsed JSON of the answer. */
export interface Reply {
  status: number;
  // The shape is the test's own claim, checked by its expectations.
  body: ReturnType<typeof JSON.parse>;
  headers: Record<string, unknown>;
  raw: Buffer;
}
export type TestSocket = Socket<ServerToClient, ClientToServer>;
export interface TestPerson {
  id: string;
  name: string;
  email: string;
  token: string;
  /** Paths below /api/v1. */
  get: (path: string) => Promise<Reply>;
  post: (path: string, body?: unknown) => Promise<Reply>;
  patch: (path: string, body?: unknown) => Promise<Reply>;
  delete: (path: string) => Promise<Reply>;
  request: (method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT', path: string, body?: unknown, headers?: Record<string, string>) => Promise<Reply>;
  /** A connected socket. Close it in the test, or leave it to the server's end. */
  socket: () => Promise<TestSocket>;
}

export async function makePerson(test: TestApp, options: PersonOptions): Promise<TestPerson> {
  const id = newId();
  const name = options.name ?? `person ${id.slice(0, 4)}`;
  const email = `${id}@example.org`;
  const { token, hash, prefix } = makeToken();
  await test.db.user.create({ data: { id, name, email, admin: options.admin ?? false, apiTokens: { create: { id: newId(), name: 'test', hash, prefix } } } });
  if (options.project !== undefined) await test.db.membership.create({ data: { projectId: options.project, userId: id, role: options.role ?? 'annotator' } });

  const request: TestPerson['request'] = async (method, path, body, headers = {}) => {
    const answer = await test.app.inject({
      method, url: path.startsWith('/api/') ? path : `${API}${path}`, headers: { authorization: `Bearer ${token}`, ...headers },
      ...(body === undefined ? {} : typeof body === 'string' || Buffer.isBuffer(body) ? { payload: body } : { payload: JSON.stringify(body), headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers } }),
    });
    const json = (answer.headers['content-type'] ?? '').includes('json');
    return { status: answer.statusCode, body: json ? JSON.parse(answer.body) : undefined, headers: answer.headers, raw: answer.rawPayload };
  };
  return {
    id, name, email, token, request,
    get: (path) => request('GET', path),
    post: (path, body = {}) => request('POST', path, body),
    patch: (path, body) => request('PATCH', path, body),
    delete: (path) => request('DELETE', path),
    socket: () => connectSocket(test.url, token),
  };
}

export async function connectSocket(url: string, token: string): Promise<TestSocket> {
  const socket: TestSocket = io(url, { transports: ['websocket'], extraHeaders: { authorization: `Bearer ${token}` }, forceNew: true, reconnection: false });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return socket;
}

export interface ProjectOptions {
  name?: string;
  classes?: string[];
  task?: 'detect' | 'segment';
  settings?: Partial<typeof DEFAULT_SETTINGS>;
}
export interface TestProject {
  id: string;
  iterationId: string;
}

export async function makeProject({ db }: TestApp, options: ProjectOptions): Promise<TestProject> {
  const id = newId();
  const iterationId = newId();
  await db.project.create({
    data: {
      id, name: options.name ?? 'Test project', task: options.task ?? 'segment', settings: { ...DEFAULT_SETTINGS, ...options.settings },
      classes: { create: (options.classes ?? ['Chip', 'Void']).map((name, index) => ({ index, name, color: '#e69f00', key: String(index + 1) })) },
      iterations: { create: { id: iterationId, number: 1 } },
    },
  });
  return { id, iterationId };
}

export interface ImageOptions {
  name?: string;
  width?: number;
  height?: number;
  split?: 'train' | 'valid' | 'test';
  /** The bytes of the original; random ones, which are no picture, where a test needs none. */
  bytes?: Uint8Array;
  type?: string;
}
export interface TestImage {
  id: string;
  sha256: string;
}

export async function makeImage({ db, app }: TestApp, project: TestProject, options: ImageOptions): Promise<TestImage> {
  const bytes = options.bytes ?? randomBytes(32);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await app.blobs.put(bytes);
  const id = newId();
  await db.image.create({
    data: {
      id, projectId: project.id, sha256, name: options.name ?? `${id}.png`, type: options.type ?? 'image/png', bytes: bytes.byteLength,
      width: options.width ?? 640, height: options.height ?? 480, thumbSha256: sha256, split: options.split ?? 'train',
    },
  });
  return { id, sha256 };
}

export interface TaskOptions extends ImageOptions {
  predictions?: Prediction[];
  priority?: number;
  state?: string;
  /** An image that exists already. */
  imageId?: string;
}
export interface TestTask {
  id: string;
  imageId: string;
  predictionSetId: string;
}

export async function makeTask(test: TestApp, project: TestProject, options: TaskOptions): Promise<TestTask> {
  const { db } = test;
  const imageId = options.imageId ?? (await makeImage(test, project, options)).id;
  const model = await db.modelVersion.findFirst({ where: { projectId: project.id } }) ?? await db.modelVersion.create({
    data: { id: newId(), projectId: project.id, number: 1, name: 'test model', task: 'segment', classNames: ['Chip', 'Void'], classMap: [0, 1], meta: {}, origin: 'uploaded' },
  });
  const predictionSetId = newId();
  await db.predictionSet.create({
    data: { id: predictionSetId, imageId, modelId: model.id, instances: options.predictions ?? [], floor: 0.05, ms: 1, provider: 'cpu' },
  });
  const id = newId();
  await db.task.create({
    data: { id, projectId: project.id, imageId, iterationId: project.iterationId, predictionSetId, priority: options.priority ?? 0, state: options.state ?? 'pending' },
  });
  return { id, imageId, predictionSetId };
}
