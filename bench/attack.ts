/**
 * Every attack of the corpus on a room in which two people work: what the attacker is told, the longest gap of the server's event loop meanwhile, and how long the two
 * waited for "saved".
 *
 *   npm run bench:attack
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { besiege } from '../e2e/live/siege.ts';
import { makeStage } from '../e2e/live/stage.ts';
import { percentiles } from './live/figures.ts';

const stage = await makeStage(3, 2, { env: { NODE_OPTIONS: `--import ${join(import.meta.dirname, 'live/gap.ts')}` } });

async function gap(): Promise<[most: number, p99: number]> {
  const before = stage.emend.output().length;
  process.kill(stage.emend.pid(), 'SIGUSR2');
  for (;;) {
    const found = /gap ([\d.]+) ([\d.]+) end/.exec(stage.emend.output().slice(before));
    if (found) return [Number(found[1]), Number(found[2])];
    await sleep(10);
  }
}

const gaps = new Map<string, [number, number]>();
try {
  const outcomes = await besiege(stage, async (when, { name }) => {
    const measured = await gap();
    if (when === 'after') gaps.set(name, measured);
  });
  console.table(outcomes.map(({ name, answer, asExpected, saved, refused }) => ({
    attack: name, answer: asExpected ? answer : `${answer} (not expected)`, 'longest gap, ms': gaps.get(name)?.[0], 'p99 gap, ms': gaps.get(name)?.[1],
    'others: saved p50, ms': percentiles(saved).p50.toFixed(0), 'p99, ms': percentiles(saved).p99.toFixed(0), refused,
  })));
  console.info(`longest gap of all: ${Math.max(...[...gaps.values()].map(([most]) => most)).toFixed(0)} ms (bar 50 ms)`);
} finally {
  await stage.emend.remove();
}
