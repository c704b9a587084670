import type * as Y from 'yjs';
import { EmendError } from '#core/errors.ts';
import { annotationsOf, setMask } from '#core/annotation/doc.ts';
import { beginsWith, isAnswered, sameBox } from '#core/annotation/merge.ts';
import type { Origin } from '#core/annotation/origin.ts';
import { AnnotationSchema, type Annotation, type Click, type Mask } from '#core/annotation/schema.ts';
import type { Box } from '#core/geometry/box.ts';
import { toBox } from '#core/geometry/rle.ts';
import type { Prompts, SegmentResult } from '#core/segmentation/port.ts';
import type { ServerToClient } from '#core/protocol.ts';
import { Value } from 'typebox/value';
import type { Inference } from '#inference';
import type { Log } from '../../context.ts';

export type MaskNotice = Omit<Parameters<ServerToClient['room:mask']>[0], 'task'>;

/** What this feature needs of the rooms (server/sync/rooms.ts); the tests have a twin in memory. */
export interface RoomDocs {
  /** Changes a document as the server: stored and sent to everybody like any other edit. False = the edit changed nothing. */
  apply(task: string, origin: Origin, edit: (doc: Y.Doc) => void): Promise<boolean>;
  /** Tells everybody in the room; best effort. */
  tellMask(task: string, notice: MaskNotice): void;
}

/** The picture of a task: its content hash and where it lies. */
export interface TaskPicture {
  readonly sha256: string;
  readonly path: string;
}

export interface Parts {
  readonly rooms: RoomDocs;
  readonly inference: Pick<Inference, 'segment' | 'prepare' | 'segmenter'>;
  readonly log: Pick<Log, 'warn'>;
  /** Null when the task is not of a segmentation project: its boxes need no masks. */
  readonly pictureOf: (task: string) => Promise<TaskPicture | null>;
  /** The first box is asked for at once; one that changes again within this time (arrow keys, a stream of updates) when it has rested this long. Milliseconds. */
  readonly restMs?: number;
}

interface Running {
  /** Something newer waits behind it. */
  again: boolean;
  /** What is asked for. */
  readonly wish: string | null;
  /** Takes its prompt out of the model's queue. */
  readonly stop: AbortController;
  readonly work: Promise<void>;
}

/** Why a prompt was taken back: a newer one is asked right after it. */
const SUPERSEDED = Symbol('superseded');

const REST_MS = 120;
/** Boxes smaller than this in either direction hold no object that a mask could outline. Pixels. */
const LEAST_SIDE = 2;

/**
 * Makes masks for boxes that people draw or move and for their clicks, one per annotation at a time. The newest wish counts: what was asked for a
 * box that has moved meanwhile, or before the last click, is dropped when it arrives, and the new wish is asked for.
 */
export class MaskMaker {
  readonly #parts: Parts;
  /** By task and annotation: the timer of a box that has not rested yet. */
  readonly #resting = new Map<string, { timer: NodeJS.Timeout; begin: () => void }>();
  /** When a mask was last begun because its box or clicks had changed. */
  readonly #begun = new Map<string, number>();
  /** What is being computed, and whether something newer waits behind it. */
  readonly #running = new Map<string, Running>();
  /** Wishes that failed, by what they were for: not repeated by themselves on the next unrelated edit. */
  readonly #failed = new Map<string, string>();
  readonly #work = new Set<Promise<void>>();
  #closed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** After a change by a person: asks for every mask that is missing or of a former box, among these annotations (default: all). */
  consider(task: string, doc: Y.Doc, changed: Iterable<string> = annotationsOf(doc).keys()): void {
    for (const id of changed) {
      const annotation = read(doc, id);
      if (annotation && wantsMask(annotation)) this.#rest(task, id, doc);
    }
  }

  /** A person asks for one mask again (after clicks, or after a failure). */
  ask(task: string, id: string, doc: Y.Doc): void {
    this.#failed.delete(keyOf(task, id));
    this.#start(task, id, doc, true);
  }

  /** Encodes the pictures of tasks that come next, in this order, so that their first mask is fast. Failures only cost time later. */
  prefetch(tasks: readonly string[]): void {
    const { pictureOf, inference } = this.#parts;
    // All rows are read before the first is asked for: whichever is read first does not overtake the image that is open.
    this.#track(Promise.all(tasks.map((task) => pictureOf(task))).then(async (pictures) => {
      await Promise.all(pictures.flatMap((picture) => (picture ? [inference.prepare(picture.sha256, picture.path)] : [])));
    }));
  }

  /** The room is closed: what rested is not asked for, what failed may be tried again when it opens. */
  forget(task: string): void {
    for (const [key, { timer }] of this.#resting) {
      if (!key.startsWith(`${task} `)) continue;
      clearTimeout(timer);
      this.#resting.delete(key);
    }
    for (const known of [this.#failed, this.#begun]) for (const key of known.keys()) if (key.startsWith(`${task} `)) known.delete(key);
  }

  /** Resolves when every mask that a task still waits for is there, or has failed, or `limitMs` are over. Boxes at rest are begun at once. */
  async settled(task: string, limitMs: number): Promise<void> {
    const limit = AbortSignal.timeout(limitMs);
    const over = new Promise<void>((resolve) => { limit.addEventListener('abort', () => { resolve(); }, { once: true }); });
    for (const [key, resting] of this.#resting) {
      if (!key.startsWith(`${task} `)) continue;
      clearTimeout(resting.timer);
      resting.begin();
    }
    for (;;) {
      const works = [...this.#running].filter(([key]) => key.startsWith(`${task} `)).map(([, { work }]) => work);
      if (works.length === 0 || limit.aborted) return;
      await Promise.race([Promise.allSettled(works), over]);
    }
  }

  /** For tests: resolves when nothing rests or runs. */
  async idle(): Promise<void> {
    while (this.#work.size > 0 || this.#resting.size > 0) await (this.#work.size > 0 ? Promise.all(this.#work) : new Promise((resolve) => { setTimeout(resolve, 5); }));
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { timer } of this.#resting.values()) clearTimeout(timer);
    this.#resting.clear();
    await Promise.all(this.#work);
  }

  #rest(task: string, id: string, doc: Y.Doc): void {
    const key = keyOf(task, id);
    const rest = this.#parts.restMs ?? REST_MS;
    const before = this.#resting.get(key);
    clearTimeout(before?.timer);
    const begin = (): void => {
      this.#resting.delete(key);
      this.#begun.set(key, performance.now());
      this.#start(task, id, doc, false);
    };
    if (!before && performance.now() - (this.#begun.get(key) ?? -Infinity) > rest) return begin();
    this.#resting.set(key, { timer: setTimeout(begin, rest), begin });
  }

  #start(task: string, id: string, doc: Y.Doc, asked: boolean): void {
    const key = keyOf(task, id);
    const running = this.#running.get(key);
    if (this.#closed) return;
    if (running) {
      running.again = true;
      if (running.wish !== wishIn(doc, id)) running.stop.abort(SUPERSEDED);
      return;
    }
    const stop = new AbortController();
    const work = this.#make(task, id, doc, asked, stop.signal).finally(() => {
      this.#running.delete(key);
      const annotation = read(doc, id);
      if (state.again && annotation && (asked || wantsMask(annotation))) this.#start(task, id, doc, false);
    });
    const state: Running = { again: false, wish: wishIn(doc, id), stop, work };
    this.#running.set(key, state);
    this.#track(work);
  }

  async #make(task: string, id: string, doc: Y.Doc, asked: boolean, signal: AbortSignal): Promise<void> {
    const annotation = read(doc, id);
    if (!annotation || annotation.kind === 'freeform' || (!asked && !wantsMask(annotation))) return;
    const wish = wishOf(annotation);
    if (this.#failed.get(keyOf(task, id)) === wish) return;
    const { rooms, inference } = this.#parts;
    try {
      const picture = await this.#parts.pictureOf(task);
      if (!picture) return;
      rooms.tellMask(task, { annotation: id, state: 'working', model: await inference.segmenter(), message: null });
      const mask = maskOf(annotation, await inference.segment(picture.sha256, picture.path, promptsOf(annotation), signal, 1));
      const origin: Origin = { kind: 'model', model: mask.model };
      const written = await rooms.apply(task, origin, (target) => { setMask(target, origin, id, mask); });
      if (written) rooms.tellMask(task, { annotation: id, state: 'done', model: mask.model, message: null });
    } catch (error) {
      if (!signal.aborted) this.#fail(task, id, wish, error);
    }
  }

  #fail(task: string, id: string, wish: string, error: unknown): void {
    if (error instanceof EmendError && (error.code === 'conflict' || error.code === 'read_only')) return; // submitted meanwhile: nobody waits for it
    this.#failed.set(keyOf(task, id), wish);
    if (!(error instanceof EmendError)) this.#parts.log.warn({ err: error, task, annotation: id }, 'a mask could not be made');
    const message = error instanceof EmendError ? error.message : 'No mask could be made for this box; the box itself is kept. Ask again, or go on without.';
    this.#parts.rooms.tellMask(task, { annotation: id, state: 'failed', model: null, message });
  }

  #track(work: Promise<void>): void {
    const tracked = work.catch((error: unknown) => { this.#parts.log.warn({ err: error }, 'segmentation'); }).finally(() => { this.#work.delete(tracked); });
    this.#work.add(tracked);
  }
}

function keyOf(task: string, id: string): string {
  return `${task} ${id}`;
}

function read(doc: Y.Doc, id: string): Annotation | null {
  const value: unknown = annotationsOf(doc).get(id)?.toJSON();
  return Value.Check(AnnotationSchema, value) ? value : null;
}

/** Free-form outlines are the person's own; every other box should have a mask of exactly this box and these clicks. */
function wantsMask(annotation: Annotation): boolean {
  const { box } = annotation;
  return box[2] >= LEAST_SIDE && box[3] >= LEAST_SIDE && !isAnswered(annotation);
}

function wishOf({ box, points, boxFrom }: Annotation): string {
  return JSON.stringify([boxFrom === 'mask' ? null : box, points ?? []]);
}

function wishIn(doc: Y.Doc, id: string): string | null {
  const annotation = read(doc, id);
  return annotation && wishOf(annotation);
}

function promptsOf(annotation: Annotation): Prompts {
  const { box, points, mask, boxFrom } = annotation;
  // A mask of this very box is refined by further clicks; one of a former box, or of a click that was taken back, would only mislead.
  const refines = mask !== undefined && sameBox(mask.box, box) && (points ?? []).length > (mask.points ?? []).length && beginsWith(points, mask.points);
  return { ...promptsFor({ ...(boxFrom === 'mask' ? {} : { box }), points }), ...(refines ? { previous: mask.rle } : {}) };
}

/** Box and clicks in the form of the port. */
export function promptsFor({ box, points = [] }: { readonly box?: Box | undefined; readonly points?: readonly Click[] | undefined }): Prompts {
  return { ...(box ? { box } : {}), ...(points.length > 0 ? { points: points.map(([x, y, label]) => ({ point: [x, y] as const, positive: label === 1 })) } : {}) };
}

/** The best answer as it is written; where the box comes from the mask, with the tight box. @throws EmendError `failed` without an object. */
function maskOf({ box, points, boxFrom }: Annotation, { model, candidates }: SegmentResult): Mask {
  const [best] = candidates;
  const own = boxFrom !== 'mask' ? box : best ? toBox(best.mask) : null;
  if (!own) throw new EmendError('failed', 'The segmentation model found no object at this click; the click is kept. Draw a box around the object, or click elsewhere.');
  if (!best) throw new EmendError('failed', 'The segmentation model gave no mask for this box; the box itself is kept. Draw it tighter, or add a click on the object.');
  return { rle: best.mask, box: own, model: best.model ?? model, score: best.score, ...(points?.length ? { points } : {}) };
}
