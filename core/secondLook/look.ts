import { disagreements } from './disagreements.ts';
import type { Finding, FoundPrediction, Label, Rules } from './finding.ts';
import { unlearnable } from './unlearnable.ts';

/**
 * All findings at one image, highest rank first. `predictions`: everything that the present model stored of it, of any score; null = it has not looked yet, so that
 * only what is wrong with labels by themselves is found. Pure: the same input gives the same findings, in whatever order labels and predictions come.
 */
export function secondLook(labels: readonly Label[], predictions: readonly FoundPrediction[] | null, rules: Rules): Finding[] {
  const hopeless = unlearnable(labels, rules);
  // Of a label of a few pixels nobody expects that the model sees it.
  const tiny = new Set(hopeless.filter((f) => f.kind === 'fewPixels').flatMap((f) => f.labels.map((l) => l.id)));
  const opinions = predictions === null ? [] : disagreements(labels, predictions, rules, tiny);
  return [...opinions, ...hopeless].toSorted((a, b) => b.rank - a.rank || keyOf(a, b));
}

function keyOf(a: Finding, b: Finding): number {
  const [one, other] = [textOf(a), textOf(b)];
  return one < other ? -1 : one > other ? 1 : 0;
}

const textOf = (f: Finding): string => JSON.stringify([f.kind, f.labels.map((l) => l.id), f.seen]);
