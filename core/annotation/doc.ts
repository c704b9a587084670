import * as Y from 'yjs';
import { Value } from 'typebox/value';
import type { Box } from '#core/geometry/box.ts';
import { meantBy, sameBox, samePoints } from './merge.ts';
import type { Origin } from './origin.ts';
import { AnnotationSchema, VerdictSchema, type Annotation, type Click, type Edited, type Mask, type Prediction, type TaskContent, type Verdict } from './schema.ts';

type Field = Annotation[keyof Annotation];
/** An annotation is a Y.Map of its fields, so that one person's class and another's box both survive. */
export type AnnotationMap = Y.Map<Field>;

export const ROOTS = ['annotations', 'verdicts'] as const;
export const MAX_ANNOTATIONS = 20_000;
export const MAX_VERDICTS = 20_000;

export function annotationsOf(doc: Y.Doc): Y.Map<AnnotationMap> {
  return doc.getMap<AnnotationMap>('annotations');
}
export function verdictsOf(doc: Y.Doc): Y.Map<Verdict> {
  return doc.getMap<Verdict>('verdicts');
}

/** The document as plain data. Throws a TypeError that names the first field that does not fit the schema. */
export function readContent(doc: Y.Doc): TaskContent {
  const annotations = new Map<string, Annotation>();
  for (const [id, map] of annotationsOf(doc)) annotations.set(id, parse(AnnotationSchema, map.toJSON(), `annotations/${id}`));
  const verdicts = new Map<string, Verdict>();
  for (const [id, verdict] of verdictsOf(doc)) verdicts.set(id, parse(VerdictSchema, verdict, `verdicts/${id}`));
  return { annotations, verdicts };
}

/** One annotation as plain data; undefined when there is none, or it does not fit. */
export function readAnnotation(doc: Y.Doc, id: string): Annotation | undefined {
  const value: unknown = annotationsOf(doc).get(id)?.toJSON();
  return value !== undefined && Value.Check(AnnotationSchema, value) ? value : undefined;
}

function parse<T extends typeof AnnotationSchema | typeof VerdictSchema>(schema: T, value: unknown, at: string) {
  if (Value.Check(schema, value)) return value;
  const first = Value.Errors(schema, value)[0];
  throw new TypeError(`${at}${first?.instancePath ?? ''}: ${first?.message ?? 'does not fit the schema'}`);
}

/** What is wrong with a document, or nothing: unknown roots, too many shapes, a value that does not fit. */
export function contentProblem(doc: Y.Doc): string | undefined {
  for (const name of doc.share.keys()) if (!ROOTS.some((root) => root === name)) return `unknown root "${name.slice(0, 40)}"`;
  if (annotationsOf(doc).size > MAX_ANNOTATIONS) return `more than ${MAX_ANNOTATIONS} annotations`;
  if (verdictsOf(doc).size > MAX_VERDICTS) return `more than ${MAX_VERDICTS} verdicts`;
  for (const [id, map] of annotationsOf(doc)) if (!(map instanceof Y.Map)) return `annotations/${id}: not a map`;
  try {
    readContent(doc);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export interface Act {
  origin: Origin;
  user: string;
  /** Milliseconds since 1970. */
  now: number;
}

/** The prediction set and threshold that the person sees while acting. */
export interface Seen {
  predictions: readonly Prediction[];
  threshold: number;
}

/** Adds a drawn box; it replaces the predictions that it means (IoU ≥ 0.5). */
export function drawBox(doc: Y.Doc, act: Act, seen: Seen, id: string, box: Box, classIndex: number): void {
  const of = meantBy(box, seen.predictions, readContent(doc), seen.threshold);
  put(doc, act, id, { class: classIndex, box, kind: 'drawn', by: act.user, at: act.now, ...(of.length ? { of } : {}) });
}

/** Moves or resizes a prediction: an annotation of kind `adjusted` takes its place. */
export function adjustPrediction(doc: Y.Doc, act: Act, id: string, prediction: Prediction, box: Box): void {
  put(doc, act, id, { class: prediction.class, box, kind: 'adjusted', by: act.user, at: act.now, of: [prediction.id] });
}

/** Gives a prediction another class: same box, same mask. */
export function relabelPrediction(doc: Y.Doc, act: Act, id: string, prediction: Prediction, classIndex: number, model: string): void {
  const mask: { mask?: Mask } = prediction.mask ? { mask: { rle: prediction.mask, box: prediction.box, model, score: prediction.score } } : {};
  put(doc, act, id, { class: classIndex, box: prediction.box, kind: 'relabelled', by: act.user, at: act.now, of: [prediction.id], ...mask });
}

export function rejectPrediction(doc: Y.Doc, act: Act, id: string): void {
  doc.transact(() => verdictsOf(doc).set(id, { verdict: 'rejected', by: act.user, at: act.now }), act.origin);
}

/** Takes a rejection back: the prediction is kept again. */
export function restorePrediction(doc: Y.Doc, act: Act, id: string): void {
  doc.transact(() => verdictsOf(doc).delete(id), act.origin);
}

export function removeAnnotation(doc: Y.Doc, act: Act, id: string): void {
  doc.transact(() => annotationsOf(doc).delete(id), act.origin);
}

/** Of duplicates this one is meant: the others step aside, and come back when it is removed or this is undone. */
export function chooseOver(doc: Y.Doc, act: Act, id: string, others: readonly string[]): void {
  const map = annotationsOf(doc).get(id);
  if (!map) return;
  const before = readAnnotation(doc, id)?.over ?? [];
  doc.transact(() => map.set('over', [...new Set([...before, ...others])].slice(-100)), act.origin);
}

export function setClass(doc: Y.Doc, act: Act, id: string, classIndex: number): void {
  const map = annotationsOf(doc).get(id);
  if (!map) return;
  doc.transact(() => {
    map.set('class', classIndex);
    sign(map, act, 'class');
  }, act.origin);
}

/** Whoever drew it remains named; somebody else's change is noted beside. */
export function sign(map: AnnotationMap, act: Act, what: Edited['what']): void {
  if (map.get('by') !== act.user || map.has('edited')) map.set('edited', { by: act.user, at: act.now, what });
}

/** Moves or resizes an annotation. A drawn box is taken to mean what it now overlaps; its former mask no longer counts. */
export function setBox(doc: Y.Doc, act: Act, seen: Seen, id: string, box: Box): void {
  const map = annotationsOf(doc).get(id);
  if (!map) return;
  const points = (readAnnotation(doc, id)?.points ?? []).filter((click) => click[2] === 0 || near(box, click));
  doc.transact(() => {
    map.set('box', box);
    map.delete('boxFrom');
    if (points.length > 0) map.set('points', points);
    else map.delete('points');
    sign(map, act, 'box');
    if (map.get('kind') === 'drawn') {
      const of = meantBy(box, seen.predictions, readContent(doc), seen.threshold, id);
      if (of.length) map.set('of', of);
      else map.delete('of');
    } else if (map.get('kind') === 'relabelled') map.set('kind', 'adjusted');
  }, act.origin);
}

/** Masks reach this share of the box beyond it; a click on the object that lies further out is of a former box. */
const MASK_MARGIN = 0.1;

/** True when a place can belong to the mask of a box. */
export function near([x, y, w, h]: Box, [px, py]: Click | readonly [number, number]): boolean {
  return px >= x - MASK_MARGIN * w && px <= x + (1 + MASK_MARGIN) * w && py >= y - MASK_MARGIN * h && py <= y + (1 + MASK_MARGIN) * h;
}

/**
 * Writes a model's mask for the box and the clicks that it was asked for. False, and nothing written, when the box has moved, the clicks have
 * changed, a person has drawn the outline meanwhile, or the annotation is gone. Where the box comes from the mask it is set too.
 */
export function setMask(doc: Y.Doc, origin: Origin, id: string, mask: Mask): boolean {
  const map = annotationsOf(doc).get(id);
  const annotation = readAnnotation(doc, id);
  if (!map || !annotation || annotation.kind === 'freeform' || !samePoints(mask.points, annotation.points)) return false;
  const follows = annotation.boxFrom === 'mask';
  if (!follows && !sameBox(mask.box, annotation.box)) return false;
  doc.transact(() => {
    map.set('mask', mask);
    if (follows) map.set('box', mask.box);
  }, origin);
  return true;
}

export function put(doc: Y.Doc, act: Act, id: string, annotation: Annotation): void {
  doc.transact(() => {
    const map: AnnotationMap = new Y.Map(Object.entries(annotation));
    annotationsOf(doc).set(id, map);
  }, act.origin);
}
