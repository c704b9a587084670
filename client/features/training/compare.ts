import type { ModelMetrics } from '#core/api/model.ts';
import type { Difference, EpochPoint, GateResult } from '#core/api/run.ts';

export interface CompareRow {
  key: string;
  name: string;
  old: number | null;
  now: number | null;
  difference: number | null;
  /** Of the difference, at 95 % for all classes together; null where too few pictures carry it, or it was not worked out. */
  range: readonly [low: number, high: number] | null;
  /** bad: beyond the margin; warn: so too, but perhaps by chance; ok: better beyond chance; dim: the rest. */
  tone: 'ok' | 'bad' | 'warn' | 'dim';
}

/** Old against new, per class and over all, mAP50-95 on the same split. */
export function compareRows(gate: GateResult): CompareRow[] {
  const { differences, margin } = gate;
  const before = new Map(gate.old?.perClass.map((c) => [c.classIndex, c.map]));
  const between = new Map(differences?.perClass.map((c) => [c.classIndex, c.map]));
  const rows = gate.new.perClass.map((c) => rowOf(String(c.classIndex), c.name, before.get(c.classIndex) ?? null, c.map, margin, differences && (between.get(c.classIndex) ?? null)));
  return [...rows, rowOf('all', 'all', gate.old?.map ?? null, gate.new.map, margin, differences?.map)];
}

/** Before the gate: the present model alone, as the measure to beat, beside what the new one has come to at its latest epoch. */
export function presentRows(metrics: ModelMetrics | null, latest: EpochPoint | null, nameOf: (index: number) => string): CompareRow[] {
  const live = new Map(latest?.perClass?.map((c) => [c.index, c.map]));
  const classes = metrics?.perClass.map((c) => ({ index: c.classIndex, name: c.name, map: c.map })) ?? [...live.keys()].map((index) => ({ index, name: nameOf(index), map: null }));
  if (classes.length === 0) return [];
  return [...classes.map((c) => rowOf(String(c.index), c.name, c.map, live.get(c.index) ?? null, 0, null)), rowOf('all', 'all', metrics?.map ?? null, latest?.map ?? null, 0, null)];
}

/** `between` undefined: an older result, without intervals. */
function rowOf(key: string, name: string, old: number | null, now: number | null, margin: number, between: Difference | null | undefined): CompareRow {
  const difference = old === null || now === null ? null : now - old;
  const range = between?.low == null || between.high === null ? null : [between.low, between.high] as const;
  return { key, name, old, now, difference, range, tone: difference === null ? 'dim' : toneOf(difference, range, margin, between === undefined) };
}

function toneOf(difference: number, range: CompareRow['range'], margin: number, sure: boolean): CompareRow['tone'] {
  if (difference < -margin) return sure || (range !== null && range[1] < -margin) ? 'bad' : 'warn';
  return difference > 0 && (sure || (range !== null && range[0] > 0)) ? 'ok' : 'dim';
}

/** Half the width of the scale of all intervals, fractions: the widest, and never less than two points. */
export function scaleOf(rows: readonly CompareRow[]): number {
  return Math.max(0.02, ...rows.flatMap((r) => (r.range ? [Math.abs(r.range[0]), Math.abs(r.range[1])] : [Math.abs(r.difference ?? 0)])));
}
