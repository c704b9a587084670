import * as Y from 'yjs';
import type { Box, Size } from '#core/geometry/box.ts';
import type { Point } from '#core/geometry/polygon.ts';
import {
  adjustPrediction, annotationsOf, chooseOver, drawBox, rejectPrediction, relabelPrediction, removeAnnotation, restorePrediction, setBox, setClass, verdictsOf,
  type Act, type Seen,
} from '#core/annotation/doc.ts';
import type { Origin } from '#core/annotation/origin.ts';
import type { Prediction } from '#core/annotation/schema.ts';
import { newId } from '#core/ids.ts';
import { Emitter } from '../sync/emitter.ts';
import { ContentMirror } from './content.ts';
import { nextBrush, type Desk } from './desk.ts';
import { shapeAt } from './hit.ts';
import { KeyHand } from './keyHand.ts';
import { Outlines } from './outlines.ts';
import { deriveShapes, type Derived, type Shape } from './shapes.ts';
import { BoxTool } from './tools/box.ts';
import { BrushTool } from './tools/brush.ts';
import { PointsTool } from './tools/points.ts';
import { PolygonTool } from './tools/polygon.ts';
import { SelectTool } from './tools/select.ts';
import type { PointerInput, Preview, Sketch, Tool, ToolHost, ToolId } from './tools/tool.ts';
import { fit, panBy, resized, reveal, zoomAt, type Viewport } from './viewport.ts';

/** What the editor has to know of a task, beside its document. */
export interface EditorTask {
  readonly id: string;
  readonly image: Size & { readonly id: string; readonly name: string };
  readonly predictions: readonly Prediction[];
  /** Labels that the image came with, where nothing was predicted. They are kept, and not changed here. */
  readonly baseline?: readonly Prediction[];
  readonly model: string;
  readonly threshold: number;
  readonly attention: number;
  /** Masks are kept beside the boxes. */
  readonly segmenting: boolean;
}

/** A colleague in the same room. */
export interface Peer {
  readonly client: number;
  readonly id: string;
  readonly name: string;
  readonly color: string;
  readonly cursor?: Point;
  readonly selection?: readonly string[];
  readonly drawing?: Box;
  /** Centre x, y in image pixels, and CSS pixels per image pixel; `canvas`: the size that it fills, CSS pixels. */
  readonly viewport?: readonly [x: number, y: number, zoom: number];
  readonly canvas?: readonly [width: number, height: number];
}

/** `scene`: shapes changed. `view`: the viewport moved. `overlay`: selection, hover, preview, colleagues, switches. `pointer`: it moved. `told`: why nothing happened. */
export type EditorEvents = { scene: []; view: []; overlay: []; class: []; pointer: []; told: [text: string] };
export type MaskWork = 'working' | 'failed';

/** One open task: its document, what is selected, what the hand does. Knows neither the DOM nor the network. */
export class Editor implements ToolHost {
  readonly events = new Emitter<EditorEvents>();
  readonly task: EditorTask;
  readonly doc: Y.Doc;
  readonly desk: Desk;
  readonly undo: Y.UndoManager;
  readonly maskWork = new Map<string, MaskWork>();
  readonly outlines: Outlines;
  readonly keys: KeyHand;
  readOnly = false;
  peers: readonly Peer[] = [];
  view: Viewport;
  hovered: string | null = null;
  hidden = false;
  readonly #user: string;
  readonly #origin: Origin;
  readonly #content: ContentMirror;
  readonly #tools: Readonly<Record<ToolId, Tool>>;
  /** What is kept, rejected or replaced: predictions, or the labels that the image came with. */
  readonly #correctable: readonly Prediction[];
  #derived: Derived;
  #selected: string | null = null;
  #last: PointerInput | null = null;
  /** Annotations whose box becomes tight when their mask is there. */
  readonly #loose = new Set<string>();

  constructor(options: { task: EditorTask; doc: Y.Doc; origin: Origin; user: string; desk: Desk; size: Size }) {
    this.task = options.task;
    this.doc = options.doc;
    this.desk = options.desk;
    this.#user = options.user;
    this.#origin = options.origin;
    this.view = fit(options.size, options.task.image);
    this.#correctable = [...(options.task.baseline ?? []), ...options.task.predictions];
    this.#content = new ContentMirror(this.doc, () => this.#derive());
    this.#derived = this.#compute();
    // One entry per act: Yjs would join acts of the same half second.
    this.undo = new Y.UndoManager([annotationsOf(this.doc), verdictsOf(this.doc)], { trackedOrigins: new Set([this.#origin]), captureTimeout: 0 });
    this.outlines = new Outlines(this.#outlineParts());
    const box = new BoxTool(this);
    this.keys = new KeyHand(this, box);
    this.#tools = { box, select: new SelectTool(this), points: new PointsTool(this), polygon: new PolygonTool(this), brush: new BrushTool(this) };
  }

  destroy(): void {
    this.undo.destroy();
    this.#content.destroy();
    this.events.clear();
  }

  #outlineParts(): ConstructorParameters<typeof Outlines>[0] {
    return {
      doc: this.doc, image: this.task.image, model: this.task.model, segmenting: this.task.segmenting,
      readOnly: () => this.readOnly, classIndex: () => this.desk.classIndex,
      act: () => this.#act(), seen: () => this.#seen(), prediction: (id) => this.#prediction(id),
      selected: () => this.selected(), below: (point) => this.shapeAt(point, 1 / this.view.zoom), select: (id) => this.select(id), tell: (text) => this.events.emit('told', text),
    };
  }

  // ── what is seen ───────────────────────────────────────────────────────────────────────────────
  get image(): Size {
    return this.task.image;
  }
  get derived(): Derived {
    return this.#derived;
  }
  get touched(): boolean {
    return this.#content.annotations.size + this.#content.verdicts.size > 0;
  }
  get tool(): Tool {
    return this.#tools[this.desk.tool];
  }
  get preview(): Preview | null {
    return this.tool.preview;
  }
  get sketch(): Sketch | null {
    return this.tool.sketch ?? null;
  }
  get brush(): { readonly diameter: number; readonly erasing: boolean } {
    return { diameter: this.desk.brush, erasing: this.desk.erasing };
  }
  /** The brush's tip, where the pointer has one. */
  get tip(): { readonly at: Point; readonly diameter: number; readonly erases: boolean } | null {
    const at = this.#last;
    if (!at || this.desk.tool !== 'brush' || this.readOnly) return null;
    return { at: at.image, diameter: this.desk.brush, erases: this.desk.erasing !== at.alt };
  }
  /** Where the pointer is, or was last. */
  get pointer(): PointerInput | null {
    return this.#last;
  }
  shape(id: string | null): Shape | null {
    return id === null ? null : (this.#derived.byId.get(id) ?? null);
  }
  selected(): Shape | null {
    return this.shape(this.#selected);
  }
  shapeAt(point: Point, grain: number): Shape | null {
    return this.hidden ? null : shapeAt(this.#derived.shapes, point, grain);
  }

  #compute(): Derived {
    return deriveShapes(this.task.predictions, this.#content, this.task.threshold, this.task.attention, this.task.baseline);
  }

  #derive(): void {
    const before = this.selected();
    this.#derived = this.#compute();
    for (const id of this.maskWork.keys()) if (this.shape(id)?.awaits !== true) this.maskWork.delete(id);
    // Not within the change that brought the mask: this is an act of its own.
    if (this.#loose.size > 0) queueMicrotask(() => this.#tightenLoose());
    const now = this.selected();
    // An undone or deleted annotation hands the selection back to the prediction that it had replaced.
    if (before && !now) this.#selected = this.shape(before.of?.[0] ?? null)?.id ?? null;
    else if (now?.state === 'ghost') this.#selected = this.#replacementOf(now.id);
    if (this.shape(this.hovered) === null) this.hovered = null;
    this.events.emit('scene');
  }

  #tightenLoose(): void {
    for (const id of this.#loose) {
      const shape = this.shape(id);
      if (shape && (!shape.mask || shape.awaits)) continue;
      this.#loose.delete(id);
      if (shape && !this.readOnly) this.outlines.tighten(shape, true);
    }
  }

  #replacementOf(prediction: string): string | null {
    return this.#derived.listed.find((s) => s.of?.includes(prediction))?.id ?? null;
  }

  // ── acts ───────────────────────────────────────────────────────────────────────────────────────
  #act(): Act {
    return { origin: this.#origin, user: this.#user, now: Date.now() };
  }
  #seen(): Seen {
    return { predictions: this.#correctable, threshold: this.task.threshold };
  }
  #prediction(id: string): Prediction | undefined {
    return this.#correctable.find((p) => p.id === id);
  }

  draw(box: Box): void {
    if (this.readOnly) return;
    const id = newId();
    drawBox(this.doc, this.#act(), this.#seen(), id, box, this.desk.classIndex);
    if (this.desk.tighten) this.#loose.add(id);
    this.select(id);
  }

  adjust(shape: Shape, box: Box, tightens = this.desk.tighten): void {
    if (this.readOnly || box.every((v, i) => v === shape.box[i])) return;
    if (shape.kind === 'freeform') return this.outlines.moveOutline(shape, box);
    if (tightens && shape.source === 'annotation') this.#loose.add(shape.id);
    if (shape.source === 'annotation') return setBox(this.doc, this.#act(), this.#seen(), shape.id, box);
    const prediction = this.#prediction(shape.id);
    if (!prediction) return;
    const id = newId();
    adjustPrediction(this.doc, this.#act(), id, prediction, box);
    if (tightens) this.#loose.add(id);
    this.select(id);
  }

  /** Gives the selected shape a class, and every later box. */
  setClass(classIndex: number): void {
    this.desk.classIndex = classIndex;
    const shape = this.selected();
    if (shape && !this.preview && !this.readOnly && shape.class !== classIndex) this.#relabel(shape, classIndex);
    this.events.emit('class');
    this.events.emit('overlay');
  }

  #relabel(shape: Shape, classIndex: number): void {
    if (shape.source === 'annotation') return setClass(this.doc, this.#act(), shape.id, classIndex);
    const prediction = this.#prediction(shape.id);
    if (!prediction || shape.state === 'ghost') return;
    const id = newId();
    this.doc.transact(() => {
      if (shape.state === 'rejected') restorePrediction(this.doc, this.#act(), shape.id);
      relabelPrediction(this.doc, this.#act(), id, prediction, classIndex, this.task.model);
    }, this.#origin);
    this.select(id);
  }

  /** A prediction is rejected, or taken back; an annotation is removed. */
  erase(): void {
    const shape = this.selected() ?? this.shape(this.hovered);
    if (!shape || this.readOnly) return;
    if (shape.source === 'annotation') removeAnnotation(this.doc, this.#act(), shape.id);
    else if (shape.state === 'rejected') restorePrediction(this.doc, this.#act(), shape.id);
    else if (shape.state === 'kept') rejectPrediction(this.doc, this.#act(), shape.id);
  }

  /** Settles a duplicate: the selected box stays, the others that replace the same prediction step aside. */
  keepDuplicate(): void {
    const shape = this.selected();
    if (!shape || this.readOnly) return;
    if (shape.duplicates.length > 0) chooseOver(this.doc, this.#act(), shape.id, shape.duplicates);
  }

  // ── selection and view ─────────────────────────────────────────────────────────────────────────
  select(id: string | null): void {
    if (this.#selected === id) return;
    this.#selected = id;
    this.events.emit('overlay');
  }

  /** Selects and brings it into sight. */
  show(id: string): void {
    const shape = this.shape(id);
    if (!shape) return;
    this.select(id);
    this.setView(reveal(this.view, this.image, shape.box));
  }

  /** The next (1) or previous (−1) unsure prediction in the list's order, from the selected one on. */
  stepUnsure(direction: 1 | -1): void {
    const listed = this.#derived.listed;
    const at = listed.findIndex((s) => s.id === this.#selected);
    const start = at < 0 && direction < 0 ? 0 : at;
    for (let i = 1; i <= listed.length; i++) {
      const shape = listed[(start + direction * i + listed.length * 2) % listed.length];
      if (shape?.unsure && shape.id !== this.#selected) return this.show(shape.id);
    }
  }

  hover(id: string | null): void {
    if (this.hovered === id) return;
    this.hovered = id;
    this.events.emit('overlay');
  }

  setTool(id: ToolId): void {
    this.tool.cancel();
    this.desk.tool = id;
    this.events.emit('overlay');
  }

  stepBrush(step: 1 | -1): void {
    this.setBrush(nextBrush(this.desk.brush, step));
  }
  setBrush(diameter: number, erasing = this.desk.erasing): void {
    this.desk.brush = diameter;
    this.desk.erasing = erasing;
    this.events.emit('overlay');
  }

  /** Enter; false when nothing has begun that could be ended. */
  finish(): boolean {
    const had = this.tool.finish?.() ?? false;
    if (had) this.events.emit('overlay');
    return had;
  }
  /** Backspace; false when there was no step to take back. */
  stepBack(): boolean {
    const had = this.tool.back?.() ?? false;
    if (had) this.events.emit('overlay');
    return had;
  }

  setHidden(hidden: boolean): void {
    this.hidden = hidden;
    this.events.emit('overlay');
  }

  setPeers(peers: readonly Peer[]): void {
    this.peers = peers;
    this.events.emit('overlay');
  }

  setMaskWork(id: string, state: MaskWork | null): void {
    if (state === null) this.maskWork.delete(id);
    else this.maskWork.set(id, state);
    this.events.emit('overlay');
  }

  setReadOnly(readOnly: boolean): void {
    this.readOnly = readOnly;
    if (readOnly) this.tool.cancel();
    this.events.emit('overlay');
  }

  setView(view: Viewport): void {
    this.view = view;
    this.events.emit('view');
  }
  pan(dx: number, dy: number): void {
    this.setView(panBy(this.view, this.image, dx, dy));
  }
  zoom(screen: Point, factor: number): void {
    this.setView(zoomAt(this.view, this.image, screen, factor));
  }
  zoomCentre(factor: number): void {
    this.zoom([this.view.width / 2, this.view.height / 2], factor);
  }
  fit(): void {
    this.setView(fit(this.view, this.image));
  }
  resize(size: Size): void {
    this.setView(resized(this.view, this.image, size));
  }

  /** Esc: ends the drag or the two clicks; else lets go of the selection. */
  cancel(): void {
    if (!this.tool.cancel()) this.#selected = null;
    this.events.emit('overlay');
  }

  // ── the pointer ────────────────────────────────────────────────────────────────────────────────
  pointerDown(input: PointerInput): void {
    this.#last = input;
    this.tool.down(input);
    this.events.emit('overlay');
  }
  pointerMove(input: PointerInput): void {
    this.#last = input;
    const [before, drawn] = [this.tool.preview, this.sketch];
    this.tool.move(input);
    const now = this.tool.preview;
    if (now === null && this.sketch === null) this.hover(this.shapeAt(input.image, input.grain)?.id ?? null);
    if (now !== before || this.sketch !== drawn) this.events.emit('overlay');
    this.events.emit('pointer');
  }
  pointerUp(input: PointerInput): void {
    this.#last = input;
    this.tool.up(input);
    this.events.emit('overlay');
  }
  /** A plain right click; true when the tool has taken it. */
  pointerSecondary(input: PointerInput): boolean {
    this.#last = input;
    const taken = this.tool.secondary?.(input) ?? false;
    this.events.emit('overlay');
    return taken;
  }
  pointerLeave(): void {
    this.#last = null;
    this.hover(null);
    this.events.emit('pointer');
  }
}
