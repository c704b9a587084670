/** What turns a box (and clicks) into a mask: the simple ones. Models and GrabCut implement the same. */
import { pixelBounds, type Box, type Size } from '#core/geometry/box.ts';
import { emptyRle, encodeWindow, type Rle } from '#core/geometry/rle.ts';
import type { PointPrompt } from '#core/segmentation/port.ts';
import type { Subject } from './domains.ts';

export interface Question {
  readonly box: Box;
  readonly points: readonly PointPrompt[];
  /** The mask that the clicks are about. */
  readonly previous: Rle | null;
}

export interface Rival {
  readonly name: string;
  /** Whether clicks change its answer. */
  readonly clicks: boolean;
  segment(subject: Subject, question: Question): Promise<Rle>;
}

/** The pixels whose centre is inside, among those of a box. */
function within([x, y, w, h]: Box, size: Size, inside: (x: number, y: number) => boolean): Rle {
  const window = pixelBounds([x, y, w, h], size);
  if (!window) return emptyRle(size);
  const [left, top, columns, rows] = window;
  const bitmap = Uint8Array.from({ length: columns * rows }, (_, i) => (inside(left + (i % columns) + 0.5, top + Math.floor(i / columns) + 0.5) ? 1 : 0));
  return encodeWindow(bitmap, window, size);
}

export const theBox: Rival = {
  name: 'the box',
  clicks: false,
  segment: async ({ size }, { box }) => {
    const [x, y, w, h] = box;
    return within(box, size, (cx, cy) => cx >= x && cx < x + w && cy >= y && cy < y + h);
  },
};

export const anEllipse: Rival = {
  name: 'an ellipse',
  clicks: false,
  segment: async ({ size }, { box }) => {
    const [x, y, w, h] = box;
    return within(box, size, (cx, cy) => ((cx - x - w / 2) / (w / 2)) ** 2 + ((cy - y - h / 2) / (h / 2)) ** 2 <= 1);
  },
};
