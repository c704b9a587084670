/**
 * Awareness updates of y-protocols: [count, (client, clock, JSON)*]. Read strictly, and rewritten: with the sender's true name, and with a client id and clock that
 * the server gives to each connection. What a sender calls itself is not passed on, so nobody can speak for, or silence, somebody else.
 */
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { Value } from 'typebox/value';
import { PresenceState } from '#core/protocol.ts';
import type { Person } from '../context.ts';

export interface Presence {
  client: number;
  clock: number;
  /** null = gone */
  state: PresenceState | null;
}

const MAX_BYTES = 8 * 1024;

/** What the sender shows of itself, null = gone; undefined = not to be relayed. Fields that the protocol does not know are left out. */
export function readPresence(update: Uint8Array, person: Person): PresenceState | null | undefined {
  if (update.byteLength > MAX_BYTES) return undefined;
  try {
    const decoder = decoding.createDecoder(update);
    if (decoding.readVarUint(decoder) !== 1) return undefined;
    decoding.readVarUint(decoder); // client
    decoding.readVarUint(decoder); // clock
    const state: unknown = JSON.parse(decoding.readVarString(decoder));
    if (state === null) return state;
    const named = typeof state === 'object' && !Array.isArray(state) ? { ...state, user: { id: person.id, name: person.name.slice(0, 80) } } : state;
    const cleaned: unknown = Value.Clean(PresenceState, named);
    return Value.Check(PresenceState, cleaned) ? cleaned : undefined;
  } catch {
    return undefined;
  }
}

export function writePresence(states: readonly Presence[]): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, states.length);
  for (const { client, clock, state } of states) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, clock);
    encoding.writeVarString(encoder, JSON.stringify(state));
  }
  return encoding.toUint8Array(encoder);
}
