/** Awareness updates of y-protocols: [count, (client, clock, JSON)*]. Read strictly, rewritten with the sender's true name. */
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

/** The one client that a sender may speak for; undefined = not to be relayed. */
export function readPresence(update: Uint8Array, person: Person): Presence | undefined {
  if (update.byteLength > MAX_BYTES) return undefined;
  try {
    const decoder = decoding.createDecoder(update);
    if (decoding.readVarUint(decoder) !== 1) return undefined;
    const client = decoding.readVarUint(decoder);
    const clock = decoding.readVarUint(decoder);
    const state: unknown = JSON.parse(decoding.readVarString(decoder));
    if (state === null) return { client, clock, state };
    const named = typeof state === 'object' ? { ...state, user: { id: person.id, name: person.name.slice(0, 80) } } : state;
    return Value.Check(PresenceState, named) ? { client, clock, state: named } : undefined;
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
