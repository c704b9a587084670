/** Kills in the middle of edits, and the books of what was called saved. */
import { setTimeout as sleep } from 'node:timers/promises';
import type * as Y from 'yjs';
import * as ops from '#core/annotation/doc.ts';
import { killDatabase } from './database.ts';
import { Hand } from './hand.ts';
import { mulberry32 } from './random.ts';
import { makeStage, type Person, type Stage } from './stage.ts';

export interface CrashOptions {
  kills: number;
  seed: number;
  report?: (line: string) => void;
}
export interface CrashFound {
  serverKills: number;
  databaseKills: number;
  /** Edits made, and of them those that the server called saved; all of these were looked for. */
  made: number;
  saved: number;
  lost: number;
}

const TASKS = 3;
const HANDS_PER_TASK = 2;
/** So long may what is on its way take: PostgreSQL may have to be started again first. Milliseconds. */
const PATIENCE = 30_000;
/** Milliseconds between two edits of one hand. */
const PACE = 40;

/** What the server said of one box: the highest edit that it called saved, and whether a removal was asked for since. */
interface Entry {
  saved: number;
  removed: boolean;
}

export async function crashTest({ kills, seed, report = () => undefined }: CrashOptions): Promise<CrashFound> {
  const random = mulberry32(seed);
  const stage = await makeStage(TASKS * HANDS_PER_TASK, TASKS);
  const found: CrashFound = { serverKills: 0, databaseKills: 0, made: 0, saved: 0, lost: 0 };
  try {
    const desks = stage.tasks.map((task, i) => new Desk(stage, task, stage.people.slice(i * HANDS_PER_TASK, (i + 1) * HANDS_PER_TASK), random, found));
    for (let kill = 0; kill < kills; kill++) {
      await sleep(100 + random() * 900);
      const what = random();
      const victim = desks[kill % desks.length];
      if (what > 0.75 && await killDatabase(stage.emend)) found.databaseKills += 1;
      if (what < 0.85) {
        await stage.emend.kill();
        found.serverKills += 1;
        // Whoever sits at this desk loses the memory of their browser as well, so that nobody can send again what the server has lost.
        victim?.leave();
        await stage.emend.restart();
        if (victim) await victim.check();
        victim?.sitDown();
      }
      if (kill % 20 === 19) report(`${kill + 1} kills, ${found.saved} edits saved so far, ${found.lost} lost`);
    }
    for (const desk of desks) await desk.end();
    return found;
  } finally {
    await stage.emend.remove();
  }
}

/** One picture, the hands on it, and the books. */
class Desk {
  readonly #stage: Stage;
  readonly #task: string;
  readonly #people: readonly Person[];
  readonly #random: () => number;
  readonly #found: CrashFound;
  readonly #books = new Map<string, Entry>();
  #hands: Hand[] = [];
  #timers: NodeJS.Timeout[] = [];
  #sitting = 0;

  constructor(stage: Stage, task: string, people: readonly Person[], random: () => number, found: CrashFound) {
    this.#stage = stage;
    this.#task = task;
    this.#people = people;
    this.#random = random;
    this.#found = found;
    this.sitDown();
  }

  sitDown(): void {
    const sitting = ++this.#sitting;
    this.#hands = this.#people.map((person) => new Hand(this.#stage.origin, person, this.#task, { saved: (edit) => { if (sitting === this.#sitting) this.#note(edit); } }));
    this.#timers = this.#hands.map((hand, i) => setInterval(() => { if (hand.ready) this.#edit(hand, `s${sitting}h${i}b${Math.floor(this.#random() * 30)}`); }, PACE));
  }

  #edit(hand: Hand, id: string): void {
    const entry = this.#books.get(id) ?? { saved: -1, removed: false };
    this.#books.set(id, entry);
    const n = ++this.#found.made;
    if (this.#random() < 0.1 && ops.annotationsOf(hand.doc).has(id)) {
      entry.removed = true;
      hand.remove(id, `${id} -1`);
    } else hand.put(id, [10, 10, n, 20], `${id} ${n}`);
  }

  #note(edit: string): void {
    const [id = '', n = ''] = edit.split(' ');
    const entry = this.#books.get(id);
    if (!entry || edit === 'backlog') return;
    this.#found.saved += 1;
    entry.saved = Math.max(entry.saved, Number(n));
  }

  leave(): void {
    this.#sitting += 1; // nothing is noted any more
    for (const timer of this.#timers) clearInterval(timer);
    for (const hand of this.#hands) hand.close();
  }

  /** Somebody who was never here opens the picture and looks for all that was called saved. */
  async check(): Promise<Hand['doc']> {
    const newcomer = new Hand(this.#stage.origin, this.#stage.admin, this.#task);
    await newcomer.whenReady();
    const boxes = ops.annotationsOf(newcomer.doc);
    for (const [id, { saved, removed }] of this.#books) {
      const box: unknown = boxes.get(id)?.get('box');
      const there = Array.isArray(box) ? Number(box[2]) : null;
      if (saved >= 0 && (there === null ? !removed : there < saved)) this.#found.lost += 1;
    }
    newcomer.close();
    return newcomer.doc;
  }

  /** The hands stop; what they still hold arrives; every screen shows the same. */
  async end(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(this.#hands.map((hand) => hand.whenReady()));
    for (const deadline = Date.now() + PATIENCE; ; await sleep(500)) {
      const stored = shown((await this.check()));
      if (this.#hands.every((hand) => shown(hand.doc) === stored)) break;
      if (Date.now() > deadline) throw new Error('a screen shows something else than the database holds');
    }
    for (const hand of this.#hands) hand.close();
  }
}

const shown = (doc: Y.Doc): string => JSON.stringify(ops.annotationsOf(doc).toJSON(), sortKeys);

function sortKeys(_key: string, value: unknown): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) : value;
}
