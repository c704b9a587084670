import type { ModelMetrics } from '#core/api/model.ts';
import type { Difference, Differences, GateResult } from '#core/api/run.ts';
import { LEAST_IMAGES } from './bootstrap.ts';

/** What the gate goes by. `differences` by paired bootstrap over the same pictures; null where there is nothing to compare with. */
export interface Comparison {
  old: ModelMetrics | null;
  fresh: ModelMetrics;
  differences: Differences | null;
  /** Fractions of mAP50-95: a fall by less is no fall. */
  margin: number;
}
type Verdict = Pick<GateResult, 'decision' | 'reason'>;

/** A tolerance for floating point: a fall of exactly the margin passes. */
const EPSILON = 1e-9;

/**
 * The gate, by mAP50-95 on the same frozen split (docs/decisions/0012-gate.md has the rule's error rates):
 * held, where a class or the whole is worse by more than the margin even at the good end of its interval; promoted, where the whole is not worse than the
 * margin even at the bad end of its interval and no class was measured worse than the margin; else undecided. The first model is promoted.
 */
export function decideGate({ old, fresh, differences, margin }: Comparison): GateResult {
  const result = (verdict: Verdict): GateResult => ({ ...verdict, margin, old, new: fresh, ...(differences === null ? {} : { differences }) });
  if (fresh.map === null || fresh.images === 0) {
    return result({ decision: 'hold', reason: 'The new model could not be measured: the validation split has no labelled images. Promote it by hand if you trust it.' });
  }
  if (old !== null && old.map !== null && differences === null) return result({ decision: 'undecided', reason: 'Old and new were not compared picture by picture. Look at their numbers and decide.' });
  if (old === null || old.map === null || differences === null) return result({ decision: 'first', reason: 'There is no former model to compare with.' });
  return result(judge(differences, margin, (index) => fresh.perClass.find((c) => c.classIndex === index)?.name ?? `class ${index}`));
}

function judge(differences: Differences, margin: number, nameOf: (classIndex: number) => string): Verdict {
  const { map, images } = differences;
  const beyond = (value: number | null): boolean => value !== null && value < -margin - EPSILON;
  const parts = [...differences.perClass.map((c) => ({ name: nameOf(c.classIndex), difference: c.map })), { name: 'overall', difference: map }];
  const worse = parts.filter((p) => beyond(p.difference.high));
  if (worse.length > 0) return { decision: 'hold', reason: `Worse than the present model: ${list(worse)}.` };
  const doubtful = parts.filter((p) => p.name !== 'overall' && beyond(p.difference.value));
  const counted = `${images} ${images === 1 ? 'picture' : 'pictures'}`;
  if (map.low === null) return { decision: 'undecided', reason: `mAP50-95 changed by ${points(map.value)} points, on ${counted} only: fewer than ${LEAST_IMAGES} prove nothing. Look at the pictures and decide.` };
  const change = `mAP50-95 changed by ${points(map.value)} points (${range(map)}, ${counted})`;
  if (beyond(map.low)) return { decision: 'undecided', reason: `${change}: that may be chance${doubtful.length ? `, and so may ${list(doubtful)}` : ''}. Look at the pictures and decide.` };
  if (doubtful.length > 0) return { decision: 'undecided', reason: `${change}, but a class may have become worse: ${list(doubtful)}. Look at the pictures and decide.` };
  return { decision: 'promote', reason: `${change}, and no class was measured worse by more than ${(margin * 100).toFixed(1)}.` };
}

function list(parts: readonly { name: string; difference: Difference }[]): string {
  return parts.map(({ name, difference }) => `${name} ${points(difference.value)}${difference.low === null ? '' : ` (${range(difference)})`}`).join(', ');
}

function range({ low, high }: Difference): string {
  return `${points(low ?? 0)} … ${points(high ?? 0)}`;
}

/** Fractions as signed percentage points with one decimal. */
function points(fraction: number): string {
  const text = Math.abs(fraction * 100).toFixed(1);
  return text === '0.0' ? text : `${fraction < 0 ? '−' : '+'}${text}`;
}

/** Ids of models: the one that was measured beside the new one, and the one that is current now that the run has ended. */
export interface Standing extends Comparison {
  comparedWith: string | null;
  current: string | null;
}

const UNMEASURED = 'The present model came as ONNX only and could not be measured on the same pictures, so nothing says which is better. Look at the new one’s numbers and promote it by hand.';
const CHANGED = 'Another model became current while this run was under way, and the new one was not compared with it. Compare them on the Models page, and promote by hand what you trust.';

/** The gate at the end of a run: what was not compared with the present model is held, however good its numbers are. */
export function decideRun({ comparedWith, current, ...comparison }: Standing): GateResult {
  const measured = decideGate(comparison);
  const doubt = current !== comparedWith ? CHANGED : comparedWith !== null && comparison.old === null ? UNMEASURED : null;
  const result = { ...measured, comparedWith };
  return doubt === null ? result : { ...result, decision: 'hold', reason: doubt };
}
