/** One task's document among the people who have it open. Never sees a socket: a member is whoever can be sent to and closed. */
import * as Y from 'yjs';
import { ROOTS } from '#core/annotation/doc.ts';
import { EmendError } from '#core/errors.ts';
import type { Joined, PresenceState, ServerToClient } from '#core/protocol.ts';
import type { Person } from '../context.ts';
import { Committer, merge, type Delay, type Edit } from './committer.ts';
import { Guard, type Admitted } from './guard.ts';
import { readPresence, writePresence, type Presence } from './presence.ts';
import { Bucket } from './rates.ts';
import type { RoomStore, StoredDoc } from './roomStore.ts';

type Events = { [Name in 'room:update' | 'room:presence' | 'room:mask']: Parameters<ServerToClient[Name]>[0] };

export interface Member {
  /** Of this connection in this room; one person may be here several times. */
  readonly id: string;
  readonly person: Person;
  readonly readOnly: boolean;
  send<Name extends keyof Events>(name: Name, message: Events[Name]): void;
  close(problem: EmendError): void;
}

/** After a change was admitted: by whom (null = the server itself) and which annotations it touched. */
export type ChangeListener = (taskId: string, doc: Y.Doc, changed: ReadonlySet<string>, user: string | null) => void;

/** What ends by the room itself. */
export interface RoomEnd {
  /** The last connection of a person was closed by the server. */
  sentAway(member: Member): void;
  /** Its edits can no longer be written. */
  failed(room: Room): void;
}

interface Seat {
  member: Member;
  presence: Presence | undefined;
  updates: Bucket;
  presences: Bucket;
}

/** Log entries behind the snapshot that make it worth writing a new one. */
const COMPACT_AFTER = 300;

export class Room {
  readonly taskId: string;
  readonly doc = new Y.Doc();
  readonly #guard: Guard;
  readonly #committer: Committer;
  readonly #store: RoomStore;
  readonly #seats = new Map<string, Seat>();
  readonly #onChange: ChangeListener;
  readonly #end: RoomEnd;
  #logged: number;
  #compacting: Promise<void> = Promise.resolve();

  constructor(taskId: string, stored: StoredDoc, store: RoomStore, delay: Delay, onChange: ChangeListener, end: RoomEnd) {
    this.taskId = taskId;
    this.#store = store;
    this.#onChange = onChange;
    this.#end = end;
    this.#logged = stored.logged;
    for (const root of ROOTS) this.doc.getMap(root);
    this.doc.transact(() => { for (const update of stored.updates) Y.applyUpdate(this.doc, update); }, { kind: 'store' });
    this.#guard = new Guard(this.doc);
    this.#committer = new Committer(taskId, stored.seq, store, { committed: (edits) => { this.#committed(edits); }, failed: (problem) => { this.#failed(problem); } }, delay);
  }

  get members(): Member[] {
    return [...this.#seats.values()].map((seat) => seat.member);
  }
  /** Nobody is here and nothing waits to be written. */
  get idle(): boolean {
    return this.#seats.size === 0 && this.#committer.idle;
  }

  join(member: Member, stateVector: Uint8Array): Joined {
    let update: Uint8Array;
    try {
      update = Y.encodeStateAsUpdate(this.doc, stateVector);
    } catch {
      throw new EmendError('invalid', 'The page sent a document state that cannot be read. Reload the page; unsent work is kept in this browser.');
    }
    const known = [...this.#seats.values()].flatMap((seat) => (seat.presence ? [seat.presence] : []));
    this.#seats.set(member.id, { member, presence: undefined, updates: new Bucket(100, 300), presences: new Bucket(60, 120) });
    if (known.length) member.send('room:presence', { task: this.taskId, update: writePresence(known) });
    return { update, stateVector: Y.encodeStateVector(this.doc), readOnly: member.readOnly };
  }

  leave(memberId: string): void {
    const seat = this.#seats.get(memberId);
    if (!seat) return;
    this.#seats.delete(memberId);
    // Others would show the cursor of somebody who has gone until it times out.
    if (seat.presence) this.#sendPresence(memberId, { ...seat.presence, clock: seat.presence.clock + 1, state: null });
  }

  /** Checks, applies, and resolves when the edit is durable. Throws without a trace when it is refused. */
  async update(memberId: string, bytes: Uint8Array): Promise<number> {
    const { member, updates } = this.#seat(memberId);
    if (member.readOnly) throw new EmendError('read_only', 'You may look at this image but not change it. Ask an administrator of the project for the role annotator.');
    if (!updates.take()) throw new EmendError('too_many', 'Too many edits in a short time. They are kept in this browser and sent again in a moment.');
    return this.#enter(this.#guard.admit(bytes, member.person.id), member.person.id, memberId);
  }

  /** A change by the server itself (a model's mask): checked, durable when it resolves. False = the edit changed nothing. */
  async apply(origin: unknown, edit: (doc: Y.Doc) => void): Promise<boolean> {
    const admitted = this.#guard.admitEdit(edit);
    await this.#enter(admitted, null, null, origin);
    return admitted !== undefined;
  }

  async #enter(admitted: Admitted | undefined, userId: string | null, from: string | null, origin: unknown = { kind: 'remote' }): Promise<number> {
    if (!admitted) {
      // Nothing new (sent twice): acknowledged as soon as what it repeats is durable.
      await this.#committer.flush();
      return this.#committer.seq;
    }
    Y.applyUpdate(this.doc, admitted.update, origin);
    const durable = this.#committer.add({ update: admitted.update, userId, from });
    // In the same commit, most often; and if not, it was no part of what the sender was promised.
    if (admitted.stamp) {
      Y.applyUpdate(this.doc, admitted.stamp, { kind: 'remote' });
      this.#committer.add({ update: admitted.stamp, userId: null, from: null }).catch(() => undefined);
    }
    this.#onChange(this.taskId, this.doc, admitted.changed, userId);
    return durable;
  }

  /** Passes a presence on to the others; answers with it, or undefined when it was dropped. */
  presence(memberId: string, bytes: Uint8Array): { person: Person; state: PresenceState | null } | undefined {
    const seat = this.#seats.get(memberId);
    if (!seat?.presences.take()) return undefined;
    const presence = readPresence(bytes, seat.member.person);
    if (!presence || this.#spokenFor(presence.client, memberId)) return undefined;
    seat.presence = presence.state === null ? undefined : presence;
    this.#sendPresence(memberId, presence);
    return { person: seat.member.person, state: presence.state };
  }

  #spokenFor(client: number, except: string): boolean {
    return [...this.#seats].some(([id, seat]) => id !== except && seat.presence?.client === client);
  }

  #sendPresence(from: string, presence: Presence): void {
    const update = writePresence([presence]);
    for (const [id, { member }] of this.#seats) if (id !== from) member.send('room:presence', { task: this.taskId, update });
  }

  /** Tells everybody here how far a mask is. */
  tellMask(message: Omit<Events['room:mask'], 'task'>): void {
    for (const { member } of this.#seats.values()) member.send('room:mask', { task: this.taskId, ...message });
  }

  #committed(edits: readonly Edit[]): void {
    const senders = new Set(edits.map((e) => e.from));
    const whole = merge(edits);
    for (const [id, { member }] of this.#seats) {
      const others = senders.has(id) ? edits.filter((e) => e.from !== id) : edits;
      if (others.length) member.send('room:update', { task: this.taskId, update: others === edits ? whole : merge(others) });
    }
    this.#logged += 1;
    if (this.#logged >= COMPACT_AFTER) void this.compact();
  }

  /** Writes a snapshot of what is durable. Best effort: the log alone is enough to load from. */
  compact(): Promise<void> {
    if (this.#logged === 0 || !this.#committer.idle) return this.#compacting;
    this.#logged = 0;
    const [seq, bytes] = [this.#committer.seq, Y.encodeStateAsUpdate(this.doc)];
    this.#compacting = this.#compacting.then(() => this.#store.compact(this.taskId, seq, bytes)).catch(() => undefined);
    return this.#compacting;
  }

  /** Resolves when everything that has been admitted is durable. */
  settled(): Promise<void> {
    return this.#committer.flush();
  }

  /** True when this document holds every insertion that the state vector counts. (Deletions have no clock: their acknowledgement tells.) */
  covers(stateVector: Uint8Array): boolean {
    const mine = Y.decodeStateVector(Y.encodeStateVector(this.doc));
    return [...Y.decodeStateVector(stateVector)].every(([client, clock]) => (mine.get(client) ?? 0) >= clock);
  }

  /** Sends everybody away. */
  closeFor(problem: EmendError): void {
    for (const [id, { member }] of this.#seats) {
      this.leave(id);
      member.close(problem);
      if (!this.members.some((m) => m.person.id === member.person.id)) this.#end.sentAway(member);
    }
  }

  #failed(problem: EmendError): void {
    this.closeFor(problem);
    this.#end.failed(this);
  }

  #seat(memberId: string): Seat {
    const seat = this.#seats.get(memberId);
    // `unavailable` makes the page join again and send what is missing.
    if (!seat) throw new EmendError('unavailable', 'The page is not connected to this image. It connects again by itself; nothing is lost.');
    return seat;
  }

  destroy(): void {
    this.#guard.destroy();
    this.doc.destroy();
  }
}
