import { shallowReactive } from 'vue';
import { asProblem } from '../../api.ts';
import { submitTask } from './api.ts';
import type { OpenRoom } from '../../sync/openRoom.ts';
import type { OpenTask } from './openTask.ts';

/** A submit that did not go through: what, why, and the task to open again. */
export interface Failure {
  readonly task: string;
  readonly name: string;
  readonly message: string;
}

/** Long enough for a slow connection, short enough that the person still knows the picture. */
const SAVE_MS = 20_000;

/**
 * Tasks that the person has left and that still have something to do: their last edits reach the server, then they are submitted if
 * asked. The next picture does not wait for any of it.
 */
export class Departures {
  readonly failures = shallowReactive<Failure[]>([]);
  readonly submitted = new Set<string>();
  readonly #settled: (task: string, submitted: boolean) => void;
  readonly #busy = new Map<string, Promise<unknown>>();
  readonly #leaving = new Map<string, OpenRoom>();

  constructor(settled: (task: string, submitted: boolean) => void) {
    this.#settled = settled;
  }

  /** Resolves to whether it is submitted. Never rejects: a failure is shown with a way back. */
  submit(open: OpenTask): Promise<boolean> {
    this.submitted.add(open.dto.id);
    this.dismiss(open.dto.id);
    open.destroy();
    return this.#during(open.dto.id, this.#submit(open));
  }

  async #submit(open: OpenTask): Promise<boolean> {
    const { id, image, predictionSetId } = open.dto;
    const timeMs = open.time.total(performance.now());
    try {
      await open.room.provider.whenSaved(SAVE_MS);
      await submitTask(id, open.stateVector(), timeMs, predictionSetId);
      await open.room.forget();
      this.#settled(id, true);
      return true;
    } catch (error) {
      this.submitted.delete(id);
      this.failures.push({ task: id, name: image.name, message: asProblem(error).message });
      this.#settled(id, false);
      return false;
    } finally {
      open.room.close();
    }
  }

  /** Left without a submit. A room that the server has all of is closed; another is kept until it does, or until it is wanted again. */
  async leave(open: OpenTask): Promise<void> {
    const { id } = open.dto;
    const { room } = open;
    open.destroy();
    if (room.provider.state === 'saved' || room.provider.state === 'closed') return this.#during(id, close(room));
    this.#leaving.set(id, room);
    // When it cannot be saved in time the browser keeps the edits; the next time the task is opened they are sent.
    const saved = await room.provider.whenSaved(SAVE_MS).then(() => true, () => false);
    if (this.#leaving.get(id) !== room) return;
    this.#leaving.delete(id);
    if (saved) await this.#during(id, close(room));
    else room.close();
  }

  /** The room of a task that is still on its way out, to go on with; or null once it is safe to open it anew. */
  async reclaim(task: string): Promise<OpenRoom | null> {
    await this.#busy.get(task);
    const room = this.#leaving.get(task) ?? null;
    this.#leaving.delete(task);
    return room;
  }

  /** The browser's copy of a task must not be opened while it is being deleted. */
  async #during<T>(task: string, work: Promise<T>): Promise<T> {
    this.#busy.set(task, work.catch(() => undefined));
    try {
      return await work;
    } finally {
      this.#busy.delete(task);
    }
  }

  dismiss(task: string): void {
    const at = this.failures.findIndex((f) => f.task === task);
    if (at >= 0) this.failures.splice(at, 1);
  }
}

async function close(room: OpenRoom): Promise<void> {
  try {
    await room.forget();
  } finally {
    room.close();
  }
}
