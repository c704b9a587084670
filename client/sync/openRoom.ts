import { IndexeddbPersistence } from 'y-indexeddb';
import * as Y from 'yjs';
import { RoomProvider } from './room.ts';
import type { Transport } from './transport.ts';

/** A task's document, kept in the browser and in step with the server's room. */
export interface OpenRoom {
  readonly doc: Y.Doc;
  readonly provider: RoomProvider;
  /** Resolves when what this browser kept has been read (or cannot be). */
  readonly restored: Promise<void>;
  /** Forgets what the browser keeps of this task: after a submit, or when the server refuses it. */
  forget(): Promise<void>;
  close(): void;
}

/** The user is part of the name: two people who share a browser must not share unsent work. */
export function storeName(task: string, user: string): string {
  return `emend:${user}:${task}`;
}

export function openRoom(task: string, user: string, transport: Transport): OpenRoom {
  const doc = new Y.Doc();
  const store = openStore(storeName(task, user), doc);
  const provider = new RoomProvider(doc, task, transport);
  return {
    doc,
    provider,
    restored: store ? store.whenSynced.then(() => undefined, () => undefined) : Promise.resolve(),
    forget: async () => {
      await store?.clearData();
    },
    close() {
      provider.destroy();
      doc.destroy();
    },
  };
}

/** Null where the browser has no IndexedDB (private windows of some): work goes on, only a crash of the tab costs the unsent edits. */
function openStore(name: string, doc: Y.Doc): IndexeddbPersistence | null {
  return typeof indexedDB === 'undefined' ? null : new IndexeddbPersistence(name, doc);
}
