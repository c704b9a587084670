import { Value } from 'typebox/value';
import { Prisma, type PrismaClient } from '#prisma';
import type { Facts } from './fitting.ts';
import { OwnedList } from './owners.ts';
import { RoomSealed, type LogEntry, type RoomStore, type Snapshot, type StoredDoc } from './roomStore.ts';

export class PrismaRoomStore implements RoomStore {
  readonly #db: PrismaClient;

  constructor(db: PrismaClient) {
    this.#db = db;
  }

  async load(taskId: string): Promise<StoredDoc | undefined> {
    // One statement's view: a compaction between two reads must not hide entries.
    const task = await this.#db.$transaction((tx) => tx.task.findUnique({
      where: { id: taskId }, select: { docSeq: true, snapshot: true, updates: { orderBy: { seq: 'asc' } } },
    }), { isolationLevel: 'RepeatableRead' });
    if (!task) return undefined;
    const { snapshot, docSeq: seq } = task;
    const log = task.updates.filter((u) => u.seq > (snapshot?.seq ?? 0)).map(({ bytes, userId }) => ({ bytes, userId }));
    return { snapshot: snapshot && { bytes: snapshot.bytes, owners: Value.Parse(OwnedList, snapshot.owners) }, log, seq };
  }

  async facts(taskId: string, thorough: boolean): Promise<Facts | undefined> {
    const task = await this.#db.task.findUnique({
      where: { id: taskId }, select: { imageId: true, predictionSetId: true, image: { select: { width: true, height: true, createdAt: true } }, project: { select: { classes: { select: { index: true, retiredAt: true } } } } },
    });
    if (!task) return undefined;
    // The ids alone: masks can be megabytes.
    const predictions = await this.#db.$queryRaw<{ id: string; class: number }[]>`
      SELECT p->>'id' AS id, (p->>'class')::int AS class FROM "PredictionSet" s, jsonb_array_elements(s.instances) p
      WHERE s.id = ${task.predictionSetId}::text OR (${thorough}::bool AND s."imageId" = ${task.imageId}::text)
      UNION ALL
      SELECT p->>'id', (p->>'class')::int FROM "BaselineLabel" b, jsonb_array_elements(b.instances) p
      WHERE b."imageId" = ${task.imageId}::text AND (${task.predictionSetId}::text IS NULL OR ${thorough}::bool)`;
    return {
      size: { width: task.image.width, height: task.image.height }, since: task.image.createdAt.getTime(), classes: new Map(task.project.classes.map((c) => [c.index, c.retiredAt?.getTime() ?? null])),
      predictions: new Map(predictions.map((p) => [p.id, p.class])),
    };
  }

  /** One statement, so one round trip and one COMMIT. The task's row lock orders it against submit, which changes the state. */
  async append(taskId: string, entries: readonly LogEntry[]): Promise<number> {
    const rows = Prisma.join(entries.map((e, i) => Prisma.sql`(${i + 1}::int, ${e.bytes}::bytea, ${e.userId}::text)`));
    const byPerson = entries.some((e) => e.userId !== null);
    const written = await this.#db.$queryRaw<{ seq: number }[]>`
      WITH entry(n, bytes, "userId") AS (VALUES ${rows}),
      task AS (
        UPDATE "Task" SET "docSeq" = "docSeq" + ${entries.length}::int, dirty = dirty OR ${byPerson}
        WHERE id = ${taskId} AND state <> 'submitted' RETURNING id, "docSeq"
      )
      INSERT INTO "DocUpdate" ("taskId", seq, bytes, "userId")
      SELECT task.id, task."docSeq" - ${entries.length}::int + entry.n, entry.bytes, entry."userId" FROM task, entry
      RETURNING seq`;
    if (written.length === 0) throw new RoomSealed();
    return Math.max(...written.map((row) => row.seq));
  }

  async compact(taskId: string, seq: number, { bytes, owners }: Snapshot): Promise<void> {
    await this.#db.$transaction([
      this.#db.$executeRaw`
        INSERT INTO "DocSnapshot" ("taskId", seq, bytes, owners, at) VALUES (${taskId}, ${seq}::int, ${bytes}::bytea, ${JSON.stringify(owners)}::jsonb, now())
        ON CONFLICT ("taskId") DO UPDATE SET seq = EXCLUDED.seq, bytes = EXCLUDED.bytes, owners = EXCLUDED.owners, at = EXCLUDED.at WHERE "DocSnapshot".seq < EXCLUDED.seq`,
      // Only what the snapshot in force holds, whoever wrote it.
      this.#db.$executeRaw`DELETE FROM "DocUpdate" u USING "DocSnapshot" s WHERE u."taskId" = ${taskId} AND s."taskId" = u."taskId" AND u.seq <= s.seq`,
    ]);
  }
}
