import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findPython } from './python.ts';
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

it.runIf(process.platform === 'linux')('a trainer whose server was killed is asked to stop, and ends itself where it does not', async (context) => {
  const python = (await findPython())?.command;
  if (python === undefined) return context.skip('there is no Python');
  const [beat, asked] = [join(out, 'beat'), join(out, 'asked')];
  await writeFile(join(out, 'busy.py'), `
import signal, sys, time
sys.path.insert(0, ${JSON.stringify(resolve(import.meta.dirname, '../../../workers/trainer'))})
import parent
parent.GRACE = 1.0
signal.signal(signal.SIGTERM, lambda *_: open(${JSON.stringify(asked)}, "w").close())
parent.end_with_parent()
n = 0
while True:
    n += 1
    open(${JSON.stringify(beat)}, "w").write(str(n))
    time.sleep(0.05)
`);
  const server = spawn(process.execPath, ['-e', `require('node:child_process').spawn(${JSON.stringify(python)}, [${JSON.stringify(join(out, 'busy.py'))}], { detached: true, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })`], { stdio: 'ignore' });
  started.push(server);
  const at = (): Promise<string> => readFile(beat, 'utf8').catch(() => '');
  await expect.poll(at, { timeout: 20_000 }).not.toBe('');
  await new Promise((done) => setTimeout(done, 1500));
  await expect(access(asked), 'while the server lives it is left in peace').rejects.toThrow();
  server.kill('SIGKILL');
  await expect.poll(() => access(asked).then(() => true, () => false), { timeout: 10_000 }).toBe(true);
  await expect.poll(async () => {
    const before = await at();
    await new Promise((done) => setTimeout(done, 400));
    return before === (await at());
  }, { timeout: 10_000 }).toBe(true);
});
