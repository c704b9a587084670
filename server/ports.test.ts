import { createServer } from 'node:net';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

it('free ports lie below the range that the system hands out to connections', async () => {
  for (let i = 0; i < 20; i++) expect(await freePort()).toBeLessThan(32_768);
});
