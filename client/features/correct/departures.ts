import { shallowReactive } from 'vue';
import { asProblem } from '../../api.ts';
import { submitTask } from './api.ts';
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

  constructor(settled: (task: string, submitted: boolean) => void) {
    this.#settled = settled;
  }

  /** Resolves to whether it is submitted. Never rejects: a failure is shown with a way back. */
  async submit(open: OpenTask): Promise<boolean> {
    const { id, image } = open.dto;
    const timeMs = open.time.total(performance.now());
    this.submitted.add(id);
    this.dismiss(id);
    open.destroy();
    try {
      await open.room.provider.whenSaved(SAVE_MS);
      await submitTask(id, open.stateVector(), timeMs);
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

  /** Left without a submit: the room is kept until the server has everything. */
  async leave(open: OpenTask): Promise<void> {
    open.destroy();
    try {
      await open.room.provider.whenSaved(SAVE_MS);
      await open.room.forget();
    } catch {
      // The browser keeps the edits; the next time the task is opened they are sent.
    } finally {
      open.room.close();
    }
  }

  dismiss(task: string): void {
    const at = this.failures.findIndex((f) => f.task === task);
    if (at >= 0) this.failures.splice(at, 1);
  }
}
