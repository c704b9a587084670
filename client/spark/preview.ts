import type { Box } from '#core/geometry/box.ts';
import type { PreviewField, SparkAnswer, SparkRequest } from './messages.ts';

/** What this needs of a Worker; the tests have a twin. */
export interface SparkPort {
  postMessage(message: SparkRequest, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent<SparkAnswer>) => void) | null;
  terminate(): void;
}
export interface SparkEvents {
  /** A mask for one of the boxes that are asked for. */
  field(key: string, value: PreviewField): void;
  /** How it goes: for the page's own measurements. */
  timing?(ms: number, backend: string): void;
}

/** Larger pictures are looked at in a smaller copy: 16 megapixels are 48 MB in the worker. */
const MAX_PIXELS = 16_000_000;

/**
 * Masks while boxes are being drawn. One question is under way at a time, and of the waiting ones only the newest for each key is kept: a fast hand never
 * waits for boxes that it has left behind.
 */
export class SparkPreview {
  readonly #port: SparkPort;
  readonly #events: SparkEvents;
  readonly #waiting = new Map<string, Box>();
  #picture = 0;
  #open = false;
  #busy = false;
  #broken = false;
  #backend = '';

  constructor(port: SparkPort, events: SparkEvents) {
    this.#port = port;
    this.#events = events;
    port.onmessage = ({ data }) => { this.#hear(data); };
  }

  /** The picture that boxes refer to from now on. The bitmap stays the caller's. */
  async setPicture(bitmap: ImageBitmap | null): Promise<void> {
    const picture = ++this.#picture;
    this.#open = false;
    this.#busy = false;
    this.#waiting.clear();
    if (!bitmap || this.#broken) return;
    const scale = Math.min(1, Math.sqrt(MAX_PIXELS / (bitmap.width * bitmap.height)));
    const size = scale < 1 ? { resizeWidth: Math.round(bitmap.width * scale), resizeHeight: Math.round(bitmap.height * scale) } : {};
    const copy = await createImageBitmap(bitmap, size);
    if (picture !== this.#picture) return copy.close();
    this.#port.postMessage({ type: 'picture', picture, bitmap: copy, scale }, [copy]);
    this.#open = true;
    this.#next();
  }

  /** Asks for the mask of a box; an older question of the same key is forgotten. */
  ask(key: string, box: Box): void {
    if (this.#broken || box[2] < 2 || box[3] < 2) return;
    this.#waiting.set(key, box);
    this.#next();
  }

  forget(key: string): void {
    this.#waiting.delete(key);
  }

  close(): void {
    this.#port.terminate();
  }

  #next(): void {
    if (this.#busy || !this.#open || this.#broken) return;
    const [entry] = this.#waiting;
    if (!entry) return;
    const [key, box] = entry;
    this.#waiting.delete(key);
    this.#busy = true;
    this.#port.postMessage({ type: 'ask', picture: this.#picture, key, box });
  }

  #hear(answer: SparkAnswer): void {
    if (answer.type === 'ready') this.#backend = answer.backend;
    else if (answer.type === 'failed') {
      // Without previews everything else works: masks come from the server on release.
      this.#broken = true;
      console.info(`No masks while drawing: ${answer.message}`);
    } else if (answer.picture === this.#picture) {
      this.#busy = false;
      this.#events.field(answer.key, answer.value);
      this.#events.timing?.(answer.ms, this.#backend);
      this.#next();
    }
  }
}

export function sparkWorker(): SparkPort {
  return new Worker(new URL('./spark.worker.ts', import.meta.url), { type: 'module', name: 'spark' });
}
