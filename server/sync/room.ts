/** One task's document among the people who have it open. Never sees a socket: a member is whoever can be sent to and closed. */
import { randomInt } from 'node:crypto';
import * as Y from 'yjs';
import { ROOTS } from '#core/annotation/doc.ts';
import { EmendError } from '#core/errors.ts';
import type { Joined, PresenceState, ServerToClient } from '#core/protocol.ts';
import type { Person } from '../context.ts';
import { Committer, merge, type Delay, type Edit } from './committer.ts';
import { Encoded } from './encoded.ts';
import { Unfit, type Facts } from './fitting.ts';
import { Guard, type Admitted } from './guard.ts';
import { Owners } from './owners.ts';
import { readPresence, writePresence } from './presence.ts';
import { Bucket } from './rates.ts';
import { updatesOf, type RoomStore, type StoredDoc } from './roomStore.ts';

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
  /** Its edits can no longer be written; everybody has been sent away. */
  failed(room: Room): void;
  /** The task has been submitted, and an edit came after that: what this room holds is not what is stored. Whoever sent it has been sent away. */
  stale(room: Room): void;
}

/** One member's place. The awareness client id is the server's, so that it belongs to this seat alone; the clock counts what was passed on. */
export interface Seat {
  readonly member: Member;
  readonly client: number;
  clock: number;
  presence: PresenceState | null;
  updates: Bucket;
  presences: Bucket;
}

/** What joining and refused edits of one person may cost the others in one room: milliseconds of work a second, and at once. */
const BUDGET = { perSecond: 100, burst: 1000 } as const;
/** Facts are read again for an edit that does not fit them, but no more often. Milliseconds. */
const FACTS_MS = 1000;

/** Log entries behind the snapshot that make it worth writing a new one. */
const COMPACT_AFTER = 300;

const nextTurn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

export class Room {
  readonly taskId: string;
  readonly doc = new Y.Doc();
  readonly #encoded: Encoded;
  readonly #guard: Guard;
  readonly #owners: Owners;
  readonly #budgets = new Map<string, Bucket>();
  /** The last of those who wait for new facts. */
  #line: Promise<void> | undefined;
  #renewed = -Infinity;
  readonly #committer: Committer;
  readonly #store: RoomStore;
  readonly #seats = new Map<string, Seat>();
  readonly #onChange: ChangeListener;
  readonly #end: RoomEnd;
  #logged: number;
  #compacting: Promise<void> = Promise.resolve();

  constructor(taskId: string, stored: StoredDoc, facts: Facts, store: RoomStore, delay: Delay, onChange: ChangeListener, end: RoomEnd) {
    this.taskId = taskId;
    this.#store = store;
    this.#onChange = onChange;
    this.#end = end;
    this.#logged = stored.log.length;
    const updates = updatesOf(stored);
    for (const root of ROOTS) this.doc.getMap(root);
    this.doc.transact(() => { for (const update of updates) Y.applyUpdate(this.doc, update); }, { kind: 'store' });
    this.#encoded = new Encoded(this.doc, updates.reduce((sum, update) => sum + update.byteLength, 0));
    this.#owners = new Owners(stored.snapshot?.owners, stored.log);
    this.#guard = new Guard(this.doc, this.#encoded, facts, this.#owners);
    this.#committer = new Committer(taskId, stored.seq, store, { committed: (edits) => { this.#committed(edits); }, failed: (...how) => { this.#failed(...how); } }, delay);
  }

  get members(): Member[] {
    return [...this.#seats.values()].map((seat) => seat.member);
  }
  /** Nobody is here and nothing waits to be written. */
  get idle(): boolean {
    return this.#seats.size === 0 && this.#committer.idle;
  }

  join(member: Member, stateVector: Uint8Array): Joined {
    const update = this.#onBudget(member.person, 'always', () => this.#lackedBy(stateVector));
    const known = [...this.#seats.values()].flatMap(({ client, clock, presence: state }) => (state ? [{ client, clock, state }] : []));
    this.#seats.set(member.id, { member, client: randomInt(1, 2 ** 31), clock: 0, presence: null, updates: new Bucket(100, 300), presences: new Bucket(60, 120) });
    if (known.length) member.send('room:presence', { task: this.taskId, update: writePresence(known) });
    return { update, stateVector: this.#encoded.vector(), readOnly: member.readOnly };
  }

  #lackedBy(stateVector: Uint8Array): Uint8Array {
    try {
      return this.#encoded.against(stateVector);
    } catch {
      throw new EmendError('invalid', 'The page sent a document state that cannot be read. Reload the page; unsent work is kept in this browser.');
    }
  }

  /** Does what costs time in proportion to the document. @throws EmendError `too_many` for whoever has made too much of it. */
  #onBudget<T>(person: Person, counts: 'always' | 'when refused', work: () => T): T {
    const budget = this.#budgets.get(person.id) ?? new Bucket(BUDGET.perSecond, BUDGET.burst);
    this.#budgets.set(person.id, budget);
    if (budget.isEmpty()) throw new EmendError('too_many', 'This image was opened, or changed in ways that it does not take, too often in a short time. Nothing is lost; the page tries again in a moment.');
    const began = performance.now();
    let refused = true;
    try {
      const result = work();
      refused = false;
      return result;
    } finally {
      if (refused || counts === 'always') budget.spend(performance.now() - began);
    }
  }

  /** Takes the seats of a room that this one replaces; nobody there notices. */
  adopt(seats: readonly Seat[]): void {
    for (const seat of seats) this.#seats.set(seat.member.id, seat);
  }

  /** Gives all seats away. */
  release(): Seat[] {
    const seats = [...this.#seats.values()];
    this.#seats.clear();
    return seats;
  }

  leave(memberId: string): void {
    const seat = this.#seats.get(memberId);
    if (!seat) return;
    this.#seats.delete(memberId);
    // Others would show the cursor of somebody who has gone until it times out.
    if (seat.presence) this.#sendPresence(seat, null);
  }

  /** Checks, applies, and resolves when the edit is durable. Throws without a trace when it is refused. */
  async update(memberId: string, bytes: Uint8Array): Promise<number> {
    const { member, updates } = this.#seat(memberId);
    if (member.readOnly) throw new EmendError('read_only', 'You may look at this image but not change it. Ask an administrator of the project for the role annotator.');
    if (!updates.take()) throw new EmendError('too_many', 'Too many edits in a short time. They are kept in this browser and sent again in a moment.');
    const { person } = member;
    return this.#fitted(() => this.#enter(this.#onBudget(person, 'when refused', () => this.#guard.admit(bytes, person.id)), person.id, memberId));
  }

  /**
   * Holds an edit against the facts, and once more against new ones. Edits build on each other: those that come while the facts are read stand in line, and
   * enter in their order, one for each turn of the event loop. An edit is checked and entered without a pause in between: what is on the guard's copy is in the
   * document before the next one is looked at.
   */
  async #fitted<T>(enter: () => Promise<T>): Promise<T> {
    let renewed: Promise<unknown>;
    if (this.#line) renewed = this.#line.then(nextTurn);
    else {
      try {
        return await enter();
      } catch (error) {
        if (!this.#mayHaveChanged(error)) throw error;
      }
      renewed = this.#renewFacts();
    }
    const attempt = renewed.then(() => this.#enterRenewed(enter));
    const line = attempt.then(() => undefined, () => undefined);
    this.#line = line;
    void line.then(() => { if (this.#line === line) this.#line = undefined; });
    return (await attempt).durable;
  }

  /** What is durable later is not waited for: the next in line may enter. */
  async #enterRenewed<T>(enter: () => Promise<T>): Promise<{ durable: Promise<T> }> {
    try {
      return { durable: enter() };
    } catch (error) {
      if (!this.#mayHaveChanged(error)) throw error;
    }
    await this.#renewFacts();
    return { durable: enter() };
  }

  #mayHaveChanged(error: unknown): boolean {
    return error instanceof Unfit && performance.now() - this.#renewed >= FACTS_MS;
  }

  async #renewFacts(): Promise<void> {
    const facts = await this.#store.facts(this.taskId, true);
    if (facts) this.#guard.facts = facts;
    this.#renewed = performance.now();
  }

  /** A change by the server itself (a model's mask): checked, durable when it resolves. False = the edit changed nothing. */
  async apply(origin: unknown, edit: (doc: Y.Doc) => void): Promise<boolean> {
    let changed = false;
    await this.#fitted(() => {
      const admitted = this.#guard.admitEdit(edit);
      changed = admitted !== undefined;
      return this.#enter(admitted, null, null, origin);
    });
    return changed;
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
    const state = readPresence(bytes, seat.member.person);
    if (state === undefined) return undefined;
    seat.presence = state;
    this.#sendPresence(seat, state);
    return { person: seat.member.person, state };
  }

  #sendPresence(from: Seat, state: PresenceState | null): void {
    const update = writePresence([{ client: from.client, clock: ++from.clock, state }]);
    for (const seat of this.#seats.values()) if (seat !== from) seat.member.send('room:presence', { task: this.taskId, update });
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
    const [seq, snapshot] = [this.#committer.seq, { bytes: this.#encoded.whole(), owners: this.#owners.toList() }];
    this.#compacting = this.#compacting.then(() => this.#store.compact(this.taskId, seq, snapshot)).catch(() => undefined);
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

  /** Sends everybody away, or those for whom `who` is true. */
  closeFor(problem: EmendError, who: (memberId: string) => boolean = () => true): void {
    for (const [id, { member }] of this.#seats) {
      if (!who(id)) continue;
      this.leave(id);
      member.close(problem);
      if (!this.members.some((m) => m.person.id === member.person.id)) this.#end.sentAway(member);
    }
  }

  #failed(problem: EmendError, refused: readonly Edit[], sealed: boolean): void {
    const senders = new Set(refused.map((edit) => edit.from));
    this.closeFor(problem, sealed ? (id) => senders.has(id) : undefined);
    if (sealed) this.#end.stale(this);
    else this.#end.failed(this);
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
