/**
 * Whose a Yjs client id is. Yjs counts the edits of each client id and believes whoever continues the count; an id can be read from any edit. Somebody
 * else's edits under an id would make the server believe to have work that it never saw, and two documents would differ for good.
 */
import { Type, type Static } from 'typebox';
import * as Y from 'yjs';
import { EmendError } from '#core/errors.ts';
import type { LogEntry } from './roomStore.ts';

/** Client ids of one person; null = the server itself. */
export const OwnedList = Type.Array(Type.Object({ userId: Type.Union([Type.String(), Type.Null()]), clients: Type.Array(Type.Integer({ minimum: 0 })) }));
export type Owned = Static<typeof OwnedList>[number];

type Structs = ReturnType<typeof Y.decodeUpdate>['structs'];

export class Owners {
  readonly #of = new Map<number, string | null>();

  /** `known`: of a snapshot. Whoever wrote first under an id since then has it. */
  constructor(known: readonly Owned[] = [], log: readonly LogEntry[] = []) {
    for (const { userId, clients } of known) for (const client of clients) this.claim(client, userId);
    for (const { bytes, userId } of log) for (const { client } of idsOf(Y.decodeUpdate(bytes).structs)) this.claim(client, userId);
  }

  /** The client ids under which these edits add something to a document. @throws EmendError `invalid` when one of them is somebody else's. */
  continued(doc: Y.Doc, structs: Structs, userId: string): Set<number> {
    const continued = new Set<number>();
    for (const { client, end } of idsOf(structs)) {
      // What the server has already is no news from anybody: pages may send it again.
      if (end <= Y.getState(doc.store, client)) continue;
      const owner = this.#of.get(client);
      if (owner !== undefined && owner !== userId) {
        throw new EmendError('invalid', 'An edit was refused because it goes on with the work of somebody else as if that person had done it. Everything saved before it is safe; save a copy of what was not, then open the image anew.');
      }
      continued.add(client);
    }
    return continued;
  }

  /** The first claim holds. */
  claim(client: number, userId: string | null): void {
    if (!this.#of.has(client)) this.#of.set(client, userId);
  }

  /** As a snapshot keeps it. */
  toList(): Owned[] {
    return [...Map.groupBy(this.#of, ([, userId]) => userId)].map(([userId, entries]) => ({ userId, clients: entries.map(([client]) => client) }));
  }
}

/** Gaps are no edits. */
function* idsOf(structs: Structs): Generator<{ client: number; end: number }> {
  for (const struct of structs) if (!(struct instanceof Y.Skip)) yield { client: struct.id.client, end: struct.id.clock + struct.length };
}
