/** Outlines that people draw by hand, and what they decide about a mask. Each is one act, and one step of undo; no model's answer overwrites them. */
import type * as Y from 'yjs';
import type { Box } from '#core/geometry/box.ts';
import { toBox, type Rle } from '#core/geometry/rle.ts';
import { warp } from '#core/geometry/warp.ts';
import { annotationsOf, put, readAnnotation, readContent, sign, type Act, type Seen } from './doc.ts';
import { meantBy } from './merge.ts';
import type { Annotation, Mask, Prediction } from './schema.ts';

/** What stands in place of a model's name. */
export const BY_HAND = 'hand';

function byHand(rle: Rle, box: Box): Mask {
  return { rle, box, model: BY_HAND, score: 1 };
}

/** A new object with an outline of its own; its box is the tight one. Replaces the predictions that it means. False when the mask is empty. */
export function drawOutline(doc: Y.Doc, act: Act, seen: Seen, id: string, rle: Rle, classIndex: number): boolean {
  const box = toBox(rle);
  if (!box) return false;
  const of = meantBy(box, seen.predictions, readContent(doc), seen.threshold);
  put(doc, act, id, { class: classIndex, box, kind: 'freeform', mask: byHand(rle, box), by: act.user, at: act.now, ...(of.length ? { of } : {}) });
  return true;
}

/** Gives an annotation this outline; what it overlaps now, it means too. False when the mask is empty or the annotation is gone. */
export function setOutline(doc: Y.Doc, act: Act, seen: Seen, id: string, rle: Rle): boolean {
  const map = annotationsOf(doc).get(id);
  const annotation = readAnnotation(doc, id);
  const box = toBox(rle);
  if (!map || !annotation || !box) return false;
  const of = new Set([...(annotation.of ?? []), ...meantBy(box, seen.predictions, readContent(doc), seen.threshold, id)]);
  doc.transact(() => {
    map.set('kind', 'freeform');
    map.set('box', box);
    map.set('mask', byHand(rle, box));
    if (of.size > 0) map.set('of', [...of]);
    for (const field of ['points', 'boxFrom']) map.delete(field);
    sign(map, act, 'other');
  }, act.origin);
  return true;
}

/** A prediction gets an outline by hand: a free-form annotation takes its place. */
export function outlinePrediction(doc: Y.Doc, act: Act, id: string, prediction: Prediction, rle: Rle): boolean {
  const box = toBox(rle);
  if (!box) return false;
  put(doc, act, id, { class: prediction.class, box, kind: 'freeform', mask: byHand(rle, box), by: act.user, at: act.now, of: [prediction.id] });
  return true;
}

/** Moves or stretches an outline with its box, since no model may make it anew. False, and nothing changed, when nothing of it would be left. */
export function moveOutline(doc: Y.Doc, act: Act, seen: Seen, id: string, box: Box): boolean {
  const annotation = readAnnotation(doc, id);
  return annotation?.mask !== undefined && setOutline(doc, act, seen, id, warp(annotation.mask.rle, annotation.box, box));
}

/** Sets the box to the tight box of its mask, which stays. False when there is no mask, or the box is tight already. */
export function tighten(doc: Y.Doc, act: Act, id: string): boolean {
  const annotation = readAnnotation(doc, id);
  const box = annotation?.mask && toBox(annotation.mask.rle);
  if (!annotation?.mask || !box || sameFrame(box, annotation.box)) return false;
  change(doc, act, id, annotation, { ...annotation.mask, box });
  return true;
}

/** A person's choice among the masks that a model offered; the box stays, unless it comes from the mask. */
export function chooseMask(doc: Y.Doc, act: Act, id: string, chosen: Pick<Mask, 'rle' | 'model' | 'score'>): boolean {
  const annotation = readAnnotation(doc, id);
  if (!annotation || annotation.kind === 'freeform') return false;
  const box = annotation.boxFrom === 'mask' ? toBox(chosen.rle) : annotation.box;
  if (!box) return false;
  change(doc, act, id, annotation, { rle: chosen.rle, model: chosen.model, score: chosen.score, box, ...(annotation.points ? { points: annotation.points } : {}) });
  return true;
}

function change(doc: Y.Doc, act: Act, id: string, annotation: Annotation, mask: Mask): void {
  const map = annotationsOf(doc).get(id);
  if (!map) return;
  const moved = !sameFrame(mask.box, annotation.box);
  doc.transact(() => {
    map.set('mask', mask);
    if (moved) map.set('box', mask.box);
    if (annotation.kind === 'relabelled') map.set('kind', 'adjusted');
    sign(map, act, moved ? 'box' : 'other');
  }, act.origin);
}

/** A prediction with another mask, or another box for its mask: an adjusted annotation takes its place. */
export function maskPrediction(doc: Y.Doc, act: Act, id: string, prediction: Prediction, mask: Mask): void {
  put(doc, act, id, { class: prediction.class, box: mask.box, kind: 'adjusted', mask, by: act.user, at: act.now, of: [prediction.id] });
}

/** Equal, or as near as the whole pixels of a mask can say. */
function sameFrame(a: Box, b: Box): boolean {
  return a.every((v, i) => Math.abs(v - (b[i] ?? Number.NaN)) < 0.05);
}
