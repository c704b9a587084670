import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { killOrphan } from './trainerProcess.ts';

const started: ReturnType<typeof spawn>[] = [];
let out = '';
beforeEach(async () => { out = await mkdtemp(join(tmpdir(), 'emend-orphan-')); });
afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  await rm(out, { recursive: true, force: true });
});

/** A process that lives until it is killed, named in the pid file of `out`. */
async function lives(argument: string): Promise<ReturnType<typeof spawn>> {
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)', argument], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  started.push(child);
  if (child.stdout) await once(child.stdout, 'data');
  await writeFile(join(out, 'trainer.pid'), String(child.pid));
  return child;
}

it.runIf(process.platform === 'linux')('the trainer that a killed server left behind is ended', async () => {
  const child = await lives(join(out, 'run.json'));
  const ended = once(child, 'exit');
  await killOrphan(out);
  expect((await ended)[1]).toBe('SIGKILL');
  await expect(access(join(out, 'trainer.pid'))).rejects.toThrow();
});

it('another process that has its number by now is left alone', async () => {
  const child = await lives('something else');
  await killOrphan(out);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect([child.exitCode, child.signalCode]).toEqual([null, null]);
  await expect(access(join(out, 'trainer.pid'))).rejects.toThrow();
});

it('nothing to end is no error', async () => {
  await killOrphan(out);
  await writeFile(join(out, 'trainer.pid'), 'not a number');
  await killOrphan(out);
});
