import * as Y from 'yjs';
import type { Problem } from '#core/errors.ts';
import type { ClientToServer, ServerToClient } from '#core/protocol.ts';
import { LostAnswer, type Transport } from '../transport.ts';

type Listener = (message: never) => void;

/** A room of the server in memory: takes updates, acknowledges, sends them on. Nothing happens between turns but what a test asks for. */
export class MemoryServer {
  readonly doc = new Y.Doc();
  readonly received: Uint8Array[] = [];
  readonly links = new Set<MemoryLink>();
  /** While true, answers wait in `held`. */
  hold = false;
  refuse: Problem | null = null;
  readOnly = false;
  #held: (() => void)[] = [];

  connect(): MemoryLink {
    const link = new MemoryLink(this);
    this.links.add(link);
    return link;
  }

  /** Lets the waiting answers go. */
  release(): void {
    this.hold = false;
    for (const answer of this.#held.splice(0)) answer();
  }

  handle(from: MemoryLink, name: keyof ClientToServer, message: { task: string; update?: Uint8Array; stateVector?: Uint8Array; part?: Uint8Array; last?: boolean }, answer: (value: unknown) => void): void {
    const reply = (value: unknown): void => (this.hold ? void this.#held.push(() => answer(value)) : answer(value));
    if (this.refuse) return reply({ ok: false, problem: this.refuse });
    if (name === 'room:join') {
      from.joined = true;
      return reply({ ok: true, update: Y.encodeStateAsUpdate(this.doc, message.stateVector), stateVector: Y.encodeStateVector(this.doc), readOnly: this.readOnly });
    }
    if (name === 'room:part' && message.part) from.parts.push(message.part);
    const update = name === 'room:part' ? (message.last ? joined(from.parts.splice(0)) : undefined) : message.update;
    if (update) {
      this.received.push(update);
      Y.applyUpdate(this.doc, update);
      for (const link of this.links) if (link !== from && link.joined) link.hear('room:update', { task: message.task, update });
      return reply({ ok: true, seq: this.received.length });
    }
    reply({ ok: true });
  }
}

/** One client's connection, which a test can cut and mend. */
export class MemoryLink implements Transport {
  connected = true;
  joined = false;
  parts: Uint8Array[] = [];
  readonly #server: MemoryServer;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #connection = new Set<(connected: boolean) => void>();
  #lose: (() => void)[] = [];

  constructor(server: MemoryServer) {
    this.#server = server;
  }

  ask: Transport['ask'] = (name, message) =>
    new Promise((done, refuse) => {
      if (!this.connected) return refuse(new LostAnswer('not connected'));
      this.#lose.push(() => refuse(new LostAnswer('cut')));
      this.#server.handle(this, name, structuredClone(message) as { task: string }, (value) => done(value as never));
    });

  tell: Transport['tell'] = (message) => {
    if (!this.connected) return;
    for (const link of this.#server.links) if (link !== this && link.joined) link.hear('room:presence', message);
  };

  on: Transport['on'] = (name, listener) => {
    const set = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, set.add(listener));
    return () => void set.delete(listener);
  };

  onConnection: Transport['onConnection'] = (listener) => {
    this.#connection.add(listener);
    return () => void this.#connection.delete(listener);
  };

  hear<Name extends keyof ServerToClient>(name: Name, message: Parameters<ServerToClient[Name]>[0]): void {
    if (!this.connected) return;
    for (const listener of [...(this.#listeners.get(name) ?? [])]) listener(message as never);
  }

  /** Whatever was asked and not answered is lost. */
  cut(): void {
    this.connected = false;
    this.joined = false;
    this.parts = [];
    for (const lose of this.#lose.splice(0)) lose();
    for (const listener of this.#connection) listener(false);
  }

  mend(): void {
    this.connected = true;
    for (const listener of this.#connection) listener(true);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}
