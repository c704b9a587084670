/** The HTTP API as the CLI uses it; answers are checked against the same schemas that the server declares. */
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Type, type Static, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { ProblemSchema } from '#core/api/common.ts';
import { ProjectCard } from '#core/api/project.ts';
import { API } from '../access.ts';
import { CliError } from './command.ts';

export type Project = Static<typeof ProjectCard>;

export class Api {
  readonly url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.url = url.replace(/\/$/, '');
    this.#token = token;
  }

  get<T extends TSchema>(schema: T, path: string): Promise<Static<T>> {
    return this.#read(schema, path, {});
  }

  post<T extends TSchema>(schema: T, path: string, body: unknown = {}): Promise<Static<T>> {
    return this.#read(schema, path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  }

  send<T extends TSchema>(schema: T, path: string, form: FormData): Promise<Static<T>> {
    return this.#read(schema, path, { method: 'POST', body: form });
  }

  async delete(path: string): Promise<void> {
    await this.#request(path, { method: 'DELETE' });
  }

  /** Writes an answer to a file, which appears only when it is whole. */
  async download(path: string, file: string): Promise<void> {
    const answer = await this.#request(path, {});
    const part = `${file}.part`;
    try {
      await pipeline(Readable.from(answer.body ?? []), createWriteStream(part));
      await rename(part, file);
    } catch (error) {
      await rm(part, { force: true });
      throw new CliError(`${file} could not be written: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** All that the token may see. */
  projects(): Promise<Project[]> {
    return this.get(Type.Array(ProjectCard), '/projects');
  }

  /** By id or name; without a word, the only one there is. */
  async project(wanted: string | undefined): Promise<Project> {
    const all = await this.projects();
    const named = wanted === undefined ? all : all.filter((p) => p.id === wanted || p.name.toLowerCase() === wanted.toLowerCase());
    const names = all.map((p) => `"${p.name}"`).join(', ');
    if (named.length === 1 && named[0]) return named[0];
    if (all.length === 0) throw new CliError('There is no project that this token may see.', 2);
    if (wanted === undefined) throw new CliError(`Say which project with --project: ${names}.`, 2);
    throw new CliError(named.length === 0 ? `There is no project "${wanted}". Known: ${names}.` : `Several projects are called "${wanted}". Use the id.`, 2);
  }

  async #read<T extends TSchema>(schema: T, path: string, init: RequestInit): Promise<Static<T>> {
    const answer = await this.#request(path, init);
    const value: unknown = await answer.json();
    if (!Value.Check(schema, value)) throw new CliError(`The server at ${this.url} answers in a way that this version does not know. Use the emend command of the same version.`);
    return value;
  }

  async #request(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${this.#token}`);
    const answer = await fetch(`${this.url}${API}${path}`, { ...init, headers }).catch((error: unknown) => { throw unreached(this.url, error); });
    if (answer.ok) return answer;
    const problem: unknown = await answer.json().catch(() => undefined);
    if (answer.status === 401) throw new CliError('The server does not know this token. Make one on the Account page and set EMEND_TOKEN to it.', 2);
    throw new CliError(Value.Check(ProblemSchema, problem) ? problem.message : `The server answers with status ${answer.status}.`);
  }
}

/** Why a request got no answer at all, as far as the system says. */
function unreached(url: string, error: unknown): CliError {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const host = URL.canParse(url) ? new URL(url).host : url;
  if (/TIMEDOUT|TIMEOUT|UNREACH/.test(code)) return new CliError(`${host} does not answer. Is it on, and can this machine reach it? EMEND_URL is ${url}.`);
  if (/ENOTFOUND|EAI_AGAIN/.test(code)) return new CliError(`There is no machine called ${host} that this one knows. Set EMEND_URL to the address of your Emend.`);
  if (!URL.canParse(url)) return new CliError(`EMEND_URL is "${url}"; it must be an address such as http://127.0.0.1:4400.`, 2);
  return new CliError(`No Emend answers at ${url}. Start it with "npm start", or set EMEND_URL to its address.`);
}
