/**
 * Writes what a run tells into its rows and to whoever watches: states at once, progress and log lines some times a second. A trainer goes on while the
 * database is away; what it tells meanwhile is kept, and written when the database is back.
 */
import { Value } from 'typebox/value';
import { EpochPoint, type LogLine, type RunProgress, type RunState } from '#core/api/run.ts';
import type { Prisma, PrismaClient, TrainingRun } from '#prisma';
import type { Bus, Log } from '../../context.ts';
import { outlast } from '../../database/outlast.ts';
import { progressOf, runEvent } from './dto.ts';

const FLUSH_MS = 400;

export class Recorder {
  readonly #db: PrismaClient;
  readonly #bus: Bus;
  readonly #id: string;
  readonly #projectId: string;
  readonly #log: Log;
  #progress: RunProgress;
  #seq: number;
  #events: Prisma.RunEventCreateManyInput[] = [];
  #dirty = false;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  private constructor(db: PrismaClient, bus: Bus, run: TrainingRun, seq: number, log: Log) {
    this.#db = db;
    this.#bus = bus;
    this.#id = run.id;
    this.#projectId = run.projectId;
    this.#progress = progressOf(run);
    this.#seq = seq;
    this.#log = log;
  }

  /** A run that goes on after a restart goes on counting its events. */
  static async open(db: PrismaClient, bus: Bus, run: TrainingRun, log: Log): Promise<Recorder> {
    const last = await db.runEvent.aggregate({ where: { runId: run.id }, _max: { seq: true } });
    return new Recorder(db, bus, run, last._max.seq ?? 0, log);
  }

  progress(change: Partial<RunProgress>): void {
    this.#progress = { ...this.#progress, ...change };
    this.#dirty = true;
    this.#later();
  }

  epoch(point: EpochPoint): void {
    this.#add('epoch', point);
    this.#bus.emit(this.#projectId, { type: 'epoch', run: this.#id, point });
  }

  log(text: string): void {
    this.#add('log', { text });
  }

  async state(state: RunState, data: Prisma.TrainingRunUncheckedUpdateInput = {}): Promise<void> {
    await this.flush();
    this.#progress = { ...this.#progress, stageShare: null };
    const row = await outlast(() => this.#db.trainingRun.update({ where: { id: this.#id }, data: { ...data, state, progress: this.#progress } }));
    this.#bus.emit(this.#projectId, runEvent(row));
    this.#bus.emit(this.#projectId, { type: 'loop' });
  }

  #add(kind: string, data: Prisma.InputJsonObject): void {
    this.#events.push({ runId: this.#id, seq: ++this.#seq, kind, data, at: new Date() });
    this.#later();
  }

  #later(): void {
    this.#timer ??= setTimeout(() => { this.flush().catch((error: unknown) => { this.#log.warn({ err: error, run: this.#id }, 'what a run told could not be written'); }); }, FLUSH_MS);
  }

  /** Everything told so far is in the database when this resolves. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // What one write could not do does not stand in the way of the next.
    this.#writing = this.#writing.catch(() => undefined).then(() => this.#write());
    await this.#writing;
  }

  async #write(): Promise<void> {
    const events = this.#events.splice(0);
    if (events.length) await outlast(() => this.#db.runEvent.createMany({ data: events, skipDuplicates: true }));
    const lines = events.filter((e) => e.kind === 'log').map(toLine);
    if (lines.length) this.#bus.emit(this.#projectId, { type: 'log', run: this.#id, lines });
    if (!this.#dirty) return;
    this.#dirty = false;
    this.#bus.emit(this.#projectId, runEvent(await outlast(() => this.#db.trainingRun.update({ where: { id: this.#id }, data: { progress: this.#progress } }))));
  }
}

function toLine(event: { seq: number; at?: Date | string; data: unknown }): LogLine {
  const text = typeof event.data === 'object' && event.data !== null ? String(Reflect.get(event.data, 'text') ?? '') : '';
  return { seq: event.seq, at: new Date(event.at ?? Date.now()).toISOString(), text };
}

/** The curves. After a resumed run an epoch may have been told twice: the later one counts. */
export async function readEpochs(db: PrismaClient, runId: string): Promise<EpochPoint[]> {
  const rows = await db.runEvent.findMany({ where: { runId, kind: 'epoch' }, orderBy: { seq: 'asc' } });
  const points = new Map<number, EpochPoint>();
  for (const { data } of rows) if (Value.Check(EpochPoint, data)) points.set(data.epoch, data);
  return [...points.values()].toSorted((a, b) => a.epoch - b.epoch);
}

/** Lines in one answer: as many as a screen keeps of a whole log, and a glance at its end. */
const MOST_LINES = 20_000;
const LAST_LINES = 1000;

/** Log lines after a sequence number (−1: all), oldest first; without one the last thousand. Of too many, the newest. */
export async function readLog(db: PrismaClient, runId: string, after: number | undefined): Promise<LogLine[]> {
  const rows = await db.runEvent.findMany({
    where: { runId, kind: 'log', ...(after === undefined ? {} : { seq: { gt: after } }) }, orderBy: { seq: 'desc' }, take: after === undefined ? LAST_LINES : MOST_LINES,
  });
  return rows.toReversed().map(toLine);
}
