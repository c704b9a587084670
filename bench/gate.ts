/**
 * How often does the gate err? Simulated models whose true difference is known (from 40 000 pictures) are compared on 20, 87 and 300 validation pictures, many
 * times, under three rules: point estimates alone (what most projects do), the interval alone, and the gate's own rule. Needs nothing but Node:
 *
 *   node bench/gate.ts [--trials 150] [--resamples 300]
 *
 * Prints a Markdown table: per cent promoted / held (the rest is left to a person).
 */
import { parseArgs } from 'node:util';
import type { ModelMetrics } from '#core/api/model.ts';
import type { Differences } from '#core/api/run.ts';
import { pairedDifferences } from '#core/training/bootstrap.ts';
import type { EvaluatedImage } from '#core/training/evaluation.ts';
import { decideGate } from '#core/training/gate.ts';
import { precisionOf } from '#core/training/metrics.ts';
import { generator } from '#core/training/random.ts';

const { values } = parseArgs({ options: { trials: { type: 'string', default: '150' }, resamples: { type: 'string', default: '300' } } });
const [TRIALS, RESAMPLES] = [Number(values.trials), Number(values.resamples)];
const MARGIN = 0.01;
/** Labels per picture of a common, a middling and a rare class. */
const FREQUENCY = [2, 0.8, 0.25];

/** Of each class, how much better the new model is (logits of finding, and of placing well). */
interface Scenario { name: string; better: readonly [number, number, number] }
const SCENARIOS: readonly Scenario[] = [
  { name: 'much worse', better: [-0.8, -0.8, -0.8] }, { name: 'worse', better: [-0.4, -0.4, -0.4] }, { name: 'a little worse', better: [-0.2, -0.2, -0.2] },
  { name: 'equal', better: [0, 0, 0] }, { name: 'a little better', better: [0.2, 0.2, 0.2] }, { name: 'better', better: [0.4, 0.4, 0.4] }, { name: 'much better', better: [0.8, 0.8, 0.8] },
  { name: 'better, but the rare class worse', better: [0.6, 0.6, -0.8] },
];

type Random = () => number;
const normal = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
function poisson(random: Random, mean: number): number {
  let [n, p] = [0, random()];
  for (const limit = Math.exp(-mean); p > limit; n++) p *= random();
  return n;
}

/** Pictures with a difficulty of their own, objects with another: both models see the same ones, which is what pairing lives from. */
function pictures(n: number, random: Random): { labels: { class: number; difficulty: number }[] }[] {
  return Array.from({ length: n }, () => {
    const picture = normal(random) * 0.8;
    return { labels: FREQUENCY.flatMap((mean, index) => Array.from({ length: poisson(random, mean) }, () => ({ class: index, difficulty: picture + normal(random) }))) };
  });
}

function evaluate(world: ReturnType<typeof pictures>, better: readonly number[], random: Random): EvaluatedImage[] {
  const box = [0, 0, 4, 4] as const;
  return world.map(({ labels }, i) => {
    const found = labels.flatMap((label) => {
      const ease = 1.2 + (better[label.class] ?? 0) - label.difficulty;
      if (random() > logistic(ease)) return [];
      const thresholds = Math.max(0, Math.min(10, Math.round(6 + ease + normal(random) * 2)));
      return [{ class: label.class, score: logistic(ease + normal(random)), box, hits: (1 << thresholds) - 1, boxHits: 0 }];
    });
    for (const [index, mean] of FREQUENCY.entries()) {
      for (let k = poisson(random, mean * 3); k > 0; k--) found.push({ class: index, score: logistic(-2.5 - (better[index] ?? 0) / 2 + normal(random) * 1.2), box, hits: 0, boxHits: 0 });
    }
    return { image: String(i), truths: labels.map((l) => ({ class: l.class, box })), found };
  });
}

function metrics(images: readonly EvaluatedImage[]): ModelMetrics {
  const { map, map50, perClass } = precisionOf(images);
  return { map, map50, boxMap: null, boxMap50: null, precision: null, recall: null, images: images.length, perClass: perClass.map((c) => ({ classIndex: c.classIndex, name: String(c.classIndex), map: c.map, map50: c.map50, instances: c.instances })) };
}

/** Differences in points, of the whole and of the rare class: means over ten times 4000 pictures. */
function truth(better: readonly number[]): readonly [all: number, rare: number] {
  const rounds = Array.from({ length: 10 }, (_, round) => {
    const world = pictures(4000, generator(round));
    const [a, b] = [precisionOf(evaluate(world, [0, 0, 0], generator(100 + round))), precisionOf(evaluate(world, better, generator(200 + round)))];
    return [(b.map ?? 0) - (a.map ?? 0), (b.perClass[2]?.map ?? 0) - (a.perClass[2]?.map ?? 0)] as const;
  });
  const mean = (at: 0 | 1): number => (rounds.reduce((sum, r) => sum + r[at], 0) / rounds.length) * 100;
  return [mean(0), mean(1)];
}

type Verdict = 'promote' | 'hold' | 'undecided';
const RULES: readonly { name: string; decide: (d: Differences, old: ModelMetrics, fresh: ModelMetrics) => Verdict }[] = [
  { name: 'point estimates', decide: (d) => ([d.map, ...d.perClass.map((c) => c.map)].some((x) => x.value < -MARGIN) ? 'hold' : 'promote') },
  {
    name: 'intervals only',
    decide: (d) => {
      if ([d.map, ...d.perClass.map((c) => c.map)].some((x) => x.high !== null && x.high < -MARGIN)) return 'hold';
      return d.map.low !== null && d.map.low >= -MARGIN ? 'promote' : 'undecided';
    },
  },
  { name: 'the gate', decide: (differences, old, fresh) => { const { decision } = decideGate({ old, fresh, differences, margin: MARGIN }); return decision === 'first' ? 'promote' : decision; } },
];

console.info(`| true difference (points; of the rare class) | pictures | ${RULES.map((r) => r.name).join(' | ')} |\n|---|---|${RULES.map(() => '---').join('|')}|`);
for (const [at, { name, better }] of SCENARIOS.entries()) {
  const [all, rare] = truth(better);
  for (const n of [20, 87, 300]) {
    const counts = RULES.map(() => ({ promote: 0, hold: 0, undecided: 0 }));
    for (let trial = 0; trial < TRIALS; trial++) {
      const random = generator(1000 * at + 100_000 * n + trial);
      const world = pictures(n, random);
      const [old, fresh] = [evaluate(world, [0, 0, 0], random), evaluate(world, better, random)];
      const differences = pairedDifferences(old, fresh, { resamples: RESAMPLES });
      for (const [r, rule] of RULES.entries()) counts[r]![rule.decide(differences, metrics(old), metrics(fresh))] += 1;
    }
    const share = (count: number): string => Math.round((count / TRIALS) * 100).toString();
    console.info(`| ${name}: ${all.toFixed(1)}; ${rare.toFixed(1)} | ${n} | ${counts.map((c) => `${share(c.promote)} / ${share(c.hold)}`).join(' | ')} |`);
  }
}
