/** The whole way: a box over the socket → room → queue → model → mask in the room → back at the one who drew it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Type } from 'typebox';
import { annotationsOf } from '#core/annotation/doc.ts';
import { NextTasks } from '#core/api/image.ts';
import { SystemDto } from '#core/api/system.ts';
import type { Box } from '#core/geometry/box.ts';
import { Hand } from '../../e2e/live/hand.ts';
import { ask, type Person, type Stage } from '../../e2e/live/stage.ts';

const LIMIT_MS = 120_000;
const Anything = Type.Unknown();

/** One person with one picture open. */
export class Prompter {
  readonly #hand: Hand;
  #drawn = 0;

  constructor(stage: Stage, person: Person, task: string) {
    this.#hand = new Hand(stage.origin, person, task);
  }

  ready(): Promise<void> {
    return this.#hand.whenReady();
  }

  /** Draws a new box and waits for its mask. Milliseconds. @throws Error when none comes. */
  async prompt(): Promise<number> {
    const id = `b${this.#drawn++}`;
    const box: Box = [100 + (this.#drawn % 20) * 50, 100 + (this.#drawn % 7) * 90, 220, 180];
    const began = performance.now();
    const annotations = annotationsOf(this.#hand.doc);
    const masked = new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => { reject(new Error('no mask came within two minutes')); }, LIMIT_MS);
      const look = (): void => {
        if (!annotations.get(id)?.has('mask')) return;
        clearTimeout(timer);
        annotations.unobserveDeep(look);
        resolve(performance.now() - began);
      };
      annotations.observeDeep(look);
    });
    this.#hand.put(id, box, id);
    return masked;
  }

  async leave(task: string): Promise<void> {
    await this.#hand.socket.emitWithAck('room:leave', { task });
    this.#hand.close();
  }

  close(): void {
    this.#hand.close();
  }
}

/** Everybody draws as fast as masks come, each on a picture of their own that is encoded already. */
export async function together(stage: Stage, people: number, each: number): Promise<{ times: number[]; perSecond: number }> {
  const prompters = stage.people.slice(0, people).map((person, i) => new Prompter(stage, person, stage.tasks[i] ?? ''));
  await Promise.all(prompters.map((p) => p.ready()));
  for (const p of prompters) await p.prompt(); // waits for the encode
  await quiet(stage);
  const began = performance.now();
  const times = (await Promise.all(prompters.map(async (p) => {
    const own: number[] = [];
    for (let i = 0; i < each; i++) own.push(await p.prompt());
    return own;
  }))).flat();
  const perSecond = (times.length * 1000) / (performance.now() - began);
  for (const p of prompters) p.close();
  return { times, perSecond };
}

/** Resolves when no model works: encoding ahead is over. */
export async function quiet(stage: Stage): Promise<void> {
  for (let calm = 0; calm < 3; await sleep(200)) {
    const { inference } = await system(stage);
    calm = inference.running + inference.queued === 0 ? calm + 1 : 0;
  }
}

/** Resolves when the server makes its masks with this model. */
export async function inUse(stage: Stage, name: string): Promise<void> {
  for (;;) {
    const found = (await system(stage)).segmenters.find((s) => s.name === name);
    if (found?.inUse) return;
    if (found?.state === 'refused') throw new Error(`the server refuses ${name}: ${found.problem ?? ''}`);
    await sleep(500);
  }
}

export function system({ origin, admin }: Stage): Promise<SystemDto> {
  return ask(origin, admin, SystemDto, 'GET', '/system');
}

export interface Session {
  readonly prompts: number;
  readonly hits: number;
  readonly misses: number;
  /** From opening a picture to the first mask on it. */
  readonly first: number[];
}

/** Somebody works through the queue: takes the next picture, looks at it for `dwellMs` in all, draws `boxes` on it, and goes on. */
export async function session(stage: Stage, pictures: number, boxes: number, dwellMs: number): Promise<Session> {
  const [person] = stage.people;
  if (!person) throw new Error('nobody is there');
  const before = (await system(stage)).inference.embeddings;
  const first: number[] = [];
  let after: string | undefined;
  for (let i = 0; i < pictures; i++) {
    const next = await ask(stage.origin, person, NextTasks, 'POST', `/projects/${stage.project}/tasks/next`, after === undefined ? {} : { after });
    const task = next.current?.id;
    if (task === undefined) break;
    const p = new Prompter(stage, person, task);
    await p.ready();
    for (let k = 0; k < boxes; k++) {
      await sleep(dwellMs / (boxes + 1));
      const ms = await p.prompt();
      if (k === 0) first.push(ms);
    }
    await sleep(dwellMs / (boxes + 1));
    await p.leave(task);
    await ask(stage.origin, person, Anything, 'POST', `/tasks/${task}/skip`, { reason: 'bench' });
    after = task;
  }
  const now = (await system(stage)).inference.embeddings;
  return { prompts: pictures * boxes, hits: now.hits - before.hits, misses: now.misses - before.misses, first };
}
