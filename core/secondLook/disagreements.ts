/** The model against the labels. Pure. */
import type { Box } from '#core/geometry/box.ts';
import { boxIou } from '#core/geometry/iou.ts';
import { labelOf, seenOf, type Finding, type FoundPrediction, type Label, type Rules } from './finding.ts';
import { badlyPlacedRank, noLabelRank, nothingSeenRank, otherClassRank } from './rank.ts';

/** As in the report (core/report/kinds.ts) and in TIDE (Bolya et al. 2020): in its place; and at least about the same object. */
const PLACED_IOU = 0.5;
const NEAR_IOU = 0.1;

interface Match { label: Label; iou: number }

/**
 * Where the model is sure and the labels say something else. `predictions`: all that are stored, of any score, in any order; `labels` likewise. Each label and each
 * prediction is in at most one finding. A label that `skip` names is left out where nothing is seen: another finding says why.
 */
export function disagreements(labels: readonly Label[], predictions: readonly FoundPrediction[], rules: Rules, skip: ReadonlySet<string> = new Set()): Finding[] {
  const found: Finding[] = [];
  const shown = predictions.filter((p) => p.score >= rules.threshold).toSorted(bySureness);
  const { taken, rest } = agreeing(labels, shown);
  for (const prediction of rest) {
    if (prediction.score < rules.sure) continue;
    const finding = against(prediction, labels, taken, found);
    if (!finding) continue;
    found.push(finding);
    for (const label of finding.labels) taken.add(label.id);
  }
  return [...found, ...unseen(labels.filter((l) => !taken.has(l.id) && !skip.has(l.id)), predictions, rules)];
}

/** Best score first; of equal ones always the same order, whatever order they came in. */
function bySureness(a: FoundPrediction, b: FoundPrediction): number {
  return b.score - a.score || a.class - b.class || compareBoxes(a.box, b.box);
}

function compareBoxes(a: Box, b: Box): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3];
}

/** Labels that the model finds too, one to one, greedy as COCO's evaluation. */
function agreeing(labels: readonly Label[], shown: readonly FoundPrediction[]): { taken: Set<string>; rest: FoundPrediction[] } {
  const taken = new Set<string>();
  const rest: FoundPrediction[] = [];
  for (const prediction of shown) {
    const match = nearest(prediction.box, labels, PLACED_IOU, (l) => l.class === prediction.class && !taken.has(l.id));
    if (match) taken.add(match.label.id);
    else rest.push(prediction);
  }
  return { taken, rest };
}

/** null = it says nothing against the labels: it is a second box on something labelled, or on something already listed. */
function against(prediction: FoundPrediction, labels: readonly Label[], taken: ReadonlySet<string>, found: readonly Finding[]): Finding | null {
  const { box, score } = prediction;
  const seen = seenOf(prediction);
  const free = (l: Label): boolean => !taken.has(l.id);
  const other = nearest(box, labels, PLACED_IOU, (l) => free(l) && l.class !== prediction.class);
  if (other) return { kind: 'otherClass', labels: [labelOf(other.label)], seen, iou: other.iou, side: null, rank: otherClassRank(score) };
  const near = nearest(box, labels, NEAR_IOU, (l) => free(l) && l.class === prediction.class);
  if (near) return { kind: 'badlyPlaced', labels: [labelOf(near.label)], seen, iou: near.iou, side: null, rank: badlyPlacedRank(score, near.iou) };
  if (nearest(box, labels, PLACED_IOU, () => true)) return null;
  if (found.some((f) => f.seen !== null && boxIou(f.seen.box, box) >= PLACED_IOU)) return null;
  const part = nearest(box, labels, 0, (l) => l.class === prediction.class);
  return { kind: 'noLabel', labels: [], seen, iou: null, side: null, rank: noLabelRank(score, part?.iou ?? 0) };
}

/** Labels with less than the threshold at their place: of their own class near them, or of any class in their place. */
function unseen(labels: readonly Label[], predictions: readonly FoundPrediction[], { threshold, trust }: Rules): Finding[] {
  return labels.flatMap((label) => {
    const evidence = predictions.reduce((most, p) => {
      if (p.score <= most) return most;
      return boxIou(p.box, label.box) >= (p.class === label.class ? NEAR_IOU : PLACED_IOU) ? p.score : most;
    }, 0);
    if (evidence >= threshold) return [];
    return [{ kind: 'nothingSeen' as const, labels: [labelOf(label)], seen: null, iou: null, side: null, rank: nothingSeenRank(evidence, threshold, trust(label.class)) }];
  });
}

/** The best overlapping label from `least` on; of equally good ones always the same. */
function nearest(box: Box, labels: readonly Label[], least: number, fits: (label: Label) => boolean): Match | null {
  let best: Match | null = null;
  for (const label of labels) {
    if (!fits(label)) continue;
    const iou = boxIou(box, label.box);
    if (iou < least || iou === 0) continue;
    if (!best || iou > best.iou || (iou === best.iou && compareLabels(label, best.label) < 0)) best = { label, iou };
  }
  return best;
}

function compareLabels(a: Label, b: Label): number {
  return a.class - b.class || compareBoxes(a.box, b.box) || (a.id < b.id ? -1 : 1);
}
