import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ManifestModel } from './fetch-model.mjs';
import { fetchModel } from './fetch-model.mjs';

const content = randomBytes(300_000);
const sha256 = createHash('sha256').update(content).digest('hex');
let server: Server;
let base = '';
let directory = '';
/** Ranges that were asked for; and after how many bytes the server hangs up. */
let asked: (string | undefined)[] = [];
let cutAt: number | null = null;

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.headers.range);
    if (request.url === '/missing') return response.writeHead(404).end();
    const from = request.url === '/no-ranges' ? 0 : Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (from >= content.length) return response.writeHead(416).end();
    const partial = from > 0;
    response.writeHead(partial ? 206 : 200, { 'content-length': content.length - from });
    if (cutAt === null) return response.end(content.subarray(from));
    response.write(content.subarray(from, cutAt), () => setTimeout(() => response.destroy(), 50));
    return response;
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const address = server.address();
  base = typeof address === 'object' && address ? `http://127.0.0.1:${address.port}` : '';
});
afterAll(() => new Promise<void>((resolve) => { server.close(() => { resolve(); }); }));
beforeEach(async () => {
  [asked, cutAt] = [[], null];
  directory = await mkdtemp(join(tmpdir(), 'inference-models-'));
  return async () => rm(directory, { recursive: true, force: true });
});

const model = (url: string, hash = sha256): ManifestModel => ({
  name: 'tiny', title: 'Tiny', family: 'sam', licence: 'Apache-2.0', inputSize: 1024, embedding: { shape: '1×256×64×64', bytes: 4_194_304 }, parameters: '1 M', quality: null, bestFor: 'tests',
  files: [{ role: 'encoder', url, sha256: hash }],
});

describe('fetching weights', () => {
  it('downloads, checks, reports, and leaves a right file alone', async () => {
    const seen: number[] = [];
    await fetchModel(model(`${base}/file`), directory, { onProgress: ({ done }) => seen.push(done) });
    expect(await readFile(join(directory, 'tiny.encoder.onnx'))).toEqual(content);
    expect(seen.at(-1)).toBe(content.length);
    await fetchModel(model(`${base}/file`), directory);
    expect(asked).toHaveLength(1);
  });

  it('goes on where it was cut off', async () => {
    cutAt = 100_000;
    await expect(fetchModel(model(`${base}/file`), directory)).rejects.toThrow(/What came is kept/);
    cutAt = null;
    await fetchModel(model(`${base}/file`), directory);
    expect(Number(/\d+/.exec(asked[1] ?? '')?.[0])).toBeGreaterThan(0);
    expect(await readFile(join(directory, 'tiny.encoder.onnx'))).toEqual(content);
    expect(await readdir(directory)).toEqual(['tiny.encoder.onnx']);
  });

  it('begins again where the server knows no ranges', async () => {
    await writeFile(join(directory, 'tiny.encoder.onnx.part'), content.subarray(0, 5000));
    await fetchModel(model(`${base}/no-ranges`), directory);
    expect(await readFile(join(directory, 'tiny.encoder.onnx'))).toEqual(content);
  });

  it('throws wrong content away and says so', async () => {
    await expect(fetchModel(model(`${base}/file`, 'ab'.repeat(32)), directory)).rejects.toThrow(/wrong content/);
    expect(await readdir(directory)).toEqual([]);
  });

  it('says what to do without a network, and when the file is gone', async () => {
    await expect(fetchModel(model('http://127.0.0.1:1/file'), directory)).rejects.toThrow(/cannot be reached .*put it at .*tiny\.encoder\.onnx\./);
    await expect(fetchModel(model(`${base}/missing`), directory)).rejects.toThrow(/answered 404/);
  });

  it('the command lists, fetches and verifies', async () => {
    const manifest = join(directory, 'manifest.json');
    await writeFile(manifest, JSON.stringify({ format: 'emend-models-1', models: [model(`${base}/file`)] }));
    const run = (...args: string[]) => new Promise<{ code: number; text: string }>((resolve) => {
      const env = { ...process.env, EMEND_DATA: directory, EMEND_MODELS_MANIFEST: manifest };
      execFile(process.execPath, [fileURLToPath(new URL('./models.mjs', import.meta.url)), ...args], { env }, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, text: stdout + stderr });
      });
    });
    expect((await run('list')).text).toContain('npm run models -- fetch tiny');
    expect(await run('fetch', 'tiny')).toMatchObject({ code: 0 });
    expect((await run('verify')).text).toContain('right');
    await writeFile(join(directory, 'models', 'tiny.encoder.onnx'), 'spoiled');
    expect(await run('verify')).toMatchObject({ code: 1 });
    expect(await run('fetch', 'nothing')).toMatchObject({ code: 1 });
    expect((await run('dance')).text).toContain('Usage');
  });
});
