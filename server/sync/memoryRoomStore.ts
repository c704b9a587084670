import type { Facts } from './fitting.ts';
import { RoomSealed, type LogEntry, type RoomStore, type Snapshot, type StoredDoc } from './roomStore.ts';

interface Kept {
  snapshot: (Snapshot & { seq: number }) | undefined;
  log: (LogEntry & { seq: number })[];
  seq: number;
  sealed: boolean;
}

/** A picture of ordinary size, a few classes, and predictions p, p0 … p9. */
export const PLAIN_FACTS: Facts = {
  size: { width: 640, height: 480 }, since: 0, classes: new Map([0, 1, 2, 3].map((index) => [index, null])),
  predictions: new Map(['p', ...Array.from({ length: 10 }, (_, i) => `p${i}`)].map((id) => [id, 0])),
};

/** The twin of the Prisma store, for tests of rooms. Both pass the same suite. */
export class MemoryRoomStore implements RoomStore {
  readonly #tasks = new Map<string, Kept>();

  /** May be changed, as the database is. */
  known: Facts;

  constructor(taskIds: Iterable<string>, known: Facts = PLAIN_FACTS) {
    this.known = known;
    for (const id of taskIds) this.#tasks.set(id, { snapshot: undefined, log: [], seq: 0, sealed: false });
  }

  async load(taskId: string): Promise<StoredDoc | undefined> {
    const kept = this.#tasks.get(taskId);
    if (!kept) return undefined;
    const { snapshot, log, seq } = structuredClone(kept);
    return { snapshot: snapshot ? { bytes: snapshot.bytes, owners: snapshot.owners } : null, log: log.map(({ bytes, userId }) => ({ bytes, userId })), seq };
  }

  async facts(taskId: string, _thorough: boolean): Promise<Facts | undefined> {
    return this.#tasks.has(taskId) ? this.known : undefined;
  }

  async append(taskId: string, entries: readonly LogEntry[]): Promise<number> {
    const kept = this.#tasks.get(taskId);
    if (!kept || kept.sealed) throw new RoomSealed();
    for (const entry of entries) kept.log.push({ seq: ++kept.seq, ...entry });
    return kept.seq;
  }

  async compact(taskId: string, seq: number, snapshot: Snapshot): Promise<void> {
    const kept = this.#tasks.get(taskId);
    if (!kept || seq <= (kept.snapshot?.seq ?? 0)) return;
    kept.snapshot = { seq, ...snapshot };
    kept.log = kept.log.filter((e) => e.seq > seq);
  }

  /** What submit and reopen do to a task. */
  seal(taskId: string, sealed: boolean): void {
    const kept = this.#tasks.get(taskId);
    if (kept) kept.sealed = sealed;
  }
}
