import type { Facts } from './fitting.ts';

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
  compact(taskId: string, seq: number, bytes: Uint8Array): Promise<void>;
}

export interface LogEntry {
  bytes: Uint8Array;
  /** null = the server itself (a model's mask). */
  userId: string | null;
}

export interface StoredDoc {
  updates: Uint8Array[];
  /** Number of the last entry; 0 = none yet. */
  seq: number;
  /** Entries behind the snapshot. */
  logged: number;
}

/** The task takes no edits any more. */
export class RoomSealed extends Error {
  constructor() {
    super('the task takes no edits');
    this.name = 'RoomSealed';
  }
}
