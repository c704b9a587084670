import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, env, platform } from 'node:process';
import path from 'node:path';
import type { Tensor } from 'onnxruntime-node';
import { InferenceSession } from 'onnxruntime-node';
import { EmendError } from '#core/errors.ts';
import { readModelFile } from './modelFile.ts';
import type { OnnxMeta } from './onnxMeta.ts';

/** Tried in this order; onnxruntime-node throws instead of falling back by itself. */
export const PROVIDERS = ['cuda', 'webgpu', 'cpu'] as const;
export type Provider = (typeof PROVIDERS)[number];

/** What came of one provider, for the log and the System page. */
export interface Attempt {
  readonly provider: Provider;
  readonly ok: boolean;
  readonly reason: string;
}

export interface LoadedModel {
  readonly session: InferenceSession;
  readonly meta: OnnxMeta;
  readonly provider: Provider;
}

export interface SessionOptions {
  readonly providers: readonly Provider[];
  /** CPU threads within one operator. */
  readonly threads: number;
  /** Loaded models kept per worker; the one unused for longest is released. */
  readonly keep: number;
}

/** The models of one worker thread, each loaded once and kept. */
export class Sessions {
  readonly #options: SessionOptions;
  readonly #loaded = new Map<string, Promise<LoadedModel>>();
  readonly #attempts = new Map<Provider, Attempt>();

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get attempts(): readonly Attempt[] {
    return [...this.#attempts.values()];
  }

  /** The model of a file (paths are content-addressed or fixed by the manifest, so one path is one model). */
  async open(file: string): Promise<LoadedModel> {
    const known = this.#loaded.get(file);
    const opening = known ?? this.#load(file);
    this.#loaded.delete(file); // put last: a Map keeps the order of insertion, which makes it the order of use
    this.#loaded.set(file, opening);
    try {
      const model = await opening;
      await this.#evict();
      return model;
    } catch (error) {
      this.#loaded.delete(file);
      throw error;
    }
  }

  async close(): Promise<void> {
    const all = [...this.#loaded.values()];
    this.#loaded.clear();
    for (const opening of all) await (await opening).session.release();
  }

  async #evict(): Promise<void> {
    while (this.#loaded.size > this.#options.keep) {
      const [oldest] = this.#loaded;
      if (!oldest) return;
      this.#loaded.delete(oldest[0]);
      await (await oldest[1]).session.release();
    }
  }

  async #load(file: string): Promise<LoadedModel> {
    const { bytes, meta } = await readModelFile(file);
    for (const provider of this.#options.providers) {
      if (this.#attempts.get(provider)?.ok === false) continue; // it failed for reasons of this machine: do not ask again
      const missing = missingLibrary(provider);
      if (missing !== null) {
        this.#attempts.set(provider, { provider, ok: false, reason: missing });
        continue;
      }
      const session = await this.#create(bytes, provider);
      if (session !== null) return { session, meta, provider };
    }
    throw new EmendError('unavailable', 'The model could not be loaded: ONNX Runtime refused it. Check on the System page which providers were tried, and export the model again.', this.attempts.map(({ provider, reason }) => `${provider}: ${reason}`).join('; '));
  }

  async #create(bytes: Uint8Array, provider: Provider): Promise<InferenceSession | null> {
    try {
      const session = await InferenceSession.create(bytes, {
        executionProviders: [provider],
        intraOpNumThreads: this.#options.threads,
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
        // Threads that wait for each other would otherwise burn their core; here lanes, server and database share the cores. Measured with two of them busy
        // elsewhere: 1.27 s instead of 1.58 s for a decode, and a fifth less processor time.
        extra: { session: { intra_op: { allow_spinning: '0' } } },
      });
      this.#attempts.set(provider, { provider, ok: true, reason: 'in use' });
      return session;
    } catch (error) {
      // The CPU provider always exists: its failure is the model's, and says nothing about the next model.
      if (provider === 'cpu') throw new EmendError('unsupported', 'ONNX Runtime cannot load this model. Export it again with a current version of its tool.', firstLine(error));
      this.#attempts.set(provider, { provider, ok: false, reason: firstLine(error) });
      return null;
    }
  }
}

/**
 * What a provider needs and this machine lacks, or null. Asked before the runtime is, because that would write messages of its own to the
 * terminal at each try.
 */
function missingLibrary(provider: Provider): string | null {
  if (provider === 'cuda') {
    if (platform !== 'linux' || arch !== 'x64') return 'exists for Linux on x64 only';
    const entry = createRequire(import.meta.url).resolve('onnxruntime-node');
    const library = path.join(path.dirname(entry), '..', 'bin', 'napi-v6', platform, arch, 'libonnxruntime_providers_cuda.so');
    return existsSync(library) ? null : 'its libraries are not installed (npm run cuda fetches them)';
  }
  if (provider === 'webgpu' && platform === 'linux') return VULKAN.some((file) => existsSync(file)) ? null : 'no Vulkan driver is installed';
  return null;
}

/** Where Linux keeps the Vulkan loader, which WebGPU runs on there. */
const VULKAN = [...(env['LD_LIBRARY_PATH'] ?? '').split(':').filter(Boolean), '/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib', '/usr/local/lib'].map((directory) => path.join(directory, 'libvulkan.so.1'));

/** The first sentence of a runtime's message, without the C++ source paths in front. */
function firstLine(error: unknown): string {
  const text = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
  return text.replace(/^.*?was false\. /, '').replace(/\/\S+/g, '').trim().slice(0, 200);
}

/** Runs a model. Only the outputs in `wanted` (default: all) are brought back. */
export async function runModel(model: LoadedModel, feeds: Readonly<Record<string, Tensor>>, wanted: readonly string[] = model.session.outputNames): Promise<InferenceSession.OnnxValueMapType> {
  try {
    return await model.session.run(feeds, wanted);
  } catch (error) {
    throw new EmendError('failed', 'The model stopped with an error on this picture; nothing was changed. If it happens with every picture, export the model again.', firstLine(error));
  }
}

/** An output as float32. @throws EmendError `unsupported` when it is missing or of another type. */
export function floatOutput(outputs: InferenceSession.OnnxValueMapType, name: string): { data: Float32Array; dims: readonly number[] } {
  const value = outputs[name];
  if (!value || !(value.data instanceof Float32Array)) throw new EmendError('unsupported', `The model gives no 32-bit output “${name}”. Export it in full precision.`);
  return { data: value.data, dims: value.dims };
}
