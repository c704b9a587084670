import { setTimeout as sleep } from 'node:timers/promises';
import { Type, type Static } from 'typebox';
import { JobDto } from '#core/api/job.ts';
import type { Api } from './api.ts';
import { CliError } from './command.ts';

const EVERY_MS = 500;

/** Reads again until `done` says so; tells `describe`'s words when they change. */
export async function poll<T>(read: () => Promise<T>, done: (value: T) => boolean, describe: (value: T) => string | null, note: (line: string) => void): Promise<T> {
  for (let last: string | null = null; ; await sleep(EVERY_MS)) {
    const value = await read();
    const words = describe(value);
    if (words !== null && words !== last) note(words);
    last = words;
    if (done(value)) return value;
  }
}

/** Waits for a job of a project. @throws CliError with the job's own words when it fails. */
export async function waitForJob(api: Api, project: string, job: JobDto, note: (line: string) => void): Promise<Static<typeof JobDto>> {
  const find = async (): Promise<JobDto> => (await api.get(Type.Array(JobDto), `/projects/${project}/jobs`)).find((row) => row.id === job.id) ?? job;
  const ended = await poll(find, (row) => row.state !== 'queued' && row.state !== 'running', progressOf, note);
  if (ended.state !== 'done') throw new CliError(ended.error ?? 'It was cancelled.');
  return ended;
}

function progressOf(job: JobDto): string | null {
  if (job.state !== 'running') return null;
  const share = job.total ? ` ${Math.round((100 * job.done) / job.total)} %` : '';
  return `${job.message ?? job.kind}${share}`;
}
