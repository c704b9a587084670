import type { Size } from './box.ts';
import { signedArea, type Point, type Polygon } from './polygon.ts';

/** One connected part of a mask: its outline (clockwise on the screen) and the outlines of its holes (counter-clockwise). */
export interface Region {
  readonly outline: Polygon;
  readonly holes: readonly Polygon[];
}

// Directions of a step along pixel edges: right, down, left, up.
const STEP: readonly Point[] = [[1, 0], [0, 1], [-1, 0], [0, -1]];
// The pixel ahead on the left and on the right of a vertex, as offsets of its top left corner, for each direction.
const AHEAD_LEFT: readonly Point[] = [[0, -1], [0, 0], [-1, 0], [-1, -1]];
const AHEAD_RIGHT: readonly Point[] = [[0, 0], [-1, 0], [-1, -1], [0, -1]];

/**
 * All rings of a row-major bitmap, followed along the **edges** of pixels (not their centres), so that filling them again with the
 * even-odd rule gives exactly the same bitmap. Pixels that touch at a corner are connected (8-connectivity, as in OpenCV's
 * findContours). Outlines have a positive signed area, holes a negative one. Collinear points are left out.
 */
export function traceRings(bitmap: Uint8Array, size: Size): Polygon[] {
  const { width, height } = size;
  const visited = new Uint8Array(width * height); // top edges that belong to a ring already found
  const isSet = (x: number, y: number): boolean => x >= 0 && y >= 0 && x < width && y < height && bitmap[y * width + x] !== 0;
  const rings: Polygon[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      // Every closed ring runs to the right at least once, and does so along the top edge of a pixel that is set.
      if (isSet(x, y) && !isSet(x, y - 1) && visited[y * width + x] === 0) rings.push(follow(x, y, isSet, visited, width));
    }
  }
  return rings;
}

/** Walks one ring clockwise around its pixels, which always lie on the right hand. */
function follow(startX: number, startY: number, isSet: (x: number, y: number) => boolean, visited: Uint8Array, width: number): Polygon {
  const ring: Point[] = [];
  let [x, y, direction] = [startX, startY, 0];
  do {
    if (direction === 0) visited[y * width + x] = 1;
    const [dx, dy] = STEP[direction] ?? [0, 0];
    x += dx;
    y += dy;
    const [lx, ly] = AHEAD_LEFT[direction] ?? [0, 0];
    const [rx, ry] = AHEAD_RIGHT[direction] ?? [0, 0];
    let turn = 1;
    if (isSet(x + lx, y + ly)) turn = 3;
    else if (isSet(x + rx, y + ry)) turn = 0;
    if (turn !== 0) ring.push([x, y]);
    direction = (direction + turn) % 4;
  } while (x !== startX || y !== startY || direction !== 0);
  return ring;
}

/** The connected parts of a bitmap, each with its own holes, largest first. */
export function traceRegions(bitmap: Uint8Array, size: Size): Region[] {
  const rings = traceRings(bitmap, size);
  const outlines = rings.filter((ring) => signedArea(ring) > 0).map((outline) => ({ outline, area: signedArea(outline), holes: [] as Polygon[] }));
  outlines.sort((a, b) => a.area - b.area);
  for (const hole of rings.filter((ring) => signedArea(ring) < 0)) {
    // The smallest outline around a hole is its own: a bigger one would have to surround that one within a hole.
    const room = -signedArea(hole);
    outlines.find(({ outline, area }) => area > room && surrounds(outline, hole))?.holes.push(hole);
  }
  return outlines.reverse().map(({ outline, holes }) => ({ outline, holes }));
}

/** True when the ring `inner`, which never crosses `outer`, lies inside it. Tested half a pixel inside `inner`'s first corner. */
function surrounds(outer: Polygon, inner: Polygon): boolean {
  const [x, y] = insideOf(inner);
  let inside = false;
  let from = outer[outer.length - 1];
  for (const to of outer) {
    if (from && from[1] > y !== to[1] > y && x < from[0]) inside = !inside; // edges are axis-parallel: the vertical ones decide
    from = to;
  }
  return inside;
}

/** The centre of a pixel inside a ring: below its topmost edge. */
function insideOf(ring: Polygon): Point {
  let best: Point = ring[0] ?? [0, 0];
  for (const point of ring) if (point[1] < best[1] || (point[1] === best[1] && point[0] < best[0])) best = point;
  return [best[0] + 0.5, best[1] + 0.5];
}
