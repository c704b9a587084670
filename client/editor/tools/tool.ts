import type { Box, Size } from '#core/geometry/box.ts';
import type { Point } from '#core/geometry/polygon.ts';
import type { Outlines } from '../outlines.ts';
import type { Shape } from '../shapes.ts';

/** One pointer event as a tool sees it. */
export interface PointerInput {
  /** Image pixels. */
  readonly image: Point;
  /** CSS pixels of the canvas. */
  readonly screen: Point;
  /** Image pixels per CSS pixel. */
  readonly grain: number;
  /** Draw, whatever lies below: neither select nor move. */
  readonly alt: boolean;
}

/** What a tool may ask of the editor. Everything that changes the document is one call, made when the hand lets go. */
export interface ToolHost {
  readonly image: Size;
  readonly readOnly: boolean;
  shapeAt(point: Point, grain: number): Shape | null;
  selected(): Shape | null;
  select(id: string | null): void;
  draw(box: Box): void;
  adjust(shape: Shape, box: Box): void;
  pan(dx: number, dy: number): void;
  /** What is done to masks. */
  readonly outlines: Pick<Outlines, 'meant' | 'addPoint' | 'removePoint' | 'fill' | 'stroke'>;
  /** Diameter in image pixels. */
  readonly brush: { readonly diameter: number; readonly erasing: boolean };
}

/** What an arrow key asks for, image pixels. `size`: of the right and bottom edge alone. */
export interface Nudge {
  readonly dx: number;
  readonly dy: number;
  readonly size: boolean;
}

/** What is shown while the hand moves; nothing of it is in the document. */
export type Preview = { readonly kind: 'draw'; readonly box: Box } | { readonly kind: 'adjust'; readonly id: string; readonly box: Box };

/** An outline or a stroke in the making; like a preview it is nobody's data yet. Image pixels. */
export type Sketch =
  /** `to`: where the pointer is. `closes`: a click here ends it. */
  | { readonly kind: 'outline'; readonly points: readonly Point[]; readonly to: Point | null; readonly closes: boolean }
  | { readonly kind: 'stroke'; readonly points: readonly Point[]; readonly diameter: number; readonly erases: boolean };

export type ToolId = 'select' | 'box' | 'points' | 'polygon' | 'brush';

export interface Tool {
  readonly id: ToolId;
  readonly preview: Preview | null;
  readonly sketch?: Sketch | null;
  down(input: PointerInput): void;
  move(input: PointerInput): void;
  up(input: PointerInput): void;
  /** A plain right click. True when the tool has a use for it; else it opens the shape's menu. */
  secondary?(input: PointerInput): boolean;
  /** An arrow key, in image pixels: moves what has begun, or its right and bottom edge (`size`). False when nothing has begun that keys can move. */
  nudge?(by: Nudge): boolean;
  /** Enter: ends what has begun as it is. False when there was nothing to end. */
  finish?(): boolean;
  /** Backspace: takes the last step of what has begun back. */
  back?(): boolean;
  /** Ends what has begun without a trace. False when there was nothing to end. */
  cancel(): boolean;
  /** The CSS cursor for a pointer that hovers here. */
  cursor(input: PointerInput): string;
}

/** CSS pixels that a pressed pointer may tremble before it is a drag. */
export const DRAG_SLACK = 4;

export function isDrag(from: Point, to: Point): boolean {
  return Math.hypot(to[0] - from[0], to[1] - from[1]) >= DRAG_SLACK;
}
