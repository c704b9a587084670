import { Type, type Static } from 'typebox';

/** Far beyond any picture, small enough that sums and products of coordinates stay exact in a double. */
const LIMIT = 1_000_000;
const coordinate = Type.Number({ minimum: -LIMIT, maximum: LIMIT });
const extent = Type.Number({ minimum: 0, maximum: LIMIT });

export const BoxSchema = Type.Immutable(Type.Tuple([coordinate, coordinate, extent, extent]));

/** A bounding box `[x, y, width, height]`: floats in pixels of the upright image (EXIF orientation applied), origin top left. */
export type Box = Static<typeof BoxSchema>;

/** Width and height of an image or bitmap in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The box spanned by two opposite corners, in any order. */
export function fromCorners(x1: number, y1: number, x2: number, y2: number): Box {
  return [Math.min(x1, x2), Math.min(y1, y2), Math.abs(x2 - x1), Math.abs(y2 - y1)];
}

/** `[x1, y1, x2, y2]`, the other common notation (Pascal VOC, Ultralytics' `xyxy`). */
export function toCorners([x, y, w, h]: Box): readonly [x1: number, y1: number, x2: number, y2: number] {
  return [x, y, x + w, y + h];
}

/** Turns negative widths and heights (a box dragged up or to the left) into the same area with positive ones. */
export function normalise(box: Readonly<[number, number, number, number]>): Box {
  const [x, y, w, h] = box;
  return fromCorners(x, y, x + w, y + h);
}

export function boxArea([, , w, h]: Box): number {
  return w * h;
}

/** The common area of two boxes, or null when they share none (touching edges share none). */
export function intersect(a: Box, b: Box): Box | null {
  const x1 = Math.max(a[0], b[0]);
  const y1 = Math.max(a[1], b[1]);
  const x2 = Math.min(a[0] + a[2], b[0] + b[2]);
  const y2 = Math.min(a[1] + a[3], b[1] + b[3]);
  return x2 > x1 && y2 > y1 ? [x1, y1, x2 - x1, y2 - y1] : null;
}

/** The part of the box that lies inside the image, or null when nothing does. */
export function clip(box: Box, size: Size): Box | null {
  return intersect(normalise(box), [0, 0, size.width, size.height]);
}

/** True when `inner` lies within `outer`; shared edges count as within. */
export function contains(outer: Box, inner: Box): boolean {
  return (
    inner[0] >= outer[0] &&
    inner[1] >= outer[1] &&
    inner[0] + inner[2] <= outer[0] + outer[2] &&
    inner[1] + inner[3] <= outer[1] + outer[3]
  );
}

/** True when the point lies within the box; left and top edge belong to it, right and bottom do not. */
export function containsPoint([x, y, w, h]: Box, px: number, py: number): boolean {
  return px >= x && py >= y && px < x + w && py < y + h;
}

/** The whole pixels that a box touches, clipped to the image: `[x, y, width, height]` as integers, or null when there are none. */
export function pixelBounds(box: Box, size: Size): Box | null {
  const clipped = clip(box, size);
  if (clipped === null) return null;
  const x = Math.floor(clipped[0]);
  const y = Math.floor(clipped[1]);
  const right = Math.min(size.width, Math.ceil(clipped[0] + clipped[2]));
  const bottom = Math.min(size.height, Math.ceil(clipped[1] + clipped[3]));
  return [x, y, right - x, bottom - y];
}
