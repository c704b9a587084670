/** One person's hand over a real socket: a document that sends its own edits at once, hears those of others, and joins again after a break. */
import { io, type Socket } from 'socket.io-client';
import * as Y from 'yjs';
import * as ops from '#core/annotation/doc.ts';
import type { Box } from '#core/geometry/box.ts';
import { newId } from '#core/ids.ts';
import { PROTOCOL_VERSION, type Answer, type ClientToServer, type Joined, type ServerToClient } from '#core/protocol.ts';
import type { Person } from './stage.ts';

export interface HandEvents {
  /** A box of somebody else has arrived here. */
  seen?: (annotation: string, box: readonly number[]) => void;
  /** The server said of this edit that it is saved. */
  saved?: (edit: string) => void;
  refused?: (code: string) => void;
}

export class Hand {
  readonly doc = new Y.Doc();
  readonly socket: Socket<ServerToClient, ClientToServer>;
  readonly #task: string;
  readonly #events: HandEvents;
  readonly #act: ops.Act;
  #joined = false;
  #edit = '';
  bytes = 0;

  constructor(origin: string, person: Person, task: string, events: HandEvents = {}) {
    this.#task = task;
    this.#events = events;
    this.#act = { origin: { kind: 'person', user: person.name, client: person.name }, user: person.name, now: Date.now() };
    this.socket = io(origin, { transports: ['websocket'], extraHeaders: { cookie: person.cookie, origin }, reconnectionDelay: 50, reconnectionDelayMax: 300, forceNew: true });
    this.socket.on('room:update', ({ update }) => { Y.applyUpdate(this.doc, new Uint8Array(update), 'remote'); });
    this.socket.on('disconnect', () => { this.#joined = false; });
    this.socket.on('room:closed', () => { this.#joined = false; setTimeout(() => void this.#join(), 200); });
    this.socket.on('connect', () => void this.#join());
    this.doc.on('update', (update: Uint8Array, origin: unknown) => { if (origin !== 'remote') this.#send(update); });
    if (events.seen) ops.annotationsOf(this.doc).observeDeep((changes, { origin }) => { if (origin === 'remote') this.#tell(changes); });
  }

  get ready(): boolean {
    return this.#joined;
  }

  async whenReady(): Promise<void> {
    while (!this.#joined) await new Promise((next) => { setTimeout(next, 10); });
  }

  /** Draws the box, or moves the one of this id. `edit` names it in `saved`. */
  put(id: string, box: Box, edit: string): void {
    this.#edit = edit;
    const seen = { predictions: [], threshold: 0.25 };
    if (ops.annotationsOf(this.doc).has(id)) ops.setBox(this.doc, this.#act, seen, id, box);
    else ops.drawBox(this.doc, this.#act, seen, id, box, 0);
  }

  remove(id: string, edit: string): void {
    this.#edit = edit;
    ops.removeAnnotation(this.doc, this.#act, id);
  }

  close(): void {
    this.socket.close();
  }

  #send(update: Uint8Array): void {
    this.bytes += update.byteLength;
    const edit = this.#edit;
    if (this.#joined) this.socket.emit('room:update', { task: this.#task, update }, (answer) => { this.#heard(answer, edit); });
  }

  #heard(answer: Answer<object>, edit: string): void {
    if (answer.ok) this.#events.saved?.(edit);
    else {
      this.#events.refused?.(answer.problem.code);
      // As the page does: what passes by is sent again with the next joining.
      if (this.#joined && ['busy', 'too_many', 'unavailable'].includes(answer.problem.code)) {
        this.#joined = false;
        setTimeout(() => void this.#join(), 200);
      }
    }
  }

  async #join(): Promise<void> {
    const { socket } = this;
    if (this.#joined || !socket.connected) return;
    const answer = await new Promise<Answer<Joined>>((done) => {
      socket.emit('room:join', { task: this.#task, protocol: PROTOCOL_VERSION, client: newId(), stateVector: Y.encodeStateVector(this.doc) }, done);
    });
    if (!answer.ok) {
      this.#events.refused?.(answer.problem.code);
      if (socket.connected) setTimeout(() => void this.#join(), 300);
      return;
    }
    Y.applyUpdate(this.doc, new Uint8Array(answer.update), 'remote');
    this.#joined = true;
    const missing = Y.encodeStateAsUpdate(this.doc, new Uint8Array(answer.stateVector));
    if (missing.byteLength > 2) socket.emit('room:update', { task: this.#task, update: missing }, (heard) => { this.#heard(heard, 'backlog'); });
  }

  #tell(changes: Y.YEvent<Y.AbstractType<unknown>>[]): void {
    for (const change of changes) {
      const ids = change.path.length > 0 ? [String(change.path[0])] : [...change.changes.keys.keys()];
      for (const id of ids) {
        const box: unknown = ops.annotationsOf(this.doc).get(id)?.get('box');
        if (Array.isArray(box)) this.#events.seen?.(id, box);
      }
    }
  }
}
