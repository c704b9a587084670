import { IndexeddbPersistence } from 'y-indexeddb';
import * as Y from 'yjs';
import { annotationsOf, verdictsOf } from '#core/annotation/doc.ts';
import { storeName } from './openRoom.ts';

export interface CopyOf {
  readonly task: string;
  readonly image: string;
}

/**
 * What this browser holds of a task, as the text of a JSON file: annotations and verdicts in words (boxes [x, y, width, height] in image pixels),
 * and the whole document as a Yjs V1 update in base64, from which nothing is missing.
 */
export function copyOf(doc: Y.Doc, { task, image }: CopyOf): string {
  const bytes = Y.encodeStateAsUpdate(doc);
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return JSON.stringify({ format: 'emend-local-copy', version: 1, task, image, savedAt: new Date().toISOString(), annotations: annotationsOf(doc).toJSON(), verdicts: verdictsOf(doc).toJSON(), update: btoa(binary) }, null, 2);
}

/** The browser's own store of a task that cannot be opened any more; null when there is nothing in it. */
export async function keptCopy(task: string, user: string): Promise<string | null> {
  if (typeof indexedDB === 'undefined') return null;
  const name = storeName(task, user);
  // Opening a store that is not there would make one.
  const stores = await indexedDB.databases();
  if (!stores.some((store) => store.name === name)) return null;
  const doc = new Y.Doc();
  const store = new IndexeddbPersistence(name, doc);
  try {
    await store.whenSynced;
    return annotationsOf(doc).size + verdictsOf(doc).size > 0 ? copyOf(doc, { task, image: task }) : null;
  } finally {
    await store.destroy();
    doc.destroy();
  }
}
