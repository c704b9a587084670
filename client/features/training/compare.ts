import type { ModelMetrics } from '#core/api/model.ts';
import type { GateResult } from '#core/api/run.ts';

export interface CompareRow { key: string; name: string; old: number | null; now: number | null; difference: number | null; tone: 'ok' | 'bad' | 'dim' }

/** Old against new, per class and over all, mAP50-95 on the same split. A fall beyond the gate's margin is bad. */
export function compareRows(gate: GateResult): CompareRow[] {
  const before = new Map(gate.old?.perClass.map((c) => [c.classIndex, c.map]));
  const rows = gate.new.perClass.map((c) => rowOf(String(c.classIndex), c.name, before.get(c.classIndex) ?? null, c.map, gate.margin));
  return [...rows, rowOf('all', 'all', gate.old?.map ?? null, gate.new.map, gate.margin)];
}

/** Before the evaluation: the present model alone, as the measure to beat. */
export function presentRows(metrics: ModelMetrics): CompareRow[] {
  return [...metrics.perClass.map((c) => rowOf(String(c.classIndex), c.name, c.map, null, 0)), rowOf('all', 'all', metrics.map, null, 0)];
}

function rowOf(key: string, name: string, old: number | null, now: number | null, margin: number): CompareRow {
  const difference = old === null || now === null ? null : now - old;
  const tone = difference === null ? 'dim' : difference < -margin ? 'bad' : difference > 0 ? 'ok' : 'dim';
  return { key, name, old, now, difference, tone };
}
