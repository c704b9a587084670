/** Rows of the tables, and the bar: what was promised beside what is. */
import { areas, curves, deviation, mean, type Over } from './curves.ts';
import { ROUNDS, SEEDS, SETS, STRATEGIES, type SetName } from './plan.ts';
import type { Result } from './results.ts';

const three = (value: number): string => (Number.isFinite(value) ? value.toFixed(3) : '–');
const percent = (value: number): string => (Number.isFinite(value) ? `${Math.round(value * 100)} %` : '–');
const counted = (values: readonly number[], words: (v: number) => string): string => (values.length === 0 ? '–' : `${words(mean(values))} (${values.length})`);

/** One row per strategy of one set, and one of everything. */
export function strategies(results: readonly Result[]): { name: string; [column: string]: string }[] {
  const set = results[0]?.set;
  if (!set) return [];
  const starts = results.filter((r) => r.mode === 'start').map((r) => r.standing50);
  const rows = STRATEGIES.flatMap((strategy) => {
    const own = results.filter((r) => r.mode === 'incremental' && r.strategy === strategy);
    if (own.length === 0) return [];
    const rounds = Array.from({ length: ROUNDS }, (_, i) => own.filter((r) => r.round === i + 1));
    const area = (over: Over): string => counted([...curves(results, set, strategy, over).keys()].map((seed) => areas(results, set, seed, over).get(strategy) ?? Number.NaN), three);
    return [{
      name: strategy, start: counted(starts, three), ...Object.fromEntries(rounds.map((of, i) => [`round ${i + 1}`, counted(of.map((r) => r.standing50), three)])),
      'area, images': area('images'), 'area, clicks': area('clicks'),
      ...Object.fromEntries(rounds.map((of, i) => [`clicks ${i + 1}`, counted(of.map(share), percent)])),
    }];
  });
  const all = results.filter((r) => r.mode === 'everything');
  return [...rows, ...(all.length === 0 ? [] : [{ name: `everything, ${all[0]?.images ?? 0} images`, start: '', 'round 1': '', 'round 2': '', 'round 3': counted(all.map((r) => r.map50), three) }])];
}

const share = (r: Result): number => r.clicks / r.clicksFromNothing;

interface Pair { set: SetName; incremental: Result; scratch: Result }

function pairs(results: readonly Result[]): Pair[] {
  return results.filter((r) => r.mode === 'scratch').flatMap((scratch): Pair[] => {
    const incremental = results.find((r) => r.mode === 'incremental' && r.set === scratch.set && r.seed === scratch.seed && r.strategy === scratch.strategy && r.round === scratch.round);
    return incremental ? [{ set: scratch.set, incremental, scratch }] : [];
  });
}

export function learning(results: readonly Result[]): { name: string; [column: string]: string }[] {
  const all = pairs(results);
  return [...SETS.map((set) => ({ name: set, of: all.filter((p) => p.set === set) })), { name: 'all', of: all }].filter(({ of }) => of.length > 0).map(({ name, of }) => ({
    name, pairs: String(of.length),
    'mAP50 incremental': three(mean(of.map((p) => p.incremental.map50))), 'mAP50 scratch': three(mean(of.map((p) => p.scratch.map50))),
    'mAP50-95 incremental': three(mean(of.map((p) => p.incremental.map))), 'mAP50-95 scratch': three(mean(of.map((p) => p.scratch.map))),
    's incremental': mean(of.map((p) => p.incremental.processorSeconds)).toFixed(0), 's scratch': mean(of.map((p) => p.scratch.processorSeconds)).toFixed(0),
    time: percent(mean(of.map((p) => p.incremental.processorSeconds / p.scratch.processorSeconds))), 'wall time': percent(mean(of.map((p) => p.incremental.seconds / p.scratch.seconds))),
  }));
}

/** Default minus chance, per set: one difference of areas per seed that has both. */
function lead(results: readonly Result[], set: SetName, over: Over): number[] {
  return [...new Set(results.map((r) => r.seed))].flatMap((seed) => {
    const found = areas(results, set, seed, over, ['uncertain', 'random']);
    const [ours, chance] = [found.get('uncertain'), found.get('random')];
    return ours === undefined || chance === undefined ? [] : [ours - chance];
  });
}

/** `seeds`: of the set that has the fewest. */
const verdict = (holds: boolean, seeds: number): string => {
  if (seeds >= SEEDS.length) return holds ? 'holds' : 'FALLS SHORT';
  return `NOT SHOWN, only ${seeds} of ${SEEDS.length} seeds were played on every set (so far it would ${holds ? 'hold' : 'fall short'})`;
};
const fewest = (results: readonly { set: SetName }[]): number => Math.min(...SETS.map((set) => results.filter((r) => r.set === set).length));

export function bars(results: readonly Result[]): string[] {
  const all = pairs(results);
  const lines = ['\nThe bar'];
  if (all.length > 0) {
    const gain = mean(all.map((p) => p.incremental.map50 - p.scratch.map50));
    const time = mean(all.map((p) => p.incremental.processorSeconds / p.scratch.processorSeconds));
    lines.push(`incremental at least as good as from scratch in at most half the time: mAP50 ${gain >= 0 ? '+' : ''}${three(gain)}, time ${percent(time)} (${all.length} pairs): ${verdict(gain >= 0 && time <= 0.5, fewest(all.filter((p) => p.scratch.round === ROUNDS)))}`);
  }
  for (const over of ['images', 'clicks'] as const) {
    const leads = SETS.map((set) => ({ set, of: lead(results, set, over) })).filter(({ of }) => of.length > 0);
    if (leads.length === 0) continue;
    const middle = mean(leads.flatMap(({ of }) => of));
    const below = leads.filter(({ of }) => mean(of) < -(Number.isFinite(deviation(of)) ? deviation(of) : 0));
    lines.push(`area over ${over}, default − random: ${leads.map(({ set, of }) => `${set} ${three(mean(of))} ± ${three(deviation(of))} (${of.length})`).join(', ')}; mean ${three(middle)}: ${verdict(middle > 0 && below.length === 0, fewest(leads.flatMap(({ set, of }) => of.map(() => ({ set })))))}`);
  }
  const third = results.filter((r) => r.mode === 'incremental' && r.strategy === 'uncertain' && r.round === ROUNDS);
  if (third.length > 0) lines.push(`clicks of the third iteration, default: ${SETS.map((set) => `${set} ${counted(third.filter((r) => r.set === set).map(share), percent)}`).join(', ')}; mean ${counted(third.map(share), percent)}, bar 40 %: ${verdict(mean(third.map(share)) <= 0.4, fewest(third))}`);
  return lines;
}
