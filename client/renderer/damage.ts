import type { Box } from '#core/geometry/box.ts';
import { toScreen, type Viewport } from '../editor/viewport.ts';

/** CSS pixels around a box in which its frame, halo and handles lie. */
const MARGIN = 16;

/** [left, bottom, width, height] in device pixels from the canvas's lower left corner, as WebGL's scissor wants it. */
export type Part = readonly [number, number, number, number];

/**
 * While a box is being made only what lies around it changes, and only that part of the canvas is drawn again: without a graphics card the rest would take the time in which
 * the mask is computed. Whatever else has changed makes the whole canvas due.
 */
export class Damage {
  #whole = true;
  /** Where boxes were drawn last, in image pixels. */
  #before: readonly Box[] = [];

  /** Everything is drawn the next time. */
  all(): void {
    this.#whole = true;
  }

  /** What is due now that `boxes` (image pixels) lie over the picture; null = everything. Empty parts have no width or no height. */
  take(boxes: readonly Box[], view: Viewport, dpr: number): Part | null {
    const due = [...this.#before, ...boxes];
    const whole = this.#whole || due.length === 0;
    this.#whole = false;
    this.#before = boxes;
    return whole ? null : partOf(due, view, dpr);
  }
}

function partOf(boxes: readonly Box[], view: Viewport, dpr: number): Part {
  const least = toScreen(view, [Math.min(...boxes.map(([x]) => x)), Math.min(...boxes.map(([, y]) => y))]);
  const most = toScreen(view, [Math.max(...boxes.map(([x, , w]) => x + w)), Math.max(...boxes.map(([, y, , h]) => y + h))]);
  const within = (at: number, length: number): number => Math.min(length, Math.max(0, at)) * dpr;
  const [x1, x2] = [Math.floor(within(least[0] - MARGIN, view.width)), Math.ceil(within(most[0] + MARGIN, view.width))];
  const [y1, y2] = [Math.floor(within(least[1] - MARGIN, view.height)), Math.ceil(within(most[1] + MARGIN, view.height))];
  return [x1, Math.ceil(view.height * dpr) - y2, x2 - x1, y2 - y1];
}
