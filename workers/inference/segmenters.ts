import { access, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { EmendError } from '#core/errors.ts';
import type { Prompts, SegmentResult } from '#core/segmentation/port.ts';
import { ByteCache } from './lru.ts';
import type { Embedding } from './messages.ts';
import type { Lane } from './pool.ts';
import { sharedBytes } from './sharedTensor.ts';

export const SPARK = 'Spark';

/** One model that makes masks, present on this machine. */
export interface SegmenterStatus {
  readonly name: string;
  readonly family: 'sam' | 'spark';
  readonly inUse: boolean;
  readonly bytes: number;
}

interface SamFiles {
  readonly name: string;
  readonly encoder: string;
  readonly decoder: string;
  readonly bytes: number;
}

interface Options {
  readonly modelsDir: string | null;
  readonly sparkPath: string | null;
  readonly encode: Lane;
  readonly decode: Lane;
  /** Budget of the embedding cache. */
  readonly bytes: number;
}

/**
 * Which weights are better when several are present, best first: measured by box → mask quality on COCO as published (see
 * models/manifest.json), and only then by speed. Names that are in no row come after them, by name.
 */
const PREFERENCE: readonly RegExp[] = [
  /efficientvit.*xl/i, /sam2.*large/i, /sam2.*base/i, /efficientvit/i, /sam2.*small/i, /sam2.*tiny/i, /sam_?vit_?[hlb]|^sam[-_. ]/i,
  /tiny_?sam/i, /mobile_?sam/i, /efficient_?sam.*s\b|vits/i, /efficient_?sam/i,
];

const LOOK_AGAIN_MS = 10_000;

/** Knows the segmentation models that are present, uses the best one, and keeps the embeddings. */
export class Segmenters {
  readonly #options: Options;
  readonly #cache: ByteCache<Embedding>;
  readonly #encoding = new Map<string, Promise<Embedding>>();
  /** SAM files whose contract was not recognised, or that failed to load: not tried again until refresh. */
  readonly #broken = new Set<string>();
  readonly #warmed = new Set<string>();
  #found: Promise<readonly SamFiles[]> | null = null;
  #foundAt = 0;
  #status: readonly SegmenterStatus[] = [];

  constructor(options: Options) {
    this.#options = options;
    this.#cache = new ByteCache(options.bytes, (embedding) => sharedBytes(embedding.tensors));
    this.#models().catch(() => undefined); // whoever asks next hears of it
  }

  get cache(): { entries: number; bytes: number; hits: number; misses: number } {
    return this.#cache.status;
  }

  get status(): readonly SegmenterStatus[] {
    const best = this.#status.find(({ name }) => !this.#broken.has(name))?.name;
    return this.#status.map((entry) => ({ ...entry, inUse: entry.name === best }));
  }

  async refresh(): Promise<void> {
    this.#found = null;
    this.#broken.clear();
    await this.#models();
  }

  async current(): Promise<string | null> {
    return (await this.#best())?.name ?? (this.#options.sparkPath === null ? null : SPARK);
  }

  async prepare(key: string, image: string): Promise<boolean> {
    const sam = await this.#best();
    if (sam !== null) {
      await Promise.all([this.#embedding(sam, key, image), this.#warm(sam.decoder)]);
      return true;
    }
    if (this.#options.sparkPath !== null) await this.#warm(this.#options.sparkPath);
    return false;
  }

  async segment(key: string, image: string, prompts: Prompts): Promise<SegmentResult> {
    const start = performance.now();
    const sam = await this.#best();
    if (sam !== null) {
      try {
        const embedding = await this.#embedding(sam, key, image);
        const candidates = await this.#options.decode.run('decode', { decoder: sam.decoder, embedding, prompts });
        return { model: sam.name, candidates, ms: performance.now() - start };
      } catch (error) {
        if (!(error instanceof EmendError) || error.code !== 'unsupported') throw error;
        this.#broken.add(sam.name); // this pair of files cannot be used at all: the next best one answers, this time too
        return this.segment(key, image, prompts);
      }
    }
    if (this.#options.sparkPath === null) {
      throw new EmendError('unavailable', 'No segmentation model is present, so boxes stay without masks. Fetch one with: npm run models.');
    }
    const candidates = await this.#options.decode.run('spark', { model: this.#options.sparkPath, image, prompts });
    return { model: SPARK, candidates, ms: performance.now() - start };
  }

  /** The first box should not wait for a thread to start and a model to load. */
  async #warm(model: string): Promise<void> {
    if (this.#warmed.has(model)) return;
    this.#warmed.add(model);
    await this.#options.decode.run('warm', { model });
  }

  async #best(): Promise<SamFiles | null> {
    return (await this.#models()).find(({ name }) => !this.#broken.has(name)) ?? null;
  }

  /** From the cache, from an encode that is already under way for somebody else, or new. */
  async #embedding(sam: SamFiles, key: string, image: string): Promise<Embedding> {
    const cacheKey = `${sam.name}:${key}`;
    const known = this.#cache.get(cacheKey);
    if (known) return known;
    const running = this.#encoding.get(cacheKey) ?? this.#options.encode.run('encode', { encoder: sam.encoder, image });
    this.#encoding.set(cacheKey, running);
    try {
      const embedding = await running;
      if (!this.#cache.has(cacheKey)) this.#cache.set(cacheKey, embedding);
      return embedding;
    } finally {
      this.#encoding.delete(cacheKey);
    }
  }

  /** Weights that are put there while the server runs are found within seconds. */
  async #models(): Promise<readonly SamFiles[]> {
    if (this.#found === null || performance.now() - this.#foundAt > LOOK_AGAIN_MS) {
      this.#foundAt = performance.now();
      this.#found = this.#scan();
    }
    return this.#found;
  }

  async #scan(): Promise<readonly SamFiles[]> {
    const found = this.#options.modelsDir === null ? [] : await findPairs(this.#options.modelsDir);
    const spark = this.#options.sparkPath;
    const sparkBytes = spark === null ? null : await stat(spark).then((s) => s.size, () => null);
    this.#status = [
      ...found.map(({ name, bytes }) => ({ name, family: 'sam' as const, inUse: false, bytes })),
      ...(sparkBytes === null ? [] : [{ name: SPARK, family: 'spark' as const, inUse: false, bytes: sparkBytes }]),
    ];
    return found;
  }
}

/**
 * Pairs of files in the models directory that belong together: `NAME_encoder.onnx` + `NAME_decoder.onnx`, with `.`, `-` or `_` between,
 * or osam's `NAME_preprocess.onnx` + `NAME.onnx`; directly in it or one directory deep.
 */
async function findPairs(directory: string): Promise<SamFiles[]> {
  const files = await listOnnx(directory);
  const pairs: SamFiles[] = [];
  for (const encoder of files) {
    const match = /^(.*?)[._-](encoder|preprocess)(.*)\.onnx$/i.exec(path.basename(encoder));
    if (!match) continue;
    const [, stem = '', kind = '', rest = ''] = match;
    const names = kind.toLowerCase() === 'encoder' ? ['.', '_', '-'].map((mark) => `${stem}${mark}decoder${rest}.onnx`) : [`${stem}${rest}.onnx`];
    for (const name of names) {
      const decoder = path.join(path.dirname(encoder), name);
      const bytes = await Promise.all([encoder, decoder].map((file) => stat(file).then((s) => s.size, () => null)));
      if (bytes[0] != null && bytes[1] != null) pairs.push({ name: `${stem}${rest}`, encoder, decoder, bytes: bytes[0] + bytes[1] });
    }
  }
  return pairs.sort((a, b) => rank(a.name) - rank(b.name) || a.name.localeCompare(b.name));
}

async function listOnnx(directory: string): Promise<string[]> {
  if (!(await access(directory).then(() => true, () => false))) return [];
  const entries = await readdir(directory, { withFileTypes: true });
  const nested = await Promise.all(
    entries.filter((entry) => entry.isDirectory()).map(async (entry) => (await readdir(path.join(directory, entry.name))).map((name) => path.join(entry.name, name))),
  );
  return [...entries.filter((entry) => entry.isFile()).map(({ name }) => name), ...nested.flat()].filter((name) => name.endsWith('.onnx')).map((name) => path.join(directory, name));
}

function rank(name: string): number {
  const at = PREFERENCE.findIndex((pattern) => pattern.test(name));
  return at === -1 ? PREFERENCE.length : at;
}
