import type * as Y from 'yjs';
import { addPoint, pointPrediction, removePoint, startAtPoint } from '#core/annotation/clicks.ts';
import { near, type Act, type Seen } from '#core/annotation/doc.ts';
import { MAX_POINTS, type Prediction } from '#core/annotation/schema.ts';
import type { Size } from '#core/geometry/box.ts';
import type { Point } from '#core/geometry/polygon.ts';
import { newId } from '#core/ids.ts';
import type { Shape } from './shapes.ts';

/** What the acts on masks need of the editor. */
export interface OutlineParts {
  readonly doc: Y.Doc;
  readonly image: Size;
  readonly model: string;
  readonly segmenting: boolean;
  readOnly(): boolean;
  classIndex(): number;
  act(): Act;
  seen(): Seen;
  prediction(id: string): Prediction | undefined;
  selected(): Shape | null;
  select(id: string | null): void;
  /** Says in one line why nothing happened. */
  tell(text: string): void;
}

const NO_MASKS = 'This project has boxes only: no masks are kept. A segmentation project has clicks, outlines and the brush.';

/** What people do to masks: clicks, outlines, strokes. Each is one transaction, and so one step of undo. */
export class Outlines {
  readonly #parts: OutlineParts;

  constructor(parts: OutlineParts) {
    this.#parts = parts;
  }

  /** A click on the object or beside it: for this shape, or, where there is none, the first place of a new object. */
  addPoint(shape: Shape | null, [x, y]: Point, positive: boolean): void {
    const { doc, image, model } = this.#parts;
    const click = [round(x), round(y), positive ? 1 : 0] as const;
    if (!this.#allowed() || x < 0 || y < 0 || x > image.width || y > image.height) return;
    if (!shape) {
      if (!positive) return this.#parts.tell('A click beside an object needs the object: click on it first, or select it.');
      const id = newId();
      startAtPoint(doc, this.#parts.act(), id, click, this.#parts.classIndex(), image);
      return this.#parts.select(id);
    }
    if (shape.source === 'prediction') return this.#pointPrediction(shape, click, model);
    if (addPoint(doc, this.#parts.act(), shape.id, click)) return this.#parts.select(shape.id);
    this.#parts.tell(shape.kind === 'freeform' ? 'This outline was drawn by hand, and no model changes it. Use the brush, or draw a new box.' : `One object takes at most ${MAX_POINTS} clicks. Draw the outline instead.`);
  }

  #pointPrediction(shape: Shape, click: readonly [number, number, 0 | 1], model: string): void {
    const prediction = this.#parts.prediction(shape.id);
    if (!prediction) return;
    const id = newId();
    pointPrediction(this.#parts.doc, this.#parts.act(), id, prediction, click, model);
    this.#parts.select(id);
  }

  removePoint(shape: Shape, index: number): void {
    if (this.#allowed()) removePoint(this.#parts.doc, this.#parts.act(), shape.id, index);
  }

  /** The shape that a click is for: the selected one as long as the click is in its reach, else the one below. */
  meant(below: Shape | null, point: Point): Shape | null {
    const selected = this.#parts.selected();
    if (selected && selected.source !== 'baseline' && (selected.state === 'kept' || selected.state === 'person') && within(selected, point)) return selected;
    return below && below.source !== 'baseline' && below.state !== 'rejected' ? below : null;
  }

  #allowed(): boolean {
    const { segmenting } = this.#parts;
    const readOnly = this.#parts.readOnly();
    if (!segmenting && !readOnly) this.#parts.tell(NO_MASKS);
    return segmenting && !readOnly;
  }
}

/** Models look a quarter of the longer side around the box, and see nothing of what lies further out. */
function within({ box }: Shape, point: Point): boolean {
  const [x, y, w, h] = box;
  const reach = Math.max(w, h) / 4;
  return near(box, point) || (point[0] >= x - reach && point[0] <= x + w + reach && point[1] >= y - reach && point[1] <= y + h + reach);
}

/** A tenth of a pixel is finer than any hand. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}
