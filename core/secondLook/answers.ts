/**
 * "The label is right", said by a person about one finding: for which finding it holds, and for how long. It is about what stands in the labels, not about a model, so
 * that the next model's opinion of the same label does not come back; and it ends by itself when that label is changed. Pure.
 */
import { labelsText } from '#core/dataset/manifest.ts';
import { intersect, type Box } from '#core/geometry/box.ts';
import { boxIou } from '#core/geometry/iou.ts';
import type { Finding, FindingKind, Label } from './finding.ts';

/** What was answered: `model` = any opinion of a model about this label; `noLabel` = nothing is to be labelled here; else the defect itself. */
export type AnswerScope = 'model' | Extract<FindingKind, 'noLabel' | 'fewPixels' | 'wholeImage' | 'double'>;

export interface Answer {
  readonly scope: AnswerScope;
  /** Hash of the labels that were said to be right (class, box, outline); of `noLabel`: of those that reach into the place. */
  readonly labels: string;
  /** Only of `noLabel`: where. */
  readonly place: Box | null;
}

/** A place is the same place from this overlap on. */
const SAME_IOU = 0.5;

export function scopeOf(kind: FindingKind): AnswerScope {
  return kind === 'nothingSeen' || kind === 'otherClass' || kind === 'badlyPlaced' ? 'model' : kind;
}

/** Over text; what it gives is compared, never read. */
type Hash = (text: string) => string;

/** What saying "right" about a finding means. `labels`: all of the image, as they count now. */
export function answerTo(finding: Finding, labels: readonly Label[], hash: Hash): Answer {
  const scope = scopeOf(finding.kind);
  if (scope === 'noLabel') {
    const place = finding.seen?.box ?? [0, 0, 0, 0];
    return { scope, labels: hash(around(place, labels)), place };
  }
  return { scope, labels: hash(contentOf(finding, labels)), place: null };
}

/** Whether the answer still holds, and for this finding. */
export function isAnswered(finding: Finding, labels: readonly Label[], answer: Answer, hash: Hash): boolean {
  if (scopeOf(finding.kind) !== answer.scope) return false;
  if (answer.place === null) return hash(contentOf(finding, labels)) === answer.labels;
  return finding.seen !== null && boxIou(finding.seen.box, answer.place) >= SAME_IOU && hash(around(answer.place, labels)) === answer.labels;
}

function contentOf(finding: Finding, labels: readonly Label[]): string {
  const ids = new Set(finding.labels.map((l) => l.id));
  return textOf(labels.filter((l) => ids.has(l.id)));
}

function around(place: Box, labels: readonly Label[]): string {
  return textOf(labels.filter((l) => intersect(l.box, place) !== null));
}

/** Ids do not count: a label that was submitted again unchanged is the same label. */
function textOf(labels: readonly Label[]): string {
  return labelsText(labels.map((l) => ({ ...l, source: 'baseline' as const })));
}
