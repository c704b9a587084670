import type { Box } from '#core/geometry/box.ts';
import type { Rle } from '#core/geometry/rle.ts';
import { isAnswered, resolve, sameBox, type Resolved } from '#core/annotation/merge.ts';
import type { AnnotationKind, Click, Edited, Prediction, TaskContent } from '#core/annotation/schema.ts';

/** How a shape is drawn and what can be done with it. `ghost`: a prediction that an annotation replaces. */
export type ShapeState = 'kept' | 'rejected' | 'ghost' | 'person';

/** One thing on the canvas and in the list: a prediction or an annotation, seen against each other. */
export interface Shape {
  readonly id: string;
  /** `baseline`: a label that the image came with, where nothing was predicted; corrected like a prediction. */
  readonly source: 'prediction' | 'annotation' | 'baseline';
  readonly state: ShapeState;
  readonly class: number;
  readonly box: Box;
  /** A prediction's score. */
  readonly score?: number;
  readonly mask?: Rle;
  readonly maskModel?: string;
  readonly maskScore?: number;
  /** A kept prediction below the project's threshold for attention. */
  readonly unsure: boolean;
  /** Annotations that replace the same prediction. */
  readonly duplicates: readonly string[];
  readonly kind?: AnnotationKind;
  readonly by?: string;
  readonly at?: number;
  /** The last change by somebody, where it was not its first author alone. */
  readonly edited?: Edited;
  /** Clicks that mend its mask. */
  readonly points?: readonly Click[];
  /** A mask of this box and these clicks is still to come. */
  readonly awaits?: boolean;
  /** Begun with a click: the box is a stand-in until the mask is there, and follows the mask. */
  readonly boxFrom?: 'mask';
  /** The predictions that it replaces. */
  readonly of?: readonly string[];
}

export interface Derived {
  /** Back to front: what was made by people lies over what was predicted, large under small. */
  readonly shapes: readonly Shape[];
  /** For the list: predictions in their order, an annotation in the place of the first one that it replaces, new ones at the end. */
  readonly listed: readonly Shape[];
  readonly byId: ReadonlyMap<string, Shape>;
  readonly counts: { readonly kept: number; readonly fixed: number; readonly unsure: number };
}

/** The document against its prediction set, as things to draw. Pure. */
export function deriveShapes(predictions: readonly Prediction[], content: TaskContent, threshold: number, attention: number, baseline: readonly Prediction[] = []): Derived {
  const resolved = resolve([...baseline, ...predictions], content, threshold);
  const given = new Set(baseline.map((label) => label.id));
  const predicted = resolved.predictions.filter((p) => p.state !== 'hidden').map((p) => (given.has(p.prediction.id) ? givenShape(p) : predictionShape(p, attention)));
  const made = resolved.annotations.map(annotationShape);
  const all = [...predicted, ...made];
  return {
    shapes: [...all].sort((a, b) => layer(a) - layer(b) || area(b) - area(a)),
    listed: listOrder(predicted, made),
    byId: new Map(all.map((s) => [s.id, s])),
    counts: {
      kept: count(predicted, (s) => s.state === 'kept'),
      fixed: made.length + count(predicted, (s) => s.state === 'rejected'),
      unsure: count(predicted, (s) => s.unsure),
    },
  };
}

/** Without a score: nobody guessed. */
function givenShape(resolved: Resolved['predictions'][number]): Shape {
  const { score: _score, ...shape } = predictionShape(resolved, 0);
  return { ...shape, source: 'baseline' };
}

function predictionShape({ prediction: p, state, verdict }: Resolved['predictions'][number], attention: number): Shape {
  return {
    id: p.id, source: 'prediction', class: p.class, box: p.box, score: p.score, duplicates: [],
    state: state === 'replaced' ? 'ghost' : state === 'rejected' ? 'rejected' : 'kept',
    unsure: state === 'kept' && p.score < attention,
    ...(p.mask ? { mask: p.mask } : {}),
    ...(verdict ? { by: verdict.by, at: verdict.at } : {}),
  };
}

function annotationShape({ id, annotation: a, duplicates }: Resolved['annotations'][number]): Shape {
  const mask = a.mask && sameBox(a.mask.box, a.box) ? { mask: a.mask.rle, maskModel: a.mask.model, maskScore: a.mask.score } : {};
  return {
    id, source: 'annotation', state: 'person', class: a.class, box: a.box, unsure: false, duplicates,
    kind: a.kind, by: a.by, at: a.at, ...(a.of?.length ? { of: a.of } : {}), ...(a.edited ? { edited: a.edited } : {}), ...mask,
    ...(a.points?.length ? { points: a.points } : {}), ...(a.boxFrom ? { boxFrom: a.boxFrom } : {}), ...(isAnswered(a) ? {} : { awaits: true }),
  };
}

function listOrder(predicted: readonly Shape[], made: readonly Shape[]): Shape[] {
  const place = new Map<string, Shape[]>();
  const fresh: Shape[] = [];
  for (const shape of made) {
    const first = shape.of?.[0];
    if (first === undefined) fresh.push(shape);
    else place.set(first, [...(place.get(first) ?? []), shape]);
  }
  const ranked = [...predicted].sort((a, b) => (b.score ?? 0) - (a.score ?? 0));
  const listed = ranked.flatMap((shape) => {
    const instead = place.get(shape.id) ?? [];
    place.delete(shape.id);
    return shape.state === 'ghost' ? instead : [shape, ...instead];
  });
  return [...listed, ...[...place.values()].flat(), ...fresh.sort((a, b) => (a.at ?? 0) - (b.at ?? 0))];
}

function layer(shape: Shape): number {
  return { ghost: 0, rejected: 1, kept: 2, person: 3 }[shape.state];
}
function area(shape: Shape): number {
  return shape.box[2] * shape.box[3];
}
function count(shapes: readonly Shape[], test: (shape: Shape) => boolean): number {
  return shapes.reduce((sum, shape) => sum + (test(shape) ? 1 : 0), 0);
}
