import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { InstanceSchema, PredictionSchema, type Instance, type Prediction } from '#core/annotation/schema.ts';

/** What people did to one class of the predictions: counts by kind of error, and how many predictions were shown. */
export interface ClassErrors {
  classIndex: number;
  missed: number;
  false: number;
  wrongClass: number;
  badlyPlaced: number;
  /** Predictions shown, plus those missed: what the shares are of. */
  total: number;
}

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
  perClass: Map<number, ClassErrors>;
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
    row(tally, rejected.class).false += 1;
    tally.corrections += 1;
  }
  for (const label of labels) if (label.source === 'annotation') judge(tally, label, byId);
}

function judge(tally: Tally, label: Instance, byId: ReadonlyMap<string, Prediction>): void {
  tally.corrections += 1;
  const replaced = (label.of ?? []).map((id) => byId.get(id)).filter((p) => p !== undefined);
  const [first] = replaced;
  if (!first) {
    row(tally, label.class).missed += 1;
    row(tally, label.class).total += 1;
  } else if (replaced.some((p) => p.class === label.class)) row(tally, label.class).badlyPlaced += 1;
  else row(tally, first.class).wrongClass += 1;
}

function row(tally: Tally, classIndex: number): ClassErrors {
  const found = tally.perClass.get(classIndex) ?? { classIndex, missed: 0, false: 0, wrongClass: 0, badlyPlaced: 0, total: 0 };
  tally.perClass.set(classIndex, found);
  return found;
}
