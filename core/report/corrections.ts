/** What people corrected tells what the predictions were. Pure. */
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { InstanceSchema, PredictionSchema, type Instance, type Prediction } from '#core/annotation/schema.ts';
import type { ErrorKinds } from '#core/api/project.ts';
import { boxIou } from '#core/geometry/iou.ts';
import { PLACED_IOU } from './kinds.ts';

/** One revision with the prediction set that it was made against. */
export interface Judged {
  instances: unknown;
  verdicts: unknown;
  threshold: number;
  predictions: unknown;
}

const Instances = Type.Array(InstanceSchema);
const Predictions = Type.Array(PredictionSchema);

export interface Tally {
  /** `total`: predictions shown, plus those missed. Duplicate: rejected, or replaced besides another one, although its object is labelled. */
  perClass: Map<number, ErrorKinds>;
  shown: number;
  kept: number;
  corrections: number;
}

/** Counts the errors of predictions that revisions tell of. Pure. */
export function tallyErrors(revisions: readonly Judged[]): Tally {
  const tally: Tally = { perClass: new Map(), shown: 0, kept: 0, corrections: 0 };
  for (const revision of revisions) count(tally, revision);
  return tally;
}

function count(tally: Tally, { instances, verdicts, threshold, predictions }: Judged): void {
  const labels: Instance[] = Value.Check(Instances, instances) ? instances : [];
  const shown = (Value.Check(Predictions, predictions) ? predictions : []).filter((p) => p.score >= threshold);
  const byId = new Map(shown.map((p) => [p.id, p]));
  tally.shown += shown.length;
  tally.kept += labels.filter((l) => l.source === 'prediction').length;
  for (const p of shown) row(tally, p.class).total += 1;
  for (const id of Object.keys(typeof verdicts === 'object' && verdicts !== null ? verdicts : {})) {
    const rejected = byId.get(id);
    if (!rejected || labels.some((l) => l.of?.includes(id))) continue;
    row(tally, rejected.class)[isDuplicate(rejected, labels) ? 'duplicate' : 'false'] += 1;
    tally.corrections += 1;
  }
  for (const label of labels) if (label.source === 'annotation') judge(tally, label, byId);
}

/** Somebody rejected it because its object has a better box of the same class already. */
function isDuplicate({ class: index, box }: Prediction, labels: readonly Instance[]): boolean {
  return labels.some((l) => l.class === index && boxIou(l.box, box) >= PLACED_IOU);
}

/** One annotation is one correction, however many predictions it replaces: one of them was the object, the others were there twice. */
function judge(tally: Tally, label: Instance, byId: ReadonlyMap<string, Prediction>): void {
  tally.corrections += 1;
  const replaced = [...new Set(label.of ?? [])].map((id) => byId.get(id)).filter((p) => p !== undefined);
  const meant = replaced.find((p) => p.class === label.class) ?? replaced[0];
  if (!meant) {
    row(tally, label.class).missed += 1;
    row(tally, label.class).total += 1;
    return;
  }
  row(tally, meant.class)[meant.class === label.class ? 'badlyPlaced' : 'wrongClass'] += 1;
  for (const other of replaced) if (other !== meant) row(tally, other.class).duplicate += 1;
}

function row(tally: Tally, classIndex: number): ErrorKinds {
  const found = tally.perClass.get(classIndex) ?? { classIndex, missed: 0, false: 0, wrongClass: 0, badlyPlaced: 0, duplicate: 0, total: 0 };
  tally.perClass.set(classIndex, found);
  return found;
}
