import { clip, type Box, type Size } from '#core/geometry/box.ts';
import { boxIou } from '#core/geometry/iou.ts';
import type { Annotation, Click, Instance, Prediction, TaskContent, Verdict } from './schema.ts';

/** A drawn box means the predictions that it overlaps at least this much, whatever their class. */
export const REPLACE_IOU = 0.5;

/** What is shown of one prediction. `hidden`: below the project's threshold, so neither shown nor a label. */
export type PredictionState = 'kept' | 'rejected' | 'replaced' | 'hidden';

export interface Resolved {
  /** Every prediction with its state, in the prediction set's order. */
  predictions: { prediction: Prediction; state: PredictionState; verdict?: Verdict }[];
  annotations: { id: string; annotation: Annotation; duplicates: string[] }[];
}

/**
 * The annotations that count: all but duplicates that another one was chosen over, as long as both replace the same prediction. Where two people chose differently at the same moment, one of the two choices stays, the same
 * on every screen (by the order of ids), and never none: whoever chose last in that order is never stepped over.
 */
export function liveAnnotations(annotations: TaskContent['annotations']): TaskContent['annotations'] {
  const choosing = [...annotations].filter(([, a]) => (a.over ?? []).length > 0).toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (choosing.length === 0) return annotations;
  const aside = new Set<string>();
  for (const [id, { over = [], of = [] }] of choosing) {
    if (aside.has(id)) continue;
    for (const other of over) if (other !== id && annotations.get(other)?.of?.some((p) => of.includes(p))) aside.add(other);
  }
  return new Map([...annotations].filter(([id]) => !aside.has(id)));
}

/** The predictions that a box drawn here would replace: those of IoU ≥ 0.5 that are still kept. */
export function meantBy(box: Box, predictions: readonly Prediction[], content: TaskContent, threshold: number, except?: string): string[] {
  const taken = replacedBy(content, except);
  return predictions
    .filter((p) => p.score >= threshold && !content.verdicts.has(p.id) && !taken.has(p.id) && boxIou(box, p.box) >= REPLACE_IOU)
    .map((p) => p.id);
}

/** prediction id → ids of the live annotations that replace it. More than one = two people did it at the same time. */
export function replacedBy(content: TaskContent, except?: string): Map<string, string[]> {
  const by = new Map<string, string[]>();
  for (const [id, annotation] of liveAnnotations(content.annotations)) {
    if (id === except) continue;
    for (const prediction of annotation.of ?? []) by.set(prediction, [...(by.get(prediction) ?? []), id]);
  }
  return by;
}

/** The document seen against its prediction set: the one derivation that screens, submit and freeze all use. Pure. */
export function resolve(predictions: readonly Prediction[], content: TaskContent, threshold: number): Resolved {
  const replaced = replacedBy(content);
  return {
    predictions: predictions.map((prediction) => {
      const verdict = content.verdicts.get(prediction.id);
      if (replaced.has(prediction.id)) return { prediction, state: 'replaced' };
      if (verdict) return { prediction, state: 'rejected', verdict };
      return { prediction, state: prediction.score >= threshold ? 'kept' : 'hidden' };
    }),
    annotations: [...liveAnnotations(content.annotations)].map(([id, annotation]) => ({ id, annotation, duplicates: duplicatesOf(id, annotation, replaced) })),
  };
}

function duplicatesOf(id: string, annotation: Annotation, replaced: ReadonlyMap<string, string[]>): string[] {
  const others = (annotation.of ?? []).flatMap((p) => replaced.get(p) ?? []).filter((other) => other !== id);
  return [...new Set(others)];
}

/** No annotation and no verdict on an existing prediction: submitting means "correct". */
export function isUntouched(predictions: readonly Prediction[], content: TaskContent): boolean {
  return content.annotations.size === 0 && !predictions.some((p) => content.verdicts.has(p.id));
}

/** The labels of a submitted task: kept predictions ∪ annotations, in a stable order. Pure. */
export function mergeSubmission(predictions: readonly Prediction[], content: TaskContent, threshold: number): Instance[] {
  const { predictions: states, annotations } = resolve(predictions, content, threshold);
  const kept = states.filter((s) => s.state === 'kept').map(({ prediction: p }): Instance => ({
    id: p.id, source: 'prediction', class: p.class, box: p.box, score: p.score, ...(p.mask ? { mask: p.mask } : {}),
  }));
  const made = annotations
    .map(({ id, annotation }) => annotationInstance(id, annotation))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return [...kept, ...made];
}

/** What people drew, cut off at the picture's border, as every label format wants it; what lies wholly beyond is no label. Pure. */
export function withinPicture(instances: readonly Instance[], size: Size): Instance[] {
  return instances.flatMap((instance) => {
    if (instance.source !== 'annotation') return [instance];
    const box = clip(instance.box, size);
    if (box === null) return [];
    return [sameBox(box, instance.box) ? instance : { ...instance, box }];
  });
}

function annotationInstance(id: string, a: Annotation): Instance {
  // A mask of a box that has moved since is not this object's outline.
  const mask = a.mask && sameBox(a.mask.box, a.box) ? { mask: a.mask.rle, maskModel: a.mask.model } : {};
  return { id, source: 'annotation', class: a.class, box: a.box, kind: a.kind, by: a.by, at: a.at, ...(a.of?.length ? { of: a.of } : {}), ...mask };
}

/** Equal to a hundredth of a pixel: what a mask's box and its annotation's box must be for the mask to count. */
export function sameBox(a: Box, b: Box): boolean {
  return a.every((v, i) => Math.abs(v - (b[i] ?? Number.NaN)) <= 0.01);
}

/** The same clicks in the same order; none and no list are the same. */
export function samePoints(a: readonly Click[] = [], b: readonly Click[] = []): boolean {
  return a.length === b.length && beginsWith(a, b);
}

/** True when `clicks` are `first` and perhaps more. */
export function beginsWith(clicks: readonly Click[] = [], first: readonly Click[] = []): boolean {
  return first.every((click, i) => click.every((v, k) => v === clicks[i]?.[k]));
}

/** The mask answers everything that was asked: this box, these clicks. A person's own outline always does. */
export function isAnswered({ kind, box, points, mask }: Annotation): boolean {
  return kind === 'freeform' || (mask !== undefined && sameBox(mask.box, box) && samePoints(mask.points, points));
}
