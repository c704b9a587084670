import type * as Y from 'yjs';
import { addPoint, pointPrediction, removePoint, startAtPoint } from '#core/annotation/clicks.ts';
import { near, type Act, type Seen } from '#core/annotation/doc.ts';
import { chooseMask, drawOutline, maskPrediction, moveOutline, outlinePrediction, setOutline, tighten } from '#core/annotation/outline.ts';
import { MAX_POINTS, type Mask, type Prediction } from '#core/annotation/schema.ts';
import type { Box, Size } from '#core/geometry/box.ts';
import { subtract, union } from '#core/geometry/combine.ts';
import { boxIou } from '#core/geometry/iou.ts';
import type { Point, Polygon } from '#core/geometry/polygon.ts';
import { polygonToRle } from '#core/geometry/rasterise.ts';
import { MAX_COUNTS, toBox, type Rle } from '#core/geometry/rle.ts';
import { strokeToRle } from '#core/geometry/stroke.ts';
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
  /** The shape at a place of the picture. */
  below(point: Point): Shape | null;
  select(id: string | null): void;
  /** Says in one line why nothing happened. */
  tell(text: string): void;
}

/** An outline that overlaps the selected box at least so far is meant for it; the rule by which a box replaces a prediction. */
const SAME_PLACE = 0.5;
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
    if (shape.source !== 'annotation') return this.#pointPrediction(shape, click, model);
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

  /** A closed outline by hand: that of the selected when it is about where the selected is, else a new object. */
  fill(points: Polygon): void {
    if (!this.#allowed()) return;
    const rle = polygonToRle([points], this.#parts.image);
    const box = toBox(rle);
    if (!box) return this.#parts.tell('The outline holds no pixel of the picture. Nothing was added.');
    const selected = this.#live(this.#parts.selected());
    this.#write(selected && boxIou(selected.box, box) >= SAME_PLACE ? selected : null, rle);
  }

  /** A stroke of the brush: added to the selected mask or taken from it; without a selection it begins a new object, or takes from the mask below. */
  stroke(points: readonly Point[], diameter: number, erases: boolean): void {
    const [first] = points;
    if (!this.#allowed() || !first) return;
    const { image, selected, below } = this.#parts;
    const shape = this.#live(selected()) ?? (erases ? this.#live(below(first)) : null);
    if (erases && !shape?.mask) return this.#parts.tell(shape ? 'This instance has no mask yet, so there is nothing to erase.' : 'Select the instance whose mask you want to erase from.');
    const stroke = strokeToRle(points, diameter, image);
    const before = shape?.mask;
    const rle = before ? (erases ? subtract : union)(before, stroke) : stroke;
    if (rle.counts === before?.counts) return;
    if (toBox(rle)) return this.#write(shape, rle);
    this.#parts.tell(erases ? 'Nothing of this mask would be left. Delete the instance instead.' : 'The stroke lies outside the picture.');
  }

  #write(shape: Shape | null, rle: Rle): void {
    const { doc, seen, act } = this.#parts;
    if (rle.counts.length > MAX_COUNTS) return this.#parts.tell('This outline has more detail than one mask can hold. Nothing was changed; paint it as several instances.');
    if (shape?.source === 'annotation') {
      if (setOutline(doc, act(), seen(), shape.id, rle)) this.#parts.select(shape.id);
      return;
    }
    const id = newId();
    const prediction = shape && this.#parts.prediction(shape.id);
    const made = prediction ? outlinePrediction(doc, act(), id, prediction, rle) : drawOutline(doc, act(), seen(), id, rle, this.#parts.classIndex());
    if (made) this.#parts.select(id);
  }

  /** Moves or stretches an outline that was drawn by hand. */
  moveOutline(shape: Shape, box: Box): void {
    const { doc, seen, act } = this.#parts;
    if (!moveOutline(doc, act(), seen(), shape.id, box)) this.#parts.tell('Nothing of the outline would be left in the picture. It stays where it was.');
  }

  /** Sets the box to the tight one of its mask. `quiet`: by itself, on release. */
  tighten(shape: Shape | null, quiet = false): void {
    const tight = shape?.mask && toBox(shape.mask);
    if (!shape || !this.#live(shape) || !this.#allowed()) return;
    if (!shape.mask || !tight) return quiet ? undefined : this.#parts.tell('There is no mask yet whose box could be taken.');
    if (tight.every((v, i) => Math.abs(v - (shape.box[i] ?? 0)) < 0.05)) return quiet ? undefined : this.#parts.tell('The box is tight already.');
    if (shape.source === 'annotation') return void tighten(this.#parts.doc, this.#parts.act(), shape.id);
    this.#maskPrediction(shape, { rle: shape.mask, box: tight, model: this.#parts.model, score: shape.score ?? 1 });
  }

  /** Whether another mask may take the place of this one's; says why not. */
  takesMask(shape: Shape): boolean {
    if (!this.#live(shape) || !this.#allowed()) return false;
    if (shape.kind !== 'freeform') return true;
    this.#parts.tell('This outline was drawn by hand, and no model changes it.');
    return false;
  }

  /** Another of the masks that a model offers for the shape. */
  choose(shape: Shape, mask: Pick<Mask, 'rle' | 'model' | 'score'>): void {
    if (!this.#live(shape) || !this.#allowed()) return;
    if (shape.source === 'annotation') return void chooseMask(this.#parts.doc, this.#parts.act(), shape.id, mask);
    this.#maskPrediction(shape, { rle: mask.rle, model: mask.model, score: mask.score, box: shape.box });
  }

  #maskPrediction(shape: Shape, mask: Mask): void {
    const prediction = this.#parts.prediction(shape.id);
    if (!prediction) return;
    const id = newId();
    maskPrediction(this.#parts.doc, this.#parts.act(), id, prediction, mask);
    this.#parts.select(id);
  }

  #live(shape: Shape | null): Shape | null {
    return shape && (shape.state === 'kept' || shape.state === 'person') ? shape : null;
  }

  /** The shape that a click is for: the selected one as long as the click is in its reach, else the one below. */
  meant(below: Shape | null, point: Point): Shape | null {
    const selected = this.#live(this.#parts.selected());
    return selected && within(selected, point) ? selected : this.#live(below);
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
