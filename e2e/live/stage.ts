/** A started Emend with people and pictures, for benches and tests of the live side: everything made by the API that a person uses. */
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { Type, type Static, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { ImagePage } from '#core/api/image.ts';
import { ImportDto } from '#core/api/import.ts';
import { ProjectDto } from '#core/api/project.ts';
import { startEmend, type Emend } from '../harness/emend.ts';

export interface Person {
  name: string;
  /** Of the signed-in session. */
  cookie: string;
}
export interface Stage {
  emend: Emend;
  origin: string;
  /** Ids of open tasks, one per picture. */
  tasks: string[];
  project: string;
  people: Person[];
  admin: Person;
  /** May look only. */
  viewer: Person;
}

const Added = Type.Object({ signInLink: Type.String() });

export interface StageOptions {
  /** Settings of the server. */
  env?: Record<string, string>;
  /** Boxes alone, so that no model's work mixes with what is measured; or masks too. */
  task?: 'detect' | 'segment';
  /** Width and height of the pictures; 640 × 480. */
  size?: readonly [number, number];
}

/** At most 18 people beside a viewer: sign-ins are limited to 20 a minute. */
export async function makeStage(people: number, pictures: number, { env = {}, task = 'detect', size = [640, 480] }: StageOptions = {}): Promise<Stage> {
  const emend = await startEmend({ env: { EMEND_DEMO: '0', ...env } });
  const origin = new URL(emend.url).origin;
  const admin = { name: 'admin', cookie: await signIn(emend.url) };
  const project = await ask(origin, admin, ProjectDto, 'POST', '/projects', { name: 'Bench', task, classes: ['Chip', 'Void'] });
  await importPictures(origin, admin, project.id, pictures, size);
  const members: Person[] = [];
  const join = async (name: string, role: string): Promise<Person> => {
    const { signInLink } = await ask(origin, admin, Added, 'POST', `/projects/${project.id}/members`, { email: `${name}@example.org`, role });
    return { name, cookie: await signIn(signInLink) };
  };
  const viewer = await join('viewer', 'viewer');
  for (let i = 0; i < people; i++) {
    members.push(await join(`person${i}`, 'annotator'));
  }
  const { items } = await ask(origin, admin, ImagePage, 'GET', `/projects/${project.id}/images?limit=500`);
  return { emend, origin, project: project.id, admin, viewer, people: members, tasks: items.flatMap(({ taskId }) => (taskId === null ? [] : [taskId])) };
}

async function importPictures(origin: string, admin: Person, project: string, pictures: number, [width, height]: readonly [number, number]): Promise<void> {
  const { id } = await ask(origin, admin, ImportDto, 'POST', `/projects/${project}/imports`);
  let form = new FormData();
  for (let i = 0; i < pictures; i++) {
    if (i > 0 && i % 50 === 0) {
      await call(origin, admin, 'POST', `/imports/${id}/files`, form);
      form = new FormData();
    }
    const bytes = await sharp({ create: { width, height, channels: 3, background: { r: i % 256, g: i >> 8, b: 90 } } }).png().toBuffer();
    form.append(`picture${i}.png`, new Blob([new Uint8Array(bytes)]), `picture${i}.png`);
  }
  await call(origin, admin, 'POST', `/imports/${id}/files`, form);
  await call(origin, admin, 'POST', `/imports/${id}/plan`, {});
  await until(async () => (await ask(origin, admin, ImportDto, 'GET', `/imports/${id}`)).state === 'planned');
  await call(origin, admin, 'POST', `/imports/${id}/apply`);
  await until(async () => (await ask(origin, admin, ImportDto, 'GET', `/imports/${id}`)).state === 'applied');
}

async function until(done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) await sleep(200);
}

/** The session cookie that a sign-in link gives. */
export async function signIn(link: string): Promise<string> {
  const { origin, searchParams } = new URL(link);
  const answer = await fetch(`${origin}/api/v1/sign-in`, { method: 'POST', headers: { 'content-type': 'application/json', origin }, body: JSON.stringify({ token: searchParams.get('token') }) });
  if (!answer.ok) throw new Error(`sign-in: ${answer.status} ${await answer.text()}`);
  return answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0]).join('; ');
}

export async function call(origin: string, person: Person, method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<unknown> {
  const form = body instanceof FormData;
  const answer = await fetch(`${origin}/api/v1${path}`, {
    method, headers: { cookie: person.cookie, origin, ...(body === undefined || form ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 500)}`);
  return JSON.parse(text);
}

export async function ask<T extends TSchema>(origin: string, person: Person, schema: T, method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<Static<T>> {
  return Value.Parse(schema, await call(origin, person, method, path, body));
}
