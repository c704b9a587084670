import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const MANIFEST = fileURLToPath(new URL('../models/manifest.json', import.meta.url));

/** Everything that the environment may set, validated once at start. docs/operations.md lists the same. */
export interface Config {
  host: string;
  port: number;
  /** Absolute. Blobs, embedded PostgreSQL, the trainer's environment, fetched weights. */
  dataDir: string;
  /** undefined = the embedded PostgreSQL. */
  databaseUrl: string | undefined;
  /** What people type in the browser; its origin is the only one that sockets accept. */
  publicUrl: string;
  roles: ReadonlySet<Role>;
  inferenceThreads: number;
  /** A picture on which a model works longer than this is given up, and the job with it. */
  predictSeconds: number;
  /** Pixels of one image: larger ones are refused before they are decoded. */
  maxPixels: number;
  /** Bytes of one uploaded file, archives included. */
  maxUploadBytes: number;
  /** Memory for encoded pictures; what does not fit is on disk. */
  embeddingBytes: number;
  /** The list of segmentation weights; another one where these are fetched from elsewhere. */
  modelsManifest: string;
  logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Pictures of the demo project; 0 = no demo project. */
  demo: number;
}

export type Role = 'web' | 'infer' | 'train';

export class ConfigError extends Error {}

/** A variable that is empty or blank counts as unset: that is how compose files and shells write "nothing". */
export function readConfig(variables: Record<string, string | undefined>, cwd: string): Config {
  const env = Object.fromEntries(Object.entries(variables).filter(([, value]) => value?.trim() !== ''));
  const host = env['EMEND_HOST'] ?? '127.0.0.1';
  const port = integer(env, 'EMEND_PORT', 4400, 0, 65_535);
  return {
    host,
    port,
    dataDir: resolve(cwd, env['EMEND_DATA'] ?? 'data'),
    databaseUrl: databaseUrl(env['DATABASE_URL']),
    publicUrl: publicUrl(env['EMEND_URL'], host, port),
    roles: roles(env['EMEND_ROLES']),
    inferenceThreads: integer(env, 'EMEND_INFERENCE_THREADS', 1, 1, 64),
    predictSeconds: integer(env, 'EMEND_PREDICT_SECONDS', 120, 10, 86_400),
    maxPixels: integer(env, 'EMEND_MAX_PIXELS', 120_000_000, 1_000_000, 2_000_000_000),
    maxUploadBytes: integer(env, 'EMEND_MAX_UPLOAD_BYTES', 4 * 1024 ** 3, 1024, 2 ** 45),
    embeddingBytes: integer(env, 'EMEND_EMBEDDING_BYTES', 512 * 2 ** 20, 2 ** 20, 2 ** 40),
    modelsManifest: env['EMEND_MODELS_MANIFEST'] === undefined ? MANIFEST : resolve(cwd, env['EMEND_MODELS_MANIFEST']),
    logLevel: logLevel(env['EMEND_LOG']),
    demo: integer(env, 'EMEND_DEMO', 212, 0, 10_000),
  };
}

function integer(env: Record<string, string | undefined>, name: string, fallback: number, min: number, max: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) throw new ConfigError(`${name} is "${text}"; it must be a whole number from ${min} to ${max}.`);
  return value;
}

function databaseUrl(text: string | undefined): string | undefined {
  if (!text) return undefined;
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) throw new ConfigError('DATABASE_URL must look like postgresql://user:password@host:5432/database.');
  return text;
}

function publicUrl(text: string | undefined, host: string, port: number): string {
  if (text && (!URL.canParse(text) || !/^https?:/.test(text))) throw new ConfigError(`EMEND_URL is "${text}"; it must be the http or https address that people open.`);
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return (text ?? `http://${shown}:${port}`).replace(/\/$/, '');
}

function roles(text: string | undefined): ReadonlySet<Role> {
  const all: Role[] = ['web', 'infer', 'train'];
  if (!text) return new Set(all);
  const named = text.split(/[|,]/).map((r) => r.trim());
  const known = all.filter((r) => named.includes(r));
  const unknown = named.find((r) => !all.some((role) => role === r));
  if (unknown !== undefined) throw new ConfigError(`EMEND_ROLES names "${unknown}"; known are web, infer and train.`);
  return new Set(known);
}

function logLevel(text: string | undefined): Config['logLevel'] {
  const levels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
  const level = levels.find((l) => l === (text ?? 'info'));
  if (!level) throw new ConfigError(`EMEND_LOG is "${text}"; it must be one of ${levels.join(', ')}.`);
  return level;
}
