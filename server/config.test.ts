import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from './config.ts';
import { openLog } from './log.ts';

const read = (env: Record<string, string>) => readConfig(env, '/srv/app');

describe('the configuration', () => {
  it('has defaults for everything; blank variables count as unset', () => {
    const blank = Object.fromEntries(['EMEND_HOST', 'EMEND_PORT', 'EMEND_DATA', 'DATABASE_URL', 'EMEND_URL', 'EMEND_ROLES', 'EMEND_INFERENCE_THREADS', 'EMEND_PREDICT_SECONDS', 'EMEND_MAX_PIXELS', 'EMEND_MAX_UPLOAD_BYTES', 'EMEND_LOG', 'EMEND_DEMO'].map((name, i) => [name, i % 2 ? '' : '  ']));
    expect(read(blank)).toEqual(read({}));
    expect(read({})).toMatchObject({ host: '127.0.0.1', port: 4400, dataDir: '/srv/app/data', databaseUrl: undefined, publicUrl: 'http://127.0.0.1:4400', logLevel: 'info', demo: 212 });
    expect([...read({}).roles]).toEqual(['web', 'infer', 'train']);
  });

  it('takes what is set', () => {
    expect(read({ EMEND_HOST: '0.0.0.0', EMEND_PORT: '80', EMEND_DATA: '/srv/e m', EMEND_DEMO: '0' })).toMatchObject({ host: '0.0.0.0', port: 80, dataDir: '/srv/e m', publicUrl: 'http://localhost:80', demo: 0 });
    expect(read({ EMEND_URL: 'https://emend.example.org/' }).publicUrl).toBe('https://emend.example.org');
    expect([...read({ EMEND_ROLES: 'infer | train' }).roles]).toEqual(['infer', 'train']);
    expect(read({ DATABASE_URL: 'postgres://me:pw@db/emend' }).databaseUrl).toBe('postgres://me:pw@db/emend');
  });

  it.each([
    [{ EMEND_PORT: '70000' }, 'EMEND_PORT'], [{ EMEND_PORT: '4.5' }, 'EMEND_PORT'], [{ EMEND_PORT: 'http' }, 'EMEND_PORT'],
    [{ EMEND_ROLES: 'web|gpu' }, '"gpu"'], [{ EMEND_LOG: 'loud' }, 'EMEND_LOG'], [{ EMEND_URL: 'emend.example.org' }, 'EMEND_URL'], [{ EMEND_URL: 'ftp://x' }, 'EMEND_URL'],
    [{ DATABASE_URL: 'mysql://x' }, 'DATABASE_URL'], [{ DATABASE_URL: 'db:5432' }, 'DATABASE_URL'], [{ EMEND_DEMO: '-1' }, 'EMEND_DEMO'], [{ EMEND_INFERENCE_THREADS: '0' }, 'EMEND_INFERENCE_THREADS'], [{ EMEND_PREDICT_SECONDS: '1' }, 'EMEND_PREDICT_SECONDS'],
    [{ EMEND_MAX_PIXELS: 'all' }, 'EMEND_MAX_PIXELS'], [{ EMEND_MAX_UPLOAD_BYTES: '1' }, 'EMEND_MAX_UPLOAD_BYTES'],
  ])('refuses %j in one sentence that names it', (env, named) => {
    expect(() => read({ ...env })).toThrow(ConfigError);
    expect(() => read({ ...env })).toThrow(named);
  });
});

describe('the data directory', () => {
  const at = (dataDir: string) => () => openLog({ dataDir, logLevel: 'silent' });

  it('is made with everything above it', () => {
    const root = mkdtempSync(join(tmpdir(), 'emend-log-'));
    try {
      at(join(root, 'a', 'b c'))();
      expect(statSync(join(root, 'a', 'b c', 'emend.log')).isFile()).toBe(true);
      writeFileSync(join(root, 'file'), '');
      expect(at(join(root, 'file'))).toThrow(/cannot be written to/);
      expect(at(join(root, 'file', 'x'))).toThrow(/cannot be written to/);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  it.runIf(process.platform === 'linux')('that can be made nowhere is told, and does not hang', () => {
    expect(at('/proc/emend/data')).toThrow('The data directory /proc/emend/data cannot be written to (ENOENT)');
  });
});
