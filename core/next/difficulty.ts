/** What is known about how well the model does on one class. */
export interface ClassRecord {
  readonly retired: boolean;
  /** mAP50 on the validation split, where the class was measured. */
  readonly map50: number | null;
  /** Labelled instances that it was measured on. */
  readonly measuredOn: number;
  /** Of the last iteration's corrections: predictions and missed objects of the class, and how many of them were wrong. */
  readonly judged: number;
  readonly wrong: number;
}

/** Counts like so many instances on which the model does as on the average class: a class with three instances proves little. */
const PRIOR = 10;
/** Nothing is known of any class: all are the same. */
const UNKNOWN = 0.5;
/** A class that the model masters is still looked at. */
const FLOOR = 0.1;

/** Difficulty of each class, FLOOR…1; 0 for a retired one. The share of errors, measured and corrected together, drawn towards the average where little is known. */
export function difficulties(classes: readonly ClassRecord[]): number[] {
  const known = classes.filter((one) => !one.retired).map(evidence);
  const rated = known.filter(({ count }) => count > 0);
  const average = rated.length === 0 ? UNKNOWN : rated.reduce((sum, { errors, count }) => sum + errors / count, 0) / rated.length;
  return classes.map((one) => {
    if (one.retired) return 0;
    const { errors, count } = evidence(one);
    return FLOOR + (1 - FLOOR) * Math.min(1, Math.max(0, (errors + PRIOR * average) / (count + PRIOR)));
  });
}

function evidence({ map50, measuredOn, judged, wrong }: ClassRecord): { errors: number; count: number } {
  const measured = map50 === null ? 0 : measuredOn;
  return { errors: measured * (1 - (map50 ?? 0)) + Math.min(wrong, judged), count: measured + judged };
}
