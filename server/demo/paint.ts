/** From a scene to 8-bit grey pixels, as an X-ray detector would give them: absorption, blur, texture, vignette, noise. */
import { pixelBounds } from '#core/geometry/box.ts';
import type { Random } from './random.ts';
import { blobDepth, type Blob, type Scene, type Wire } from './scene.ts';
import { reachOf, type Truth } from './truth.ts';

/** Row-major, one byte per pixel, `width × height`. */
export function paint(scene: Scene, truth: Truth, random: Random): Uint8Array {
  const plane = new Float32Array(scene.width * scene.height).fill(scene.background);
  for (const wire of scene.wires) drawWire(plane, scene, wire);
  layDies(plane, scene, truth);
  for (const blob of scene.clouds) liftBlob(plane, scene, blob, (at) => truth.die[at] === blob.die + 1, (depth) => (1 - depth * depth) ** 2);
  for (const [i, blob] of scene.voids.entries()) liftBlob(plane, scene, blob, (at) => truth.owner[at] === i + 1, (depth) => 0.72 + 0.28 * Math.sqrt(Math.max(0, 1 - depth * depth)));
  blur(plane, scene.width, scene.height);
  for (const dot of scene.pinholes) {
    const at = dot.y * scene.width + dot.x;
    plane[at] = (plane[at] ?? 0) + dot.lift;
    if (dot.lift > 50) plane[at + 1] = (plane[at + 1] ?? 0) + dot.lift * 0.6;
  }
  return develop(plane, scene, truth, random);
}

/** Wires shine faintly through the dies. */
function layDies(plane: Float32Array, scene: Scene, truth: Truth): void {
  const levels = scene.dies.map((die) => die.level);
  for (let i = 0; i < plane.length; i++) {
    const mark = truth.die[i] ?? 0;
    if (mark > 0) plane[i] = (levels[mark - 1] ?? 0) + ((plane[i] ?? 0) - scene.background) * 0.3;
  }
}

function liftBlob(plane: Float32Array, scene: Scene, blob: Blob, belongs: (at: number) => boolean, profile: (depth: number) => number): void {
  const window = pixelBounds(reachOf(blob), scene);
  if (!window) return;
  const [x0, y0, w, h] = window;
  const depthAt = blobDepth(blob);
  for (let y = y0; y < y0 + h; y++) {
    for (let x = x0; x < x0 + w; x++) {
      const at = y * scene.width + x;
      if (!belongs(at)) continue;
      const depth = depthAt(x + 0.5, y + 0.5);
      if (depth < 1) plane[at] = (plane[at] ?? 0) + blob.lift * profile(depth);
    }
  }
}

/** An S-shaped bond wire, drawn as overlapping discs; darkest where two meet is no darker than one. */
function drawWire(plane: Float32Array, scene: Scene, wire: Wire): void {
  const [[x1, y1], [x2, y2]] = [wire.from, wire.to];
  const steps = Math.ceil(Math.hypot(x2 - x1, y2 - y1));
  for (let i = 0; i <= steps; i++) {
    const t = i / steps;
    const ease = t * t * (3 - 2 * t);
    const cx = x1 + (x2 - x1) * ease + Math.sin(t * Math.PI) * wire.bend * (1 - t);
    const cy = y1 + (y2 - y1) * t;
    disc(plane, scene, cx, cy, wire.width, scene.background - wire.depth);
  }
}

function disc(plane: Float32Array, scene: Scene, cx: number, cy: number, radius: number, level: number): void {
  for (let y = Math.max(0, Math.floor(cy - radius)); y < Math.min(scene.height, cy + radius); y++) {
    for (let x = Math.max(0, Math.floor(cx - radius)); x < Math.min(scene.width, cx + radius); x++) {
      if ((x + 0.5 - cx) ** 2 + (y + 0.5 - cy) ** 2 < radius * radius) plane[y * scene.width + x] = level;
    }
  }
}

/** Binomial 1-2-1 in both directions, in place: the detector's own softness. */
function blur(plane: Float32Array, width: number, height: number): void {
  for (let y = 0; y < height; y++) smooth(plane, y * width, 1, width);
  for (let x = 0; x < width; x++) smooth(plane, x, width, height);
}

function smooth(plane: Float32Array, start: number, step: number, count: number): void {
  let before = plane[start] ?? 0;
  for (let i = 0, at = start; i < count; i++, at += step) {
    const here = plane[at] ?? 0;
    const after = i + 1 < count ? (plane[at + step] ?? 0) : here;
    plane[at] = (before + 2 * here + after) / 4;
    before = here;
  }
}

/** Solder texture (stronger within the dies), vignette, noise; then to bytes. */
function develop(plane: Float32Array, scene: Scene, truth: Truth, random: Random): Uint8Array {
  const { width, height } = scene;
  const coarse = valueNoise(random, width, height, 26);
  const fine = valueNoise(random, width, height, 7);
  const bytes = new Uint8Array(width * height);
  const reach = (width * width + height * height) / 4;
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const fall = 1 - (0.24 * ((x - width / 2) ** 2 + (y - height / 2) ** 2)) / reach;
      const texture = truth.die[at] === 0 ? 2.4 : 5.2;
      // Three uniform numbers add up to something near enough to a bell of deviation 0.5.
      const grain = random.next() + random.next() + random.next() - 1.5;
      const value = ((plane[at] ?? 0) + texture * ((coarse[at] ?? 0) + 0.6 * (fine[at] ?? 0))) * fall + grain * 2 * scene.noise;
      bytes[at] = Math.max(0, Math.min(255, Math.round(value)));
    }
  }
  return bytes;
}

/** Smooth random field in −1…1: random knots every `cell` pixels, bilinear with eased weights between them. */
function valueNoise(random: Random, width: number, height: number, cell: number): Float32Array {
  const columns = Math.ceil(width / cell) + 2;
  const knots = Float32Array.from({ length: columns * (Math.ceil(height / cell) + 2) }, () => random.between(-1, 1));
  const field = new Float32Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    const row = Math.floor(y / cell);
    const v = ease((y - row * cell) / cell);
    for (let x = 0; x < width; x++, at++) {
      const column = Math.floor(x / cell);
      const u = ease((x - column * cell) / cell);
      const k = row * columns + column;
      const top = (knots[k] ?? 0) * (1 - u) + (knots[k + 1] ?? 0) * u;
      const bottom = (knots[k + columns] ?? 0) * (1 - u) + (knots[k + columns + 1] ?? 0) * u;
      field[at] = top * (1 - v) + bottom * v;
    }
  }
  return field;
}

function ease(t: number): number {
  return t * t * (3 - 2 * t);
}
