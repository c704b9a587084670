import { stat } from 'node:fs/promises';
import { EmendError } from '#core/errors.ts';
import type { MaskCandidate, Prompts, SegmentResult } from '#core/segmentation/port.ts';
import { EmbeddingStore, type StoreStatus } from './embeddingStore.ts';
import { ByteCache } from './lru.ts';
import type { Embedding } from './messages.ts';
import type { Lane } from './pool.ts';
import type { SamFiles } from './samFiles.ts';
import { SamModels, SPARK, type SegmenterStatus } from './samModels.ts';
import { judge, readSelfTest } from './selfTest.ts';
import { sharedBytes } from './sharedTensor.ts';

interface Options {
  readonly modelsDir: string | null;
  readonly sparkPath: string | null;
  readonly encode: Lane;
  readonly decode: Lane;
  /** Budget of the embedding cache in memory. */
  readonly bytes: number;
  /** Where embeddings are kept beyond that, and how many bytes of them; null: nowhere. */
  readonly disk: { readonly directory: string; readonly bytes: number } | null;
  /** Whether a model must find the mask of the test picture before it is used. */
  readonly selfTest: boolean;
  readonly onError: (trace: string) => void;
}

/** SAM's own authors drop masks whose estimated IoU is below this (segment_anything, automatic_mask_generator.py, pred_iou_thresh). */
const DOUBT = 0.88;
/** Candidates of one answer. */
const MOST = 3;

/** An encode that is under way; somebody may come to wait for it. */
interface Encoding {
  readonly work: Promise<Embedding>;
  readonly ticket: object;
}

/** Uses the best segmentation model that is present, and keeps the embeddings. */
export class Segmenters {
  readonly #options: Options;
  readonly #models: SamModels;
  readonly #cache: ByteCache<Embedding>;
  readonly #store: EmbeddingStore | null;
  readonly #encoding = new Map<string, Encoding>();
  readonly #warmed = new Set<string>();
  /** Prompts that found their embedding in memory or on disk, and those that had to wait for an encode. */
  readonly #found = { hits: 0, misses: 0 };
  #sparkBytes: number | null = null;
  #best: SamFiles | null = null;

  constructor(options: Options) {
    const { selfTest, disk } = options;
    this.#options = options;
    this.#cache = new ByteCache(options.bytes, (embedding) => sharedBytes(embedding.tensors));
    this.#store = disk && new EmbeddingStore(disk.directory, disk.bytes);
    this.#models = new SamModels({
      directory: options.modelsDir,
      inspect: async ({ encoder, decoder }) => { await options.encode.run('inspect', { encoder, decoder }); },
      test: selfTest ? (files) => this.#test(files) : null,
    });
    this.current().catch(() => undefined); // whoever asks next hears of it
  }

  /** Of the two tiers. Counted are prompts, since somebody waits for each: encoding ahead is what makes them hits. */
  get cache(): { entries: number; bytes: number; hits: number; misses: number; disk: StoreStatus } {
    const { entries, bytes } = this.#cache.status;
    return { entries, bytes, ...this.#found, disk: this.#store?.status ?? { entries: 0, bytes: 0, hits: 0 } };
  }

  get status(): readonly SegmenterStatus[] {
    const spark: Omit<SegmenterStatus, 'inUse'>[] = this.#sparkBytes === null ? [] : [{ name: SPARK, family: 'spark', bytes: this.#sparkBytes, state: 'ready', problem: null, testIou: null }];
    const used = this.#best?.name ?? SPARK;
    return [...this.#models.status, ...spark].map((entry) => ({ ...entry, inUse: entry.state === 'ready' && entry.name === used }));
  }

  /** What a person chose; null = the best that is present. */
  get choice(): string | null {
    return this.#models.choice;
  }

  async choose(name: string | null): Promise<void> {
    await this.#models.choose(name);
    await this.current();
  }

  async refresh(): Promise<void> {
    await this.#models.refresh();
    await this.current();
  }

  /** Resolves when all weights that are present have been tested. */
  async tested(): Promise<void> {
    await this.#models.tested();
    await this.current();
  }

  async current(): Promise<string | null> {
    const { sparkPath } = this.#options;
    this.#sparkBytes ??= sparkPath === null ? null : await stat(sparkPath).then((s) => s.size, () => null);
    this.#best = await this.#models.best();
    return this.#best?.name ?? (sparkPath === null ? null : SPARK);
  }

  async prepare(key: string, image: string): Promise<boolean> {
    const sam = await this.#models.best();
    if (sam !== null) {
      await Promise.all([this.#embedding(sam, key, image, false), this.#warm(sam.decoder)]);
      return true;
    }
    if (this.#options.sparkPath !== null) await this.#warm(this.#options.sparkPath);
    return false;
  }

  /** `signal` takes the prompt back while it waits in a queue; an encode that has been asked for stays, since the next prompt needs it too. */
  async segment(key: string, image: string, prompts: Prompts, signal?: AbortSignal, most = MOST): Promise<SegmentResult> {
    const start = performance.now();
    const sam = await this.#models.best();
    if (sam !== null) {
      try {
        const embedding = await this.#embedding(sam, key, image, true);
        const own = await this.#options.decode.run('decode', { decoder: sam.decoder, embedding, prompts, most }, { signal });
        const candidates = await this.#secondOpinion(own, image, prompts, signal);
        return { model: sam.name, candidates, ms: performance.now() - start };
      } catch (error) {
        if (!(error instanceof EmendError) || error.code !== 'unsupported') throw error;
        this.#models.refuse(sam, error.message); // the next best one answers, this time too
        return this.segment(key, image, prompts, signal, most);
      }
    }
    if (this.#options.sparkPath === null) {
      throw new EmendError('unavailable', 'No segmentation model is present, so boxes stay without masks. Fetch one with: npm run models.');
    }
    const candidates = await this.#options.decode.run('spark', { model: this.#options.sparkPath, image, prompts }, { signal });
    return { model: SPARK, candidates, ms: performance.now() - start };
  }

  /** While the box was drawn Spark's mask was on the screen: where SAM doubts its own, Spark is asked too, and the better score comes first. */
  async #secondOpinion(own: readonly MaskCandidate[], image: string, prompts: Prompts, signal?: AbortSignal): Promise<readonly MaskCandidate[]> {
    const { sparkPath, decode, onError } = this.#options;
    const [best] = own;
    if (sparkPath === null || !prompts.box || (best && best.score >= DOUBT)) return own;
    try {
      const [other] = await decode.run('spark', { model: sparkPath, image, prompts }, { signal });
      if (!other || (best && other.score <= best.score)) return own;
      return [{ ...other, model: SPARK }, ...own].slice(0, MOST);
    } catch (error) {
      if (signal?.aborted) throw error;
      onError(`Spark's second opinion failed: ${String(error)}`);
      return own;
    }
  }

  async #test({ encoder, decoder }: SamFiles): Promise<number> {
    const test = await readSelfTest();
    const embedding = await this.#options.encode.run('encode', { encoder, image: test.image });
    return judge(test, await this.#options.decode.run('decode', { decoder, embedding, prompts: { box: test.box }, most: 1 }));
  }

  /** The first box should not wait for a thread to start and a model to load. */
  async #warm(model: string): Promise<void> {
    if (this.#warmed.has(model)) return;
    this.#warmed.add(model);
    await this.#options.decode.run('warm', { model });
  }

  /** From memory, from an encode that is already under way, from disk, or new. Who waits for it (`urgent`) goes before those made ahead. */
  async #embedding(sam: SamFiles, key: string, image: string, urgent: boolean): Promise<Embedding> {
    const cacheKey = `${sam.stamp}:${key}`;
    const known = this.#cache.get(cacheKey);
    if (urgent && known) this.#found.hits += 1;
    if (known) return known;
    const running = this.#encoding.get(cacheKey);
    if (running) {
      if (urgent) this.#found.misses += 1;
      if (urgent) this.#options.encode.hurry(running.ticket);
      return running.work;
    }
    const ticket = {};
    const work = this.#make(sam, cacheKey, image, ticket, urgent).finally(() => { this.#encoding.delete(cacheKey); });
    this.#encoding.set(cacheKey, { work, ticket });
    return work;
  }

  async #make(sam: SamFiles, cacheKey: string, image: string, ticket: object, urgent: boolean): Promise<Embedding> {
    const { encode, onError } = this.#options;
    const stored = await this.#store?.get(cacheKey);
    if (urgent) this.#found[stored ? 'hits' : 'misses'] += 1;
    if (stored) {
      this.#cache.set(cacheKey, stored);
      return stored;
    }
    const encoding = encode.run('encode', { encoder: sam.encoder, image }, { ticket });
    if (urgent) encode.hurry(ticket);
    const embedding = await encoding;
    this.#cache.set(cacheKey, embedding);
    // A full disk costs time later and nothing else.
    this.#store?.put(cacheKey, embedding).catch((error: unknown) => { onError(`an embedding could not be kept on disk: ${String(error)}`); });
    return embedding;
  }
}
