/** Attacks on a room in which two people work: what the attacker is told, and whether the two notice. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as ops from '#core/annotation/doc.ts';
import { ATTACKS, type Target } from './attacks.ts';
import { Hand } from './hand.ts';
import type { Stage } from './stage.ts';

export interface Outcome {
  name: string;
  /** What the server answered: a code, `cut`, or `dropped`. */
  answer: string;
  asExpected: boolean;
  /** Milliseconds from edit to "saved" of the two who work, while it went on. */
  saved: number[];
  /** Their edits that were refused. */
  refused: number;
}

/** Longest wait for what was sent to arrive, in milliseconds. */
const PATIENCE = 10_000;

/** @param around is called before and after each attack, to measure. */
export async function besiege(stage: Stage, around: (when: 'before' | 'after', outcome: Outcome) => Promise<void> = () => Promise.resolve()): Promise<Outcome[]> {
  const [ann, bob, attacker] = stage.people;
  const [task] = stage.tasks;
  if (!ann || !bob || !attacker || task === undefined) throw new Error('a siege takes three people and a picture');
  const target: Target = { origin: stage.origin, attacker, viewer: stage.viewer, task };
  const work = new Work(stage, task);
  await work.begin();
  const outcomes: Outcome[] = [];
  for (const { name, run, expected } of ATTACKS) {
    const outcome: Outcome = { name, answer: '', asExpected: false, saved: [], refused: 0 };
    work.book = outcome;
    await around('before', outcome);
    outcome.answer = await run(target);
    outcome.asExpected = expected.test(outcome.answer);
    await sleep(300);
    await around('after', outcome);
    outcomes.push(outcome);
  }
  await work.end();
  return outcomes;
}

class Work {
  book: Outcome = { name: '', answer: '', asExpected: true, saved: [], refused: 0 };
  readonly #sent = new Map<string, number>();
  readonly #hands: Hand[];
  #timers: NodeJS.Timeout[] = [];
  #n = 0;

  constructor(stage: Stage, task: string) {
    this.#hands = stage.people.slice(0, 2).map((person) => new Hand(stage.origin, person, task, { saved: (edit) => { this.#saved(edit); }, refused: () => { this.book.refused += 1; } }));
  }

  async begin(): Promise<void> {
    await Promise.all(this.#hands.map((hand) => hand.whenReady()));
    this.#timers = this.#hands.map((hand, i) => setInterval(() => {
      const n = ++this.#n;
      this.#sent.set(`work${i} ${n}`, performance.now());
      hand.put(`work${i}`, [i, i, n, 20], `work${i} ${n}`);
    }, 50));
  }

  #saved(edit: string): void {
    const at = this.#sent.get(edit);
    if (at !== undefined) this.book.saved.push(performance.now() - at);
    this.#sent.delete(edit);
  }

  /** Everything of the two was saved, and both see the same: their boxes, and of the attacker at most what is allowed. */
  async end(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    for (const deadline = Date.now() + PATIENCE; this.#sent.size > 0 && Date.now() < deadline; ) await sleep(50);
    if (this.#sent.size > 0) throw new Error(`${this.#sent.size} edits of people who did nothing wrong were not saved`);
    await sleep(500);
    const [one, other] = this.#hands.map((hand) => ops.annotationsOf(hand.doc).toJSON());
    if (JSON.stringify(Object.entries(one ?? {}).toSorted()) !== JSON.stringify(Object.entries(other ?? {}).toSorted())) throw new Error('the two see different pictures');
    const strange = Object.keys(one ?? {}).filter((id) => !/^(work|flood)\d$/.test(id));
    if (strange.length > 0) throw new Error(`the attacker left something: ${strange.slice(0, 5).join(', ')}`);
    for (const hand of this.#hands) {
      if (ops.contentProblem(hand.doc) !== undefined) throw new Error('the picture holds what does not fit');
      hand.close();
    }
  }
}
