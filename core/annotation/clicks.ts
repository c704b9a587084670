/** What a person says about a mask by clicks: each of these is one act, and one step of undo. */
import type * as Y from 'yjs';
import { fromCorners, type Box, type Size } from '#core/geometry/box.ts';
import { annotationsOf, near, put, readAnnotation, removeAnnotation, sign, type Act } from './doc.ts';
import { MAX_POINTS, type Click, type Mask, type Prediction } from './schema.ts';

/** Side of the box that stands for an object of which only one place is known, as a share of the picture's shorter side. */
const FIRST_SIDE = 1 / 8;

/** The box that stands around a first click until its mask is there; kept within the picture. */
export function boxAround([x, y]: readonly [number, number], { width, height }: Size): Box {
  const half = (Math.min(width, height) * FIRST_SIDE) / 2;
  return fromCorners(Math.max(0, x - half), Math.max(0, y - half), Math.min(width, x + half), Math.min(height, y + half));
}

/** A new object of which one place is known: its mask, and from it its box, are the model's answer. */
export function startAtPoint(doc: Y.Doc, act: Act, id: string, click: Click, classIndex: number, image: Size): void {
  put(doc, act, id, { class: classIndex, box: boxAround([click[0], click[1]], image), boxFrom: 'mask', points: [click], kind: 'drawn', by: act.user, at: act.now });
}

/** A click for an annotation. False when it has as many as it may have, or is an outline drawn by hand. */
export function addPoint(doc: Y.Doc, act: Act, id: string, click: Click): boolean {
  const map = annotationsOf(doc).get(id);
  const annotation = readAnnotation(doc, id);
  const points = annotation?.points ?? [];
  if (!map || !annotation || annotation.kind === 'freeform' || points.length >= MAX_POINTS) return false;
  doc.transact(() => {
    map.set('points', [...points, click]);
    if (annotation.boxFrom === undefined) map.set('box', reaching(annotation.box, click));
    if (annotation.kind === 'relabelled') map.set('kind', 'adjusted');
    sign(map, act, 'other');
  }, act.origin);
  return true;
}

/** Takes one click back. An object that was begun with a click goes with its last place. */
export function removePoint(doc: Y.Doc, act: Act, id: string, index: number): void {
  const map = annotationsOf(doc).get(id);
  const annotation = readAnnotation(doc, id);
  const points = (annotation?.points ?? []).filter((_, i) => i !== index);
  if (!map || !annotation) return;
  if (annotation.boxFrom === 'mask' && !points.some(([, , label]) => label === 1)) return removeAnnotation(doc, act, id);
  doc.transact(() => {
    if (points.length > 0) map.set('points', points);
    else map.delete('points');
    sign(map, act, 'other');
  }, act.origin);
}

/** A click for a prediction: an adjusted annotation takes its place, which keeps the prediction's mask until the new one is there. */
export function pointPrediction(doc: Y.Doc, act: Act, id: string, prediction: Prediction, click: Click, model: string): void {
  const box = reaching(prediction.box, click);
  const mask: { mask?: Mask } = prediction.mask ? { mask: { rle: prediction.mask, box, model, score: prediction.score } } : {};
  put(doc, act, id, { class: prediction.class, box, points: [click], kind: 'adjusted', by: act.user, at: act.now, of: [prediction.id], ...mask });
}

/** A place of the object outside its box shows that the box is too small: masks are cut off there. */
function reaching(box: Box, click: Click): Box {
  if (click[2] === 0 || near(box, click)) return box;
  const [x, y, w, h] = box;
  return fromCorners(Math.min(x, click[0]), Math.min(y, click[1]), Math.max(x + w, click[0]), Math.max(y + h, click[1]));
}
