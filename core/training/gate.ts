import type { ModelMetrics } from '#core/api/model.ts';
import type { GateResult } from '#core/api/run.ts';

/**
 * The gate: the new model is promoted when it is not worse overall, and no class falls by more than `margin` (fractions of mAP50-95), both measured on
 * the same frozen split. Without an old model, or without its metrics, the first one is promoted.
 */
export function decideGate(old: ModelMetrics | null, fresh: ModelMetrics, margin: number): GateResult {
  if (fresh.map === null || fresh.images === 0) {
    return { decision: 'hold', reason: 'The new model could not be measured: the validation split has no labelled images. Promote it by hand if you trust it.', margin, old, new: fresh };
  }
  if (old?.map === undefined || old.map === null) return { decision: 'first', reason: 'There is no former model to compare with.', margin, old, new: fresh };
  const fallen = fallenClasses(old, fresh, margin);
  if (fallen.length > 0) return { decision: 'hold', reason: `Worse than the present model: ${fallen.join(', ')}.`, margin, old, new: fresh };
  const gain = fresh.map - old.map;
  if (gain < -margin) return { decision: 'hold', reason: `mAP50-95 fell by ${points(-gain)} points overall.`, margin, old, new: fresh };
  return { decision: 'promote', reason: `mAP50-95 ${gain >= 0 ? 'rose' : 'changed'} by ${points(gain)} points and no class fell by more than ${points(margin)}.`, margin, old, new: fresh };
}

function fallenClasses(old: ModelMetrics, fresh: ModelMetrics, margin: number): string[] {
  return old.perClass.flatMap((before) => {
    const after = fresh.perClass.find((c) => c.name === before.name);
    if (before.map === null || before.instances === 0 || !after) return [];
    const fall = before.map - (after.map ?? 0);
    // A tolerance for floating point: a fall of exactly the margin passes.
    return fall > margin + 1e-9 ? [`${before.name} −${points(fall)}`] : [];
  });
}

/** Fractions as percentage points with one decimal. */
function points(fraction: number): string {
  return (fraction * 100).toFixed(1).replace('-', '−');
}

/** Ids of models: the one that was measured beside the new one, and the one that is current now that the run has ended. */
export interface Standing {
  old: ModelMetrics | null;
  fresh: ModelMetrics;
  margin: number;
  comparedWith: string | null;
  current: string | null;
}

const UNMEASURED = 'The present model came as ONNX only and could not be measured on the same pictures, so nothing says which is better. Look at the new one’s numbers and promote it by hand.';
const CHANGED = 'Another model became current while this run was under way, and the new one was not compared with it. Compare them on the Models page, and promote by hand what you trust.';

/** The gate at the end of a run: what was not compared with the present model is held, however good its numbers are. */
export function decideRun({ old, fresh, margin, comparedWith, current }: Standing): GateResult {
  const measured = decideGate(old, fresh, margin);
  const doubt = current !== comparedWith ? CHANGED : comparedWith !== null && old === null ? UNMEASURED : null;
  return doubt === null ? measured : { ...measured, decision: 'hold', reason: doubt };
}
