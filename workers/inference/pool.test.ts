import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Lane, type LaneOptions } from './pool.ts';

// Real threads that really die: the first `deaths` requests end their thread, and every one is noted in a file.
let directory = '';
let lane: Lane;
const errors: string[] = [];
beforeEach(async () => { directory = await mkdtemp(join(tmpdir(), 'lane-')); errors.length = 0; });
afterEach(async () => {
  await lane.close();
  await rm(directory, { recursive: true, force: true });
});

async function dying(deaths: number, how: string, more: Partial<LaneOptions> = {}): Promise<Lane> {
  const program = join(directory, 'worker.mjs');
  await writeFile(program, `
    import { appendFileSync, readFileSync } from 'node:fs';
    export const warm = async ({ model }) => {
      appendFileSync(model, 'x');
      if (readFileSync(model, 'utf8').length <= ${deaths}) ${how};
      return { ok: true, value: null, attempts: [] };
    };`);
  return new Lane({ name: 'decode', workers: 1, threads: 1, keep: 1, nice: 0, queue: 10, providers: ['cpu'], onError: (trace) => { errors.push(trace); }, program: pathToFileURL(program), ...more });
}
const asked = async (): Promise<number> => (await readFile(join(directory, 'asked'), 'utf8')).length;

it.each([
  ['thread', 'an exit', 'process.exit(7)'], ['thread', 'an error nobody caught', 'return new Promise(() => { setTimeout(() => { throw new Error("gone"); }); })'],
  ['process', 'an exit', 'process.exit(7)'], ['process', 'a crash', 'process.abort()'],
])('a %s that dies of %s is replaced, and the request is tried once more', async (what, _, how) => {
  lane = await dying(1, how, { isolated: what === 'process' });
  await expect(lane.run('warm', { model: join(directory, 'asked') })).resolves.toBeNull();
  expect(await asked()).toBe(2);
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain('died and is replaced');
});

it('a request that kills every thread is given up after the second, and the next one is answered', async () => {
  lane = await dying(2, 'process.exit(7)');
  await expect(lane.run('warm', { model: join(directory, 'asked') })).rejects.toMatchObject({ code: 'failed', message: expect.stringContaining('twice') });
  expect(await asked()).toBe(2);
  await expect(lane.run('warm', { model: join(directory, 'asked') })).resolves.toBeNull();
  expect(lane.status).toMatchObject({ queued: 0, running: 0 });
});

it('a full queue says that it is busy, at once; what it has taken is answered, and then it takes more', async () => {
  lane = await dying(0, '');
  const ask = () => lane.run('warm', { model: join(directory, 'asked') });
  const taken = Array.from({ length: 11 }, ask); // one runs, ten wait
  await expect(ask()).rejects.toMatchObject({ code: 'busy', message: expect.stringContaining('Try again') });
  expect(lane.status).toMatchObject({ queued: 10, running: 1 });
  await Promise.all(taken);
  expect(await asked()).toBe(11);
  await expect(ask()).resolves.toBeNull();
});

const STUCK = 'for (;;) {}';
// Long enough for a new thread or process to start on a busy machine.
const limit = { ms: 8000, told: 'It took too long.' };

it.each(['thread', 'process'])('a request that never ends is cut off with its %s, is not tried again, and the next one is answered', async (what) => {
  lane = await dying(1, STUCK, { isolated: what === 'process', limit });
  await expect(lane.run('warm', { model: join(directory, 'asked') })).rejects.toMatchObject({ code: 'unavailable', message: 'It took too long.' });
  expect(await asked()).toBe(1);
  await expect(lane.run('warm', { model: join(directory, 'asked') })).resolves.toBeNull();
  expect(lane.status).toMatchObject({ queued: 0, running: 0 });
});

it('a stuck request that is taken back gives its process up, and the next one is answered', async () => {
  lane = await dying(1, STUCK, { isolated: true });
  const taken = new AbortController();
  const stuck = lane.run('warm', { model: join(directory, 'asked') }, { signal: taken.signal });
  const ended = expect(stuck).rejects.toMatchObject({ name: 'AbortError' });
  await expect.poll(() => asked().catch(() => 0), { timeout: 20_000 }).toBe(1);
  taken.abort();
  await ended;
  await expect(lane.run('warm', { model: join(directory, 'asked') })).resolves.toBeNull();
});

it('a lane closes while a request is stuck', async () => {
  lane = await dying(1, STUCK, { isolated: true });
  const ended = expect(lane.run('warm', { model: join(directory, 'asked') })).rejects.toMatchObject({ code: 'unavailable' });
  await expect.poll(() => asked().catch(() => 0), { timeout: 20_000 }).toBe(1);
  await lane.close();
  await ended;
});

it('a process is told no secrets', async () => {
  process.env['DATABASE_URL'] = 'postgres://me:secret@db/emend';
  try {
    lane = await dying(1, 'if (process.env.DATABASE_URL === undefined) process.exit(7)', { isolated: true });
    await lane.run('warm', { model: join(directory, 'asked') });
    expect(await asked(), 'it ended itself for want of the address').toBe(2);
  } finally {
    delete process.env['DATABASE_URL'];
  }
});
