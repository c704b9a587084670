/** One line of JSON per finished cell, added as soon as it is known: a bench that was stopped goes on after the last one. */
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { nameOf, SETS, STRATEGIES, type Cell } from './plan.ts';

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) => Type.Union([type, Type.Null()]);
const Share = Type.Number({ minimum: 0, maximum: 1 });

export const Result = Type.Object({
  set: Type.Enum([...SETS]), seed: Type.Integer(), mode: Type.Enum(['start', 'incremental', 'scratch', 'everything']), strategy: Nullable(Type.Enum([...STRATEGIES])), round: Type.Integer(),
  /** Labelled images in the train split; how many of them were corrected in this and earlier rounds. */
  images: Type.Integer(), corrected: Type.Integer(),
  /** Of this round: acts of the hand, and what the same images would have taken from nothing (clicks.ts). */
  clicks: Type.Integer(), clicksFromNothing: Type.Integer(), kept: Type.Integer(), drawn: Type.Integer(), rejected: Type.Integer(), relabelled: Type.Integer(),
  epochs: Type.Integer(), imgsz: Type.Integer(),
  /** From the trainer's beginning to the gate, and processor time of the trainer, which a busy machine does not stretch (0 = not known). */
  seconds: Type.Number(), processorSeconds: Type.Number(),
  /** The run's model on the frozen validation split, by the product's own evaluation. */
  map50: Share, map: Share,
  /** The model that people have after the gate's decision (and the bench's own by the figures, where the gate leaves it to a person). */
  standing50: Share, standing: Share,
  gate: Type.Enum(['promote', 'hold', 'undecided', 'first']),
});
export type Result = Static<typeof Result>;

export async function readResults(path: string): Promise<Result[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line.trim() !== '').map((line) => Value.Parse(Result, JSON.parse(line)));
}

export async function addResult(path: string, result: Result): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await appendFile(path, `${JSON.stringify(result)}\n`);
}

export function isThere(results: readonly Result[], cell: Cell): boolean {
  return results.some((result) => nameOf(result) === nameOf(cell));
}
