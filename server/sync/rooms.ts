import type * as Y from 'yjs';
import type { Origin } from '#core/annotation/origin.ts';
import { EmendError } from '#core/errors.ts';
import type { Joined, PresenceState } from '#core/protocol.ts';
import type { Person } from '../context.ts';
import { realDelay, type Delay } from './committer.ts';
import { Room, type ChangeListener, type Member } from './room.ts';
import type { RoomStore } from './roomStore.ts';

/** An empty room stays loaded this long: people go back and forth between neighbouring images. */
const LINGER_MS = 10_000;

/** A person asks for the mask of one annotation again. */
export type SegmentListener = (taskId: string, annotationId: string, doc: Y.Doc) => void;
/** Resolves when nothing more is being made for a task. */
export type QuietListener = (taskId: string) => Promise<void>;
/** How somebody is, or was, in a room. `left`: they went by themselves; `lost`: the connection broke, and may come again. */
export interface Seating {
  readOnly: boolean;
  how: 'left' | 'lost';
}
export type PeopleListener = (taskId: string, person: Person, here: boolean, seating: Seating) => void;
/** Somebody has moved, drawn or selected something; null = their cursor has gone. */
export type PresenceListener = (taskId: string, person: Person, state: PresenceState | null) => void;

/** All rooms of this process: each loaded once, however many join at the same time, and unloaded when it is empty. */
export class Rooms {
  readonly #rooms = new Map<string, Promise<Room>>();
  readonly #store: RoomStore;
  readonly #delay: Delay;
  readonly #changeListeners = new Set<ChangeListener>();
  readonly #peopleListeners = new Set<PeopleListener>();
  readonly #presenceListeners = new Set<PresenceListener>();
  readonly #segmentListeners = new Set<SegmentListener>();
  readonly #quietListeners = new Set<QuietListener>();
  readonly #holds = new Map<string, number>();

  constructor(store: RoomStore, delay: Delay = realDelay) {
    this.#store = store;
    this.#delay = delay;
  }

  /** Hears every admitted change: the task, its document, the annotations touched, and who did it (null = the server itself). Returns the remover. */
  onChange(listener: ChangeListener): () => void {
    this.#changeListeners.add(listener);
    return () => void this.#changeListeners.delete(listener);
  }

  /** Hears who comes to a task (their first connection) and who leaves it (their last). */
  onPeople(listener: PeopleListener): () => void {
    this.#peopleListeners.add(listener);
    return () => void this.#peopleListeners.delete(listener);
  }

  /** Hears every presence that is passed on. */
  onPresence(listener: PresenceListener): () => void {
    this.#presenceListeners.add(listener);
    return () => void this.#presenceListeners.delete(listener);
  }

  onSegment(listener: SegmentListener): () => void {
    this.#segmentListeners.add(listener);
    return () => void this.#segmentListeners.delete(listener);
  }

  /** Something makes edits of its own for a task (masks): whoever freezes its document waits for them with `quiet`. */
  onQuiet(listener: QuietListener): () => void {
    this.#quietListeners.add(listener);
    return () => void this.#quietListeners.delete(listener);
  }

  async quiet(taskId: string): Promise<void> {
    await Promise.all([...this.#quietListeners].map((listener) => listener(taskId)));
  }

  segment(taskId: string, annotationId: string): Promise<void> {
    return this.with(taskId, async (room) => {
      if (this.#segmentListeners.size === 0) throw new EmendError('unavailable', 'This server makes no masks. The box is kept as it is.');
      for (const listener of this.#segmentListeners) listener(taskId, annotationId, room.doc);
    });
  }

  async join(taskId: string, member: Member, stateVector: Uint8Array): Promise<Joined> {
    return this.with(taskId, async (room) => {
      const first = !has(room, member.person);
      const joined = room.join(member, stateVector);
      if (first) this.#tellPeople(taskId, member, true, 'left');
      return joined;
    });
  }

  async leave(taskId: string, member: Member, how: Seating['how'] = 'left'): Promise<void> {
    const room = await this.#rooms.get(taskId);
    if (!room?.members.some((m) => m.id === member.id)) return;
    room.leave(member.id);
    if (!has(room, member.person)) this.#tellPeople(taskId, member, false, how);
    this.#unloadLater(taskId);
  }

  /** @throws EmendError `unavailable` when the member is not in the room (any more): join again. */
  async update(taskId: string, memberId: string, bytes: Uint8Array): Promise<number> {
    const room = await this.#rooms.get(taskId);
    if (!room) throw new EmendError('unavailable', 'The page is not connected to this image. It connects again by itself; nothing is lost.');
    return room.update(memberId, bytes);
  }

  async presence(taskId: string, memberId: string, bytes: Uint8Array): Promise<void> {
    const shown = (await this.#rooms.get(taskId))?.presence(memberId, bytes);
    if (shown) for (const listener of this.#presenceListeners) listener(taskId, shown.person, shown.state);
  }

  /**
   * Changes a task's document from the server, durably when it resolves, and tells whoever has it open. Loads the room when nobody is there.
   * `edit` runs on a copy first, so it must do nothing but change the document it is given. False = it changed nothing.
   * @throws EmendError `conflict` when the task takes no edits (submitted).
   */
  apply(taskId: string, origin: Origin, edit: (doc: Y.Doc) => void): Promise<boolean> {
    return this.with(taskId, (room) => room.apply(origin, edit));
  }

  /** Tells everybody in the room how far a mask is; nobody there, nobody told. */
  tellMask(taskId: string, message: Parameters<Room['tellMask']>[0]): void {
    void this.#rooms.get(taskId)?.then((room) => { room.tellMask(message); }, () => undefined);
  }

  /** Works with a loaded room that is not unloaded meanwhile. */
  async with<T>(taskId: string, work: (room: Room) => Promise<T>): Promise<T> {
    this.#holds.set(taskId, (this.#holds.get(taskId) ?? 0) + 1);
    try {
      return await work(await this.#open(taskId));
    } finally {
      const holds = (this.#holds.get(taskId) ?? 1) - 1;
      if (holds > 0) this.#holds.set(taskId, holds);
      else this.#holds.delete(taskId);
      this.#unloadLater(taskId);
    }
  }

  #open(taskId: string): Promise<Room> {
    const open = this.#rooms.get(taskId);
    if (open) return open;
    const loading = this.#load(taskId);
    this.#rooms.set(taskId, loading);
    // A failed load must not stay: the next one tries again.
    loading.catch(() => { if (this.#rooms.get(taskId) === loading) this.#rooms.delete(taskId); });
    return loading;
  }

  async #load(taskId: string): Promise<Room> {
    const [stored, facts] = await Promise.all([this.#store.load(taskId), this.#store.facts(taskId, false)]);
    if (!stored || !facts) throw new EmendError('not_found', 'There is no such task. It may have been removed, or the address is wrong.');
    return new Room(taskId, stored, facts, this.#store, this.#delay, (...change) => { for (const listener of this.#changeListeners) listener(...change); }, {
      // Sent away: their page decides what comes next, so the lease is not given up in haste.
      sentAway: (member) => { this.#tellPeople(taskId, member, false, 'lost'); },
      failed: (room) => { this.#forget(room); },
      stale: (room) => { this.#replace(room); },
    });
  }

  /** A room whose edits can no longer be written: the next to join loads what is durable. */
  #forget(room: Room): void {
    this.#rooms.delete(room.taskId);
  }

  /** The same for a room that people go on looking at: they have only been shown what is durable, so a new room takes their seats over. */
  #replace(room: Room): void {
    const { taskId } = room;
    const seats = room.release();
    const loading = this.#load(taskId).then((fresh) => {
      fresh.adopt(seats);
      return fresh;
    });
    this.#rooms.set(taskId, loading);
    loading.catch(() => {
      if (this.#rooms.get(taskId) === loading) this.#rooms.delete(taskId);
      room.adopt(seats);
      room.closeFor(new EmendError('unavailable', 'The server has to open this image anew. The page connects again by itself; nothing is lost.'));
    });
    this.#unloadLater(taskId);
  }

  #tellPeople(taskId: string, { person, readOnly }: Member, here: boolean, how: Seating['how']): void {
    for (const listener of this.#peopleListeners) listener(taskId, person, here, { readOnly, how });
  }

  #unloadLater(taskId: string): void {
    this.#delay(() => void this.unload(taskId), LINGER_MS);
  }

  /** Unloads a room that nobody uses; otherwise does nothing. */
  async unload(taskId: string): Promise<void> {
    const loading = this.#rooms.get(taskId);
    const room = await loading?.catch(() => undefined);
    // From here to `delete` nothing waits, so nobody can join a room that is going.
    if (!room || !room.idle || this.#holds.has(taskId) || this.#rooms.get(taskId) !== loading) return;
    this.#rooms.delete(taskId);
    await room.compact();
    room.destroy();
  }

  get loaded(): number {
    return this.#rooms.size;
  }

  /** The server stops: everything admitted becomes durable, then every room is unloaded. */
  async close(): Promise<void> {
    for (const loading of [...this.#rooms.values()]) {
      const room = await loading.catch(() => undefined);
      if (!room) continue;
      await room.settled();
      await room.compact();
      room.destroy();
    }
    this.#rooms.clear();
  }
}

function has(room: Room, person: Person): boolean {
  return room.members.some((m) => m.person.id === person.id);
}
