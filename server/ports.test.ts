import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readConfig } from './config.ts';
import { start } from './main.ts';
import { freePort } from './ports.ts';

it('a port in use is told before anything is made', async () => {
  const port = await freePort();
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  const dataDir = mkdtempSync(join(tmpdir(), 'emend-port-'));
  try {
    const starting = start(readConfig({ EMEND_PORT: String(port), EMEND_DATA: dataDir }, dataDir));
    await expect(starting).rejects.toThrow(`Port ${port} is in use, by another program or by an Emend that runs already. Stop that one, or set EMEND_PORT to a free port.`);
    expect(readdirSync(dataDir)).toEqual([]);
  } finally {
    other.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
});

it.each([['foo.invalid', /^EMEND_HOST is "foo\.invalid"/], ['192.0.2.1', /^This machine has no address 192\.0\.2\.1/]])('the address %s, which is not this machine\'s, is told in a sentence', async (host, words) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'emend-host-'));
  try {
    await expect(start(readConfig({ EMEND_HOST: host, EMEND_PORT: '0', EMEND_DATA: dataDir }, dataDir))).rejects.toThrow(words);
    expect(readdirSync(dataDir)).toEqual([]);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});

it('the program itself leaves nothing behind when its port is in use', async () => {
  const port = await freePort();
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  const root = mkdtempSync(join(tmpdir(), 'emend-port-'));
  try {
    const child = spawn(process.execPath, [fileURLToPath(new URL('./main.ts', import.meta.url))], { env: { ...process.env, EMEND_PORT: String(port), EMEND_HOST: '127.0.0.1', EMEND_DATA: join(root, 'data') }, stdio: ['ignore', 'ignore', 'pipe'] });
    let words = '';
    child.stderr.on('data', (chunk: Buffer) => { words += chunk.toString(); });
    const [code] = await once(child, 'close');
    expect([code, words.trim(), readdirSync(root)]).toEqual([1, expect.stringMatching(/^Port \d+ is in use.*free port\.$/), []]);
  } finally {
    other.close();
    rmSync(root, { recursive: true, force: true });
  }
});

it('free ports lie below the range that the system hands out to connections', async () => {
  for (let i = 0; i < 20; i++) expect(await freePort()).toBeLessThan(32_768);
});
