import type { Box } from '#core/geometry/box.ts';
import type { Point } from '#core/geometry/polygon.ts';
import { boxBetween, nudged } from '../handles.ts';
import { adjusted, graspSelected, partCursor, type Grasp } from './adjusting.ts';
import { isDrag, type Nudge, type PointerInput, type Preview, type Tool, type ToolHost } from './tool.ts';

/** `anchored`: the first of two clicks was made. `placed`: by keys, without a pointer. */
type State =
  | { readonly name: 'idle' }
  | { readonly name: 'pressed'; readonly at: PointerInput; readonly grasp: Grasp | null; readonly anchor: Point | null }
  | { readonly name: 'drawing'; readonly from: Point; readonly to: Point }
  | { readonly name: 'anchored'; readonly from: Point; readonly to: Point }
  | { readonly name: 'placed'; readonly box: Box }
  | { readonly name: 'adjusting'; readonly grasp: Grasp; readonly box: Box };

const IDLE: State = { name: 'idle' };
/** CSS pixels: a smaller box is a slip of the hand. */
const LEAST_SIDE = 3;

/** Drag anywhere draws; two clicks draw; a click selects; the selected shape is moved and resized. */
export class BoxTool implements Tool {
  readonly id = 'box';
  readonly #host: ToolHost;
  #state: State = IDLE;

  constructor(host: ToolHost) {
    this.#host = host;
  }

  get preview(): Preview | null {
    const s = this.#state;
    if (s.name === 'adjusting') return { kind: 'adjust', id: s.grasp.shape.id, box: s.box };
    if (s.name === 'placed') return { kind: 'draw', box: s.box };
    if (s.name !== 'drawing' && s.name !== 'anchored') return null;
    const box = boxBetween(s.from, s.to, this.#host.image);
    return box && { kind: 'draw', box };
  }

  down(input: PointerInput): void {
    const anchor = this.#state.name === 'anchored' ? this.#state.from : null;
    this.#state = { name: 'pressed', at: input, anchor, grasp: anchor ? null : graspSelected(this.#host, input) };
  }

  move(input: PointerInput): void {
    const s = this.#state;
    if (s.name === 'pressed' && isDrag(s.at.screen, input.screen)) this.#state = this.#begin(s, input);
    else if (s.name === 'drawing' || s.name === 'anchored') this.#state = { ...s, to: input.image };
    else if (s.name === 'adjusting') this.#state = { ...s, box: adjusted(s.grasp, input, this.#host.image) };
  }

  #begin(s: Extract<State, { name: 'pressed' }>, input: PointerInput): State {
    if (this.#host.readOnly) return IDLE;
    if (s.grasp) return { name: 'adjusting', grasp: s.grasp, box: adjusted(s.grasp, input, this.#host.image) };
    return { name: 'drawing', from: s.at.image, to: input.image };
  }

  up(input: PointerInput): void {
    const s = this.#state;
    this.#state = IDLE;
    if (s.name === 'adjusting') this.#host.adjust(s.grasp.shape, adjusted(s.grasp, input, this.#host.image));
    else if (s.name === 'drawing') this.#finish(s.from, input);
    else if (s.name === 'pressed' && s.anchor) this.#finish(s.anchor, input);
    else if (s.name === 'pressed') this.#click(input);
    else this.#state = s;
  }

  #click(input: PointerInput): void {
    const hit = input.alt ? null : this.#host.shapeAt(input.image, input.grain);
    const had = this.#host.selected() !== null;
    this.#host.select(hit?.id ?? null);
    // The click that lets go of a selection is not also the first corner of a box.
    if (!hit && (!had || input.alt) && !this.#host.readOnly) this.#state = { name: 'anchored', from: input.image, to: input.image };
  }

  #finish(from: Point, input: PointerInput): void {
    const box = boxBetween(from, input.image, this.#host.image);
    const least = LEAST_SIDE * input.grain;
    if (box && box[2] >= least && box[3] >= least) this.#host.draw(box);
  }

  /** A box that keys move, size and end; a press of the pointer drops it. */
  place(box: Box): void {
    this.#state = { name: 'placed', box };
  }

  nudge(by: Nudge): boolean {
    const s = this.#state;
    if (s.name !== 'placed') return false;
    this.#state = { ...s, box: nudged(s.box, by, this.#host.image) };
    return true;
  }

  finish(): boolean {
    const s = this.#state;
    if (s.name !== 'placed') return false;
    this.#state = IDLE;
    this.#host.draw(s.box);
    return true;
  }

  cancel(): boolean {
    const busy = this.#state.name !== 'idle';
    this.#state = IDLE;
    return busy;
  }

  cursor(input: PointerInput): string {
    if (this.#state.name === 'drawing' || this.#state.name === 'anchored') return 'crosshair';
    const grasp = this.#state.name === 'adjusting' ? this.#state.grasp : graspSelected(this.#host, input);
    return grasp ? partCursor(grasp.part) : 'crosshair';
  }
}
