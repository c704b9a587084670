import * as Y from 'yjs';
import { applyAwarenessUpdate, Awareness, encodeAwarenessUpdate, removeAwarenessStates } from 'y-protocols/awareness';
import { isOrigin, type Origin } from '#core/annotation/origin.ts';
import { EmendError, type Problem } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { BATCH_MS, MAX_EVENT_BYTES, PART_BYTES, PROTOCOL_VERSION, type Joined, type ServerToClient } from '#core/protocol.ts';
import { Emitter } from './emitter.ts';
import { LostAnswer, type AnswerOf, type Transport } from './transport.ts';
import { isEmptyAgainst } from './updates.ts';

/**
 * `saved` = the server has committed all that this document holds. `failed` = it refuses it; nothing more is sent.
 * `closed` = the room is gone, and the server had everything.
 */
export type SaveState = 'connecting' | 'saving' | 'saved' | 'offline' | 'failed' | 'closed';

export type RoomEvents = {
  state: [SaveState];
  mask: [Parameters<ServerToClient['room:mask']>[0]];
  /** The room is gone for this client, or refuses it. */
  closed: [Problem];
  presence: [];
  access: [readOnly: boolean];
};

const REMOTE: Origin = { kind: 'remote' };
const PRESENCE_MS = 40;
/** Milliseconds until what the server could not take is sent again: doubled with every try in vain, up to the longest. */
const RETRY_MS = 1500;
const LONGEST_RETRY_MS = 15_000;
/** An error that the server did not foresee is no verdict on the edits; but one that stays is told. */
const MOST_FAILURES = 5;
const NO_LONGER: Problem = { code: 'read_only', message: 'You may no longer change this picture, and this browser holds edits of it that were never sent.' };
const PASSING: ReadonlySet<string> = new Set(['busy', 'too_many', 'unavailable']);
/** The server has looked at the edits and does not take them: sent again, they would be refused again. */
const REFUSALS: ReadonlySet<string> = new Set(['invalid', 'too_large', 'conflict', 'read_only', 'forbidden', 'not_found', 'gone', 'bad_request', 'unsupported']);

/** True when opening the room again with the same unsent edits would end the same way. */
export function isRefusal(problem: Problem): boolean {
  return REFUSALS.has(problem.code);
}

/**
 * Keeps one document and one room of the server equal. Nothing is lost by a broken connection: after every join the state vectors are
 * exchanged, so whatever was not acknowledged is sent again.
 */
export class RoomProvider {
  readonly events = new Emitter<RoomEvents>();
  /** Under the client id that the document began with: Yjs gives the document another one where it finds that somebody uses it, presence keeps its own. */
  readonly awareness: Awareness;
  readonly #doc: Y.Doc;
  readonly #task: string;
  readonly #transport: Transport;
  readonly #client = newId();
  readonly #ends: (() => void)[] = [];
  #state: SaveState = 'connecting';
  #problem: Problem | null = null;
  #joined = false;
  #pending: Uint8Array[] = [];
  #inFlight = 0;
  /** A large update is on its way in several events. */
  #inPieces = false;
  #joins = 0;
  /** Since the server last had everything: tries in vain, and how many of them it did not foresee. */
  #tries = 0;
  #failures = 0;
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  #presenceTimer: ReturnType<typeof setTimeout> | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(doc: Y.Doc, task: string, transport: Transport) {
    this.#doc = doc;
    this.#task = task;
    this.#transport = transport;
    this.awareness = new Awareness(doc);
    this.#listen();
    if (transport.connected) void this.#join();
    else this.#set('offline');
  }

  get state(): SaveState {
    return this.#state;
  }
  get problem(): Problem | null {
    return this.#problem;
  }
  /** True once this connection has the server's document. */
  get joined(): boolean {
    return this.#joined;
  }

  #listen(): void {
    this.#doc.on('update', this.#onUpdate);
    this.awareness.on('update', this.#onAwareness);
    this.#ends.push(
      this.#transport.onConnection((up) => (up ? void this.#join() : this.#lost())),
      this.#transport.on('room:update', (m) => this.#mine(m) && Y.applyUpdate(this.#doc, m.update, REMOTE)),
      this.#transport.on('room:presence', (m) => this.#mine(m) && this.#heardPresence(m.update)),
      this.#transport.on('room:mask', (m) => this.#mine(m) && this.events.emit('mask', m)),
      this.#transport.on('room:closed', (m) => this.#mine(m) && this.#heardProblem(m.problem)),
    );
  }

  get #ended(): boolean {
    return this.#state === 'failed' || this.#state === 'closed';
  }

  #mine(message: { task: string }): boolean {
    return message.task === this.#task;
  }

  // ── joining ────────────────────────────────────────────────────────────────────────────────────
  async #join(): Promise<void> {
    if (this.#ended) return;
    const join = ++this.#joins;
    this.#joined = false;
    this.#set('connecting');
    try {
      const message = { task: this.#task, protocol: PROTOCOL_VERSION, client: this.#client, stateVector: Y.encodeStateVector(this.#doc) };
      const answer = await this.#transport.ask('room:join', message);
      if (join !== this.#joins) return;
      if (answer.ok) this.#onJoined(answer);
      else this.#heardProblem(answer.problem);
    } catch (error) {
      if (!(error instanceof LostAnswer)) throw error;
      if (join === this.#joins) this.#retryLater();
    }
  }

  #onJoined(answer: Joined): void {
    Y.applyUpdate(this.#doc, answer.update, REMOTE);
    // What waited or was under way is part of what the server lacks.
    this.#pending = [];
    this.#inFlight = 0;
    this.#inPieces = false;
    this.#joined = true;
    this.events.emit('access', answer.readOnly);
    const lacking = Y.encodeStateAsUpdate(this.#doc, answer.stateVector);
    if (!isEmptyAgainst(lacking, answer.update)) {
      if (answer.readOnly) return this.#fail(NO_LONGER);
      this.#pending = [lacking];
    }
    this.#announce();
    this.#flush();
    this.#settle();
  }

  #lost(): void {
    this.#joins += 1;
    this.#joined = false;
    this.#inFlight = 0;
    clearTimeout(this.#retryTimer);
    this.#forgetOthers();
    if (!this.#ended) this.#set('offline');
  }

  #forgetOthers(): void {
    const others = [...this.awareness.getStates().keys()].filter((id) => id !== this.awareness.clientID);
    removeAwarenessStates(this.awareness, others, REMOTE);
  }

  /** What passes by itself is tried again, the rest is an answer. Nothing is dropped either way. */
  #heardProblem(problem: Problem): void {
    if (this.#ended) return;
    if (problem.code === 'failed') this.#failures += 1;
    if (PASSING.has(problem.code) || (problem.code === 'failed' && this.#failures <= MOST_FAILURES)) this.#retryLater();
    else this.#fail(problem);
  }

  #retryLater(): void {
    // Of several messages that were refused together, the first counts, and the answers to the others come too late.
    this.#joins += 1;
    this.#joined = false;
    if (this.#state === 'saved') this.#set('connecting');
    clearTimeout(this.#retryTimer);
    // Not all pages of a team at the same moment.
    const wait = Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** this.#tries) * (0.75 + Math.random() * 0.25);
    this.#tries += 1;
    this.#retryTimer = setTimeout(() => (this.#transport.connected ? void this.#join() : this.#lost()), wait);
  }

  // ── updates ────────────────────────────────────────────────────────────────────────────────────
  readonly #onUpdate = (update: Uint8Array, origin: unknown): void => {
    if (origin === REMOTE || this.#ended) return;
    // Before the join the state vectors take care of it.
    if (!this.#joined) {
      if (this.#state === 'connecting' && isOrigin(origin) && origin.kind === 'person') this.#set('saving');
      return;
    }
    this.#pending.push(update);
    this.#set('saving');
    this.#flushTimer ??= setTimeout(() => this.#flush(), BATCH_MS);
  };

  #flush(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    // What is edited while pieces are under way builds on them, and waits for the last.
    if (!this.#joined || this.#pending.length === 0 || this.#inPieces) return;
    const batches = batchesOf(this.#pending);
    this.#pending = [];
    for (const [i, update] of batches.entries()) {
      if (this.#inPieces) return void this.#pending.push(...batches.slice(i));
      this.#inPieces = update.byteLength > MAX_EVENT_BYTES / 2;
      void this.#send(update);
    }
  }

  async #send(update: Uint8Array): Promise<void> {
    const join = this.#joins;
    this.#inFlight += 1;
    this.#settle();
    try {
      const answer = await (update.byteLength > MAX_EVENT_BYTES / 2 ? this.#sendInPieces(update, join) : this.#transport.ask('room:update', { task: this.#task, update }));
      if (join !== this.#joins || !answer) return;
      this.#inFlight -= 1;
      this.#inPieces &&= update.byteLength <= MAX_EVENT_BYTES / 2;
      if (answer.ok) this.#flush();
      if (answer.ok) this.#settle();
      else this.#heardProblem(answer.problem);
    } catch (error) {
      if (!(error instanceof LostAnswer)) throw error;
      if (join === this.#joins) this.#retryLater();
    }
  }

  /** The answer to the last piece, or to the one that was refused; null when the connection changed under way. */
  async #sendInPieces(update: Uint8Array, join: number): Promise<AnswerOf<'room:part'> | null> {
    let answer: AnswerOf<'room:part'> | null = null;
    for (let at = 0, index = 0; at < update.byteLength; at += PART_BYTES, index++) {
      const part = update.slice(at, at + PART_BYTES);
      answer = await this.#transport.ask('room:part', { task: this.#task, part, index, last: at + PART_BYTES >= update.byteLength });
      if (join !== this.#joins) return null;
      if (!answer.ok) return answer;
    }
    return answer;
  }

  #settle(): void {
    if (this.#ended || !this.#joined) return;
    const complete = this.#inFlight === 0 && this.#pending.length === 0;
    if (complete) this.#tries = this.#failures = 0;
    this.#set(complete ? 'saved' : 'saving');
  }

  #set(state: SaveState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.events.emit('state', state);
  }

  #fail(problem: Problem): void {
    this.#problem = problem;
    const complete = this.#state === 'saved';
    this.#joins += 1;
    this.#joined = false;
    clearTimeout(this.#retryTimer);
    this.#forgetOthers();
    this.#set(complete ? 'closed' : 'failed');
    this.events.emit('closed', problem);
  }

  /** Resolves when the server has all of this document; rejects when it refuses, or with `unavailable` after `ms`. */
  whenSaved(ms: number): Promise<void> {
    this.#flush();
    return new Promise((done, refuse) => {
      const check = (): void => {
        if (this.#state === 'saved') settle(done);
        else if (this.#ended) settle(() => refuse(toError(this.#problem)));
      };
      const end = this.events.on('state', check);
      const timer = setTimeout(() => settle(() => refuse(toError(null))), ms);
      const settle = (then: () => void): void => {
        end();
        clearTimeout(timer);
        then();
      };
      check();
    });
  }

  // ── presence ───────────────────────────────────────────────────────────────────────────────────
  readonly #onAwareness = (changes: { added: number[]; updated: number[]; removed: number[] }, origin: unknown): void => {
    this.events.emit('presence');
    const others = changes.added.filter((id) => id !== this.awareness.clientID);
    const own = [...changes.added, ...changes.updated, ...changes.removed].includes(this.awareness.clientID);
    // A newcomer does not know us yet: a room need not remember presence.
    if (own || (origin === REMOTE && others.length > 0)) this.#presenceTimer ??= setTimeout(() => this.#announce(), PRESENCE_MS);
  };

  #announce(): void {
    clearTimeout(this.#presenceTimer);
    this.#presenceTimer = undefined;
    if (!this.#joined || this.awareness.getLocalState() === null) return;
    this.#transport.tell({ task: this.#task, update: encodeAwarenessUpdate(this.awareness, [this.awareness.clientID]) });
  }

  #heardPresence(update: Uint8Array): void {
    try {
      applyAwarenessUpdate(this.awareness, update, REMOTE);
    } catch {
      // A hint that cannot be read is no loss.
    }
  }

  /** Leaves the room. What was not acknowledged stays in the browser's own store. */
  destroy(): void {
    this.#flush();
    this.awareness.setLocalState(null);
    if (this.#joined) {
      this.#transport.tell({ task: this.#task, update: encodeAwarenessUpdate(this.awareness, [this.awareness.clientID]) });
      this.#transport.ask('room:leave', { task: this.#task }).catch(() => undefined);
    }
    for (const timer of [this.#flushTimer, this.#presenceTimer, this.#retryTimer]) clearTimeout(timer);
    for (const end of this.#ends) end();
    this.#joins += 1;
    this.#doc.off('update', this.#onUpdate);
    this.awareness.off('update', this.#onAwareness);
    this.awareness.destroy();
    this.events.clear();
  }
}

/** Joins updates as far as one event may carry them. */
function batchesOf(updates: readonly Uint8Array[]): Uint8Array[] {
  const groups: Uint8Array[][] = [[]];
  let bytes = 0;
  for (const update of updates) {
    const group = groups[groups.length - 1];
    if (group && (group.length === 0 || bytes + update.byteLength <= MAX_EVENT_BYTES / 2)) group.push(update);
    else {
      groups.push([update]);
      bytes = 0;
    }
    bytes += update.byteLength;
  }
  return groups.map((group) => (group.length === 1 && group[0] ? group[0] : Y.mergeUpdates(group)));
}

function toError(problem: Problem | null): EmendError {
  if (problem) return new EmendError(problem.code, problem.message, problem.detail);
  return new EmendError('unavailable', 'Your last edits have not reached the server. They are kept in this browser; submit again when you are connected.');
}
