import type { Box } from '#core/geometry/box.ts';
import type { Point } from '#core/geometry/polygon.ts';
import { toScreen, type Viewport } from '../editor/viewport.ts';

export interface Placed {
  readonly text: string;
  readonly box: Box;
  /** Shown whatever it covers: the selected and the hovered one. */
  readonly must: boolean;
}

/** CSS pixels, as `.tag` in the editor's styles: its height, the padding of both sides, and the mean width of a letter, rounded up. */
const HEIGHT = 19;
const PADDING = 14;
const LETTER = 6.6;
const GAP = 2;

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/**
 * Where the words of each tag stand, in CSS pixels from the canvas's top left: above the box, else below it, else flush with its right side.
 * Null = every place would cover words that came before; the box itself and the list still tell that it is unsure.
 */
export function placeTags(tags: readonly Placed[], view: Viewport): (Point | null)[] {
  const taken: Place[] = [];
  return tags.map((tag) => {
    const places = placesOf(tag, view);
    const free = places.find((place) => !taken.some((other) => covers(place, other))) ?? (tag.must ? places[0] : undefined);
    if (!free) return null;
    taken.push(free);
    return [free.x, free.y];
  });
}

function placesOf({ text, box: [bx, by, bw, bh] }: Placed, view: Viewport): Place[] {
  const width = PADDING + text.length * LETTER;
  const [left, top] = toScreen(view, [bx, by]);
  const [right, bottom] = toScreen(view, [bx + bw, by + bh]);
  const above = top >= HEIGHT + 7 ? [top - HEIGHT - GAP] : [];
  const below = bottom + HEIGHT + GAP < view.height ? [Math.max(bottom + GAP + 1, 4)] : [];
  const rows = [...above, ...below];
  return (rows.length > 0 ? rows : [4]).flatMap((y) => [{ x: Math.max(2, left), y, width }, { x: Math.max(2, right - width), y, width }]);
}

function covers(a: Place, b: Place): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && Math.abs(a.y - b.y) < HEIGHT;
}
