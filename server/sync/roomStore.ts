import type { Facts } from './fitting.ts';
import type { Owned } from './owners.ts';

/** Where the documents of tasks are kept: an append-only log of Yjs V1 updates per task, and a snapshot that shortens it. */
export interface RoomStore {
  /** Everything of one task, oldest first; undefined = there is no such task. */
  load(taskId: string): Promise<StoredDoc | undefined>;
  /**
   * What edits of this task are held against; undefined = there is no such task. The predictions are those of the task's own set; `thorough`: of all sets
   * that its image ever had, since work without a connection may speak of a former one.
   */
  facts(taskId: string, thorough: boolean): Promise<Facts | undefined>;
  /**
   * Appends in order and returns the number of the last one; durable when it resolves. Throws RoomSealed, having written nothing, when the
   * task takes no edits (submitted, or gone).
   */
  append(taskId: string, entries: readonly LogEntry[]): Promise<number>;
  /** Replaces the log up to and including `seq` by one snapshot. Later entries stay. Never goes back behind an existing snapshot. */
  compact(taskId: string, seq: number, snapshot: Snapshot): Promise<void>;
}

export interface LogEntry {
  bytes: Uint8Array;
  /** null = the server itself (a model's mask). */
  userId: string | null;
}

export interface Snapshot {
  /** One Yjs V1 update. */
  bytes: Uint8Array;
  /** Whose the client ids in it are, as far as that is known: snapshots of older versions did not keep it. */
  owners: Owned[];
}

export interface StoredDoc {
  snapshot: Snapshot | null;
  /** What came after the snapshot, oldest first. */
  log: LogEntry[];
  /** Number of the last entry; 0 = none yet. */
  seq: number;
}

/** Everything of a document, oldest first. */
export function updatesOf({ snapshot, log }: StoredDoc): Uint8Array[] {
  return [...(snapshot ? [snapshot.bytes] : []), ...log.map((entry) => entry.bytes)];
}

/** The task takes no edits any more. */
export class RoomSealed extends Error {
  constructor() {
    super('the task takes no edits');
    this.name = 'RoomSealed';
  }
}
