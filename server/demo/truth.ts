/** The exact instance masks of a scene: which pixel belongs to which die or void. */
import { pixelBounds, type Box, type Size } from '#core/geometry/box.ts';
import { traceRegions } from '#core/geometry/contour.ts';
import { joinRings, ringsOf } from '#core/geometry/joinRings.ts';
import type { Polygon } from '#core/geometry/polygon.ts';
import { rasterise } from '#core/geometry/rasterise.ts';
import { encodeWindow, toBox, type Rle } from '#core/geometry/rle.ts';
import { simplify } from '#core/geometry/simplify.ts';
import { blobDepth, distanceToDie, type Blob, type Scene } from './scene.ts';

export const CLASSES = ['Chip', 'Void'] as const;

/** One instance with its exact mask: full-image RLE, the tight box around it, and the polygon that its label row holds. */
export interface DemoInstance { class: 0 | 1; box: Box; mask: Rle; polygon: Polygon }

export interface Truth {
  instances: DemoInstance[];
  /** Row-major: 1 + position in `scene.voids` of the void that owns the pixel, 0 = none. */
  owner: Uint8Array;
  /** Row-major: 1 + position in `scene.dies`. */
  die: Uint8Array;
}

/** Below this many pixels nobody could tell a void from noise. */
const SMALLEST = 16;

/**
 * Rules: dies never overlap; every void lies within its die; two voids never share a pixel (they may touch: the earlier one keeps
 * what both cover). Every instance is one connected part.
 */
export function makeTruth(scene: Scene): Truth {
  const pixels = scene.width * scene.height;
  const truth: Truth = { instances: [], owner: new Uint8Array(pixels), die: new Uint8Array(pixels) };
  for (const [i, die] of scene.dies.entries()) {
    const reach = Math.hypot(die.halfWidth, die.halfHeight);
    const distance = distanceToDie(die);
    add(truth, scene, 0, [die.x - reach, die.y - reach, 2 * reach, 2 * reach], truth.die, i + 1, (x, y, at) => truth.die[at] === 0 && distance(x, y) < 0);
  }
  for (const [i, blob] of scene.voids.entries()) {
    const depth = blobDepth(blob);
    add(truth, scene, 1, reachOf(blob), truth.owner, i + 1, (x, y, at) => truth.die[at] === blob.die + 1 && truth.owner[at] === 0 && depth(x, y) < 1);
  }
  return truth;
}

/** A window that surely holds a blob. */
export function reachOf(blob: Blob): Box {
  const reach = blob.radius * 1.7 + 1;
  return [blob.x - reach, blob.y - reach, 2 * reach, 2 * reach];
}

type Inside = (x: number, y: number, at: number) => boolean;

function add(truth: Truth, size: Size, classIndex: 0 | 1, reach: Box, plane: Uint8Array, value: number, inside: Inside): void {
  const window = pixelBounds(reach, size);
  if (!window) return;
  const [x0, y0, w, h] = window;
  const bitmap = new Uint8Array(w * h);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      if (inside(x0 + x + 0.5, y0 + y + 0.5, (y0 + y) * size.width + x0 + x)) bitmap[y * w + x] = 1;
    }
  }
  const [region] = traceRegions(bitmap, { width: w, height: h });
  if (!region) return;
  const whole = rasterise(ringsOf([region]), { width: w, height: h });
  if (whole.reduce((sum, bit) => sum + bit, 0) < SMALLEST) return;
  claim(plane, size.width, whole, window, value);
  const mask = encodeWindow(whole, window, size);
  const polygon = joinRings(ringsOf([region]).map((ring) => simplify(ring, classIndex === 0 ? 1.05 : 0.75))).map(([x, y]) => [x + x0, y + y0] as const);
  truth.instances.push({ class: classIndex, box: toBox(mask) ?? window, mask, polygon: polygon.map(([x, y]) => [x, y]) });
}

function claim(plane: Uint8Array, width: number, bitmap: Uint8Array, [x0, y0, w, h]: Box, value: number): void {
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) if (bitmap[y * w + x]) plane[(y0 + y) * width + x0 + x] = value;
  }
}
