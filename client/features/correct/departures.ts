import { shallowReactive } from 'vue';
import * as Y from 'yjs';
import { asProblem } from '../../api.ts';
import { submitTask } from './api.ts';
import type { OpenRoom } from '../../sync/openRoom.ts';
import type { OpenTask } from './openTask.ts';
import type { Letter, Outbox, UnsentEdits } from './outbox.ts';

/** A submit that did not go through: what, why, and the task to open again. */
export interface Failure {
  readonly task: string;
  readonly name: string;
  readonly message: string;
}

/** Long enough for a slow connection, short enough that the person still knows the picture. */
const SAVE_MS = 20_000;
/** Without a connection, a submit is tried again this often. */
const AGAIN_MS = 1500;
/** What passes by itself, or when the person has signed in again; everything else is an answer. */
const PASSING: ReadonlySet<string> = new Set(['busy', 'too_many', 'unavailable', 'unauthenticated']);

class Withdrawn extends Error {}

/**
 * Tasks that the person has left and that still have something to do: their last edits reach the server, then they are submitted if
 * asked. The next picture does not wait for any of it, and neither does work without a connection: such submits are kept in the browser until they are sent.
 */
export class Departures {
  readonly failures = shallowReactive<Failure[]>([]);
  readonly submitted = new Set<string>();
  /** Submits that wait for the connection. */
  readonly waiting = shallowReactive(new Set<string>());
  readonly #outbox: Outbox;
  readonly #unsent: UnsentEdits;
  readonly #settled: (task: string, submitted: boolean) => void;
  readonly #busy = new Map<string, Promise<unknown>>();
  readonly #leaving = new Map<string, OpenRoom>();
  readonly #withdrawn = new Set<string>();
  #gone = false;

  constructor(outbox: Outbox, unsent: UnsentEdits, settled: (task: string, submitted: boolean) => void) {
    this.#outbox = outbox;
    this.#unsent = unsent;
    this.#settled = settled;
  }

  /** Resolves to whether it is submitted. Never rejects: a failure is shown with a way back. */
  submit(open: OpenTask): Promise<boolean> {
    const { id, image, predictionSetId } = open.dto;
    const letter = { task: id, name: image.name, timeMs: open.time.total(performance.now()), predictionSetId };
    open.destroy();
    return this.#post(letter, open.room);
  }

  /** Sends what an earlier visit could not: the tab was closed, or the browser, before the connection was back. */
  resume(openRoom: (task: string) => OpenRoom, opening: string | null): void {
    const letters = this.#outbox.list();
    for (const letter of letters) if (!this.submitted.has(letter.task)) void this.#resumeOne(letter, openRoom(letter.task));
    for (const { task, name } of this.#unsent.list()) {
      if (task !== opening && !this.#leaving.has(task) && !letters.some((letter) => letter.task === task)) void this.#bring(task, name, openRoom(task));
    }
  }

  /** Remembers a task for as long as the server lacks edits of it. */
  follow({ dto, room }: OpenTask): void {
    const entry = { task: dto.id, name: dto.image.name };
    let noted = false;
    room.provider.events.on('state', (state) => {
      if (state === 'saved' || state === 'closed' || state === 'failed') this.#unsent.take(entry.task);
      else if (!noted && (state === 'saving' || state === 'offline')) this.#unsent.put(entry);
      noted = state === 'saving' || state === 'offline';
    });
  }

  async #bring(task: string, name: string, room: OpenRoom): Promise<void> {
    this.#leaving.set(task, room);
    await room.restored;
    await this.#untilSaved(task, name, room);
  }

  async #resumeOne(letter: Letter, room: OpenRoom): Promise<void> {
    this.submitted.add(letter.task);
    await room.restored;
    await this.#post(letter, room);
  }

  /** Takes a submit back that has not been sent yet. False = it has been, or it never was. */
  async withdraw(task: string): Promise<boolean> {
    if (!this.waiting.has(task)) return false;
    this.#withdrawn.add(task);
    await this.#busy.get(task);
    return true;
  }

  /** The page goes: what waits stays in the browser and is sent by the next visit. */
  end(): void {
    this.#gone = true;
  }

  #post(letter: Letter, room: OpenRoom): Promise<boolean> {
    this.submitted.add(letter.task);
    this.dismiss(letter.task);
    this.#outbox.put(letter);
    return this.#during(letter.task, this.#deliver(letter, room));
  }

  async #deliver(letter: Letter, room: OpenRoom): Promise<boolean> {
    const { task, name } = letter;
    try {
      await this.#send(letter, room);
      await room.forget();
      this.#outbox.take(task);
      this.#unsent.take(task);
      this.#settled(task, true);
      return true;
    } catch (error) {
      this.submitted.delete(task);
      if (this.#gone) return false;
      this.#outbox.take(task);
      if (error instanceof Withdrawn) return false;
      this.failures.push({ task, name, message: asProblem(error).message });
      this.#settled(task, false);
      return false;
    } finally {
      this.waiting.delete(task);
      this.#withdrawn.delete(task);
      room.close();
    }
  }

  async #send({ task, timeMs, predictionSetId }: Letter, room: OpenRoom): Promise<void> {
    for (;;) {
      if (this.#gone || this.#withdrawn.has(task)) throw new Withdrawn();
      try {
        await room.provider.whenSaved(room.provider.state === 'offline' ? 1 : SAVE_MS);
        // Whatever is answered to the submit (a colleague may have the picture by now): the edits are in the document.
        this.#unsent.take(task);
        await submitTask(task, Y.encodeStateVector(room.doc), timeMs, predictionSetId);
        return;
      } catch (error) {
        if (!PASSING.has(asProblem(error).code) || room.provider.problem) throw error;
        this.waiting.add(task);
        await new Promise((again) => { setTimeout(again, AGAIN_MS); });
      }
    }
  }

  /** Left without a submit. A room that the server has all of is closed; another is kept until it does, or until it is wanted again. */
  async leave(open: OpenTask): Promise<void> {
    const { id } = open.dto;
    const { room } = open;
    open.destroy();
    if (room.provider.state === 'saved' || room.provider.state === 'closed') return this.#during(id, close(room));
    this.#leaving.set(id, room);
    await this.#untilSaved(id, open.dto.image.name, room);
  }

  /** However long the connection is away: a picture that was left must not keep what was done on it to this browser. */
  async #untilSaved(task: string, name: string, room: OpenRoom): Promise<void> {
    for (;;) {
      const saved = await room.provider.whenSaved(SAVE_MS).then(() => true, () => false);
      if (this.#leaving.get(task) !== room) return;
      if (!saved && !this.#gone && !room.provider.problem) {
        await new Promise((again) => { setTimeout(again, AGAIN_MS); });
        continue;
      }
      this.#leaving.delete(task);
      if (saved) {
        this.#unsent.take(task);
        return this.#during(task, close(room));
      }
      const { problem } = room.provider;
      if (problem) this.failures.push({ task, name, message: problem.message });
      return room.close();
    }
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
