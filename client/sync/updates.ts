import * as Y from 'yjs';

/**
 * True when `update` (what a peer lacks by its state vector) says nothing that `known` does not: no new item, and no deletion that is
 * not in `known` as well. A state vector does not tell deletions, so Yjs always sends all of them.
 */
export function isEmptyAgainst(update: Uint8Array, known: Uint8Array): boolean {
  const ours = Y.decodeUpdate(update);
  if (ours.structs.length > 0) return false;
  return ours.ds.clients.size === 0 || Y.equalDeleteSets(ours.ds, Y.decodeUpdate(known).ds);
}
