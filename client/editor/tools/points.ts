import type { Point } from '#core/geometry/polygon.ts';
import type { Shape } from '../shapes.ts';
import { isDrag, type PointerInput, type Tool, type ToolHost } from './tool.ts';

type State = { readonly name: 'idle' } | { readonly name: 'pressed'; readonly at: PointerInput } | { readonly name: 'panning'; readonly last: PointerInput };

const IDLE: State = { name: 'idle' };
/** CSS pixels around a mark that still count as it. */
const MARK_REACH = 9;

/** A click is a place of the object, a right click or one with Alt is beside it; a click on a mark takes it away; a drag pans. */
export class PointsTool implements Tool {
  readonly id = 'points';
  readonly preview = null;
  readonly #host: ToolHost;
  #state: State = IDLE;

  constructor(host: ToolHost) {
    this.#host = host;
  }

  down(input: PointerInput): void {
    this.#state = { name: 'pressed', at: input };
  }

  move(input: PointerInput): void {
    const s = this.#state;
    const from = s.name === 'pressed' && isDrag(s.at.screen, input.screen) ? s.at : s.name === 'panning' ? s.last : null;
    if (!from) return;
    this.#host.pan(input.screen[0] - from.screen[0], input.screen[1] - from.screen[1]);
    this.#state = { name: 'panning', last: input };
  }

  up(input: PointerInput): void {
    const s = this.#state;
    this.#state = IDLE;
    if (s.name === 'pressed') this.#click(s.at, !input.alt);
  }

  secondary(input: PointerInput): boolean {
    this.#click(input, false);
    return true;
  }

  #click({ image, grain }: PointerInput, positive: boolean): void {
    const shape = this.#host.outlines.meant(this.#host.shapeAt(image, grain), image);
    const mark = markAt(this.#host.selected(), image, grain);
    if (mark) this.#host.outlines.removePoint(mark.shape, mark.index);
    else this.#host.outlines.addPoint(shape, image, positive);
  }

  cancel(): boolean {
    const busy = this.#state.name !== 'idle';
    this.#state = IDLE;
    return busy;
  }

  cursor({ image, grain }: PointerInput): string {
    if (this.#state.name === 'panning') return 'grabbing';
    return markAt(this.#host.selected(), image, grain) ? 'pointer' : 'crosshair';
  }
}

/** The mark of the selected shape under a point, the nearest one. */
function markAt(shape: Shape | null, [x, y]: Point, grain: number): { shape: Shape; index: number } | null {
  let best: { shape: Shape; index: number } | null = null;
  let least = MARK_REACH * grain;
  for (const [index, [px, py]] of (shape?.points ?? []).entries()) {
    const distance = Math.hypot(px - x, py - y);
    if (shape && distance <= least) [best, least] = [{ shape, index }, distance];
  }
  return best;
}
