/** What is on one generated picture, as geometry: everything that paint.ts needs, nothing of pixels. */
import type { Random } from './random.ts';

export const SIZES = [{ width: 512, height: 384 }, { width: 640, height: 512 }, { width: 800, height: 600 }] as const;

/** A tilted rectangle with rounded corners, in image pixels; `angle` in radians. */
export interface Die { x: number; y: number; halfWidth: number; halfHeight: number; angle: number; corner: number; level: number }

/** A blob: radius × (1 + Σ harmonics) around its centre, stretched along `angle`. `lift` is its brightness above the die, in grey levels. */
export interface Blob { x: number; y: number; radius: number; stretch: number; angle: number; waves: readonly { n: number; size: number; phase: number }[]; lift: number; die: number }

export interface Wire { from: readonly [number, number]; to: readonly [number, number]; bend: number; width: number; depth: number }

export interface Scene {
  width: number;
  height: number;
  dies: Die[];
  voids: Blob[];
  /** Faint bright areas that are no voids: the solder is only thinner there. */
  clouds: Blob[];
  /** Single bright dots of one or two pixels: damage of the detector, no voids. */
  pinholes: { x: number; y: number; lift: number }[];
  wires: Wire[];
  background: number;
  noise: number;
}

/** A scene for one picture. Every thirtieth or so is empty, some have dies without voids. */
export function makeScene(random: Random): Scene {
  const size = SIZES[random.integer(0, SIZES.length - 1)] ?? SIZES[0];
  const unit = size.width / 640;
  const background = random.between(62, 84);
  const dies = random.chance(0.035) ? [] : makeDies(random, size.width, size.height, background);
  const voids = dies.flatMap((die, i) => (random.chance(0.06) ? [] : makeVoids(random, die, i, unit)));
  const clouds = dies.flatMap((die, i) => Array.from({ length: random.integer(3, 14) }, () => cloud(random, die, i, unit)));
  const pinholes = Array.from({ length: random.integer(4, 30) }, () => ({
    x: random.integer(2, size.width - 3), y: random.integer(2, size.height - 3), lift: random.between(18, 70),
  }));
  return { ...size, dies, voids, clouds, pinholes, wires: makeWires(random, size, dies, unit), background, noise: random.between(3, 6.5) };
}

function makeDies(random: Random, width: number, height: number, background: number): Die[] {
  const roll = random.next();
  const count = roll < 0.3 ? 1 : roll < 0.82 ? 2 : 3;
  const slot = width / count;
  return Array.from({ length: count }, (_, i) => {
    const halfWidth = Math.min(slot * random.between(0.3, 0.41), height * 0.34);
    return {
      x: slot * (i + 0.5) + random.between(-0.03, 0.03) * width,
      y: height * random.between(0.5, 0.6),
      halfWidth,
      halfHeight: Math.min(halfWidth * random.between(0.85, 1.25), height * 0.33),
      angle: random.between(-0.09, 0.09),
      corner: halfWidth * random.between(0.03, 0.08),
      level: background - random.between(18, 36),
    };
  });
}

/** Sizes follow a power law, as real voids do: many small ones, few large ones. */
function makeVoids(random: Random, die: Die, index: number, unit: number): Blob[] {
  const voids: Blob[] = [];
  for (let left = random.integer(2, 15); left > 0; left--) {
    const radius = unit * Math.min(3.7 * random.between(0.035, 1) ** -0.82, 44);
    const neighbour = voids[random.integer(0, Math.max(0, voids.length - 1))];
    const [x, y] = neighbour && random.chance(0.22) ? beside(random, neighbour, radius) : within(random, die, radius);
    voids.push({
      x, y, radius, die: index, stretch: random.between(0.68, 1), angle: random.between(0, Math.PI),
      waves: waves(random, random.chance(0.35) ? 0.16 : 0.045),
      lift: random.chance(0.25) ? random.between(7, 13) : random.between(14, 46),
    });
  }
  return voids;
}

function waves(random: Random, size: number): Blob['waves'] {
  return [2, 3, 4, 5].map((n) => ({ n, size: (size * random.between(0.2, 1) * 2) / n, phase: random.between(0, 2 * Math.PI) }));
}

/** A place in the die; one in eight lies on its edge and is cut off there. */
function within(random: Random, die: Die, radius: number): [number, number] {
  const room = random.chance(0.125) ? 1 : Math.max(0.2, 1 - (radius * 1.25) / Math.min(die.halfWidth, die.halfHeight));
  return toImage(die, random.between(-room, room) * die.halfWidth, random.between(-room, room) * die.halfHeight);
}

function beside(random: Random, other: Blob, radius: number): [number, number] {
  const direction = random.between(0, 2 * Math.PI);
  const distance = (other.radius * other.stretch + radius) * random.between(0.85, 1.1);
  return [other.x + Math.cos(direction) * distance, other.y + Math.sin(direction) * distance];
}

function cloud(random: Random, die: Die, index: number, unit: number): Blob {
  const [x, y] = toImage(die, random.between(-0.85, 0.85) * die.halfWidth, random.between(-0.85, 0.85) * die.halfHeight);
  return { x, y, radius: unit * random.between(6, 46), stretch: random.between(0.5, 1), angle: random.between(0, Math.PI), waves: [], lift: random.between(1.5, 6), die: index };
}

function makeWires(random: Random, size: { width: number; height: number }, dies: readonly Die[], unit: number): Wire[] {
  return dies.flatMap((die) => Array.from({ length: random.integer(2, 5) }, () => {
    const along = random.between(-0.85, 0.85) * die.halfWidth;
    const [x, y] = toImage(die, along, -die.halfHeight + 3);
    const start = die.x + along * random.between(1, 1.5);
    return { from: [Math.min(size.width, Math.max(0, start)), 0], to: [x, y], bend: random.between(-60, 60) * unit, width: random.between(3, 5.5) * unit, depth: random.between(12, 24) } as const;
  }));
}

/** From the die's own axes to the image. */
export function toImage(die: Die, u: number, v: number): [number, number] {
  const [c, s] = [Math.cos(die.angle), Math.sin(die.angle)];
  return [die.x + u * c - v * s, die.y + u * s + v * c];
}

/** Signed distance in pixels to the edge of a die, negative inside. Source: Quilez, 2D distance functions (rounded box). */
export function distanceToDie(die: Die): (x: number, y: number) => number {
  const [c, s] = [Math.cos(die.angle), Math.sin(die.angle)];
  return (x, y) => {
    const [dx, dy] = [x - die.x, y - die.y];
    const u = Math.abs(dx * c + dy * s) - die.halfWidth + die.corner;
    const v = Math.abs(dy * c - dx * s) - die.halfHeight + die.corner;
    if (u <= 0 || v <= 0) return Math.max(u, v) - die.corner;
    return Math.sqrt(u * u + v * v) - die.corner; // Math.hypot is ten times slower, and this runs for every pixel
  };
}

/** Distance from the blob's centre as a share of its radius in that direction: < 1 inside. */
export function blobDepth(blob: Blob): (x: number, y: number) => number {
  const [c, s] = [Math.cos(blob.angle), Math.sin(blob.angle)];
  return (x, y) => {
    const [dx, dy] = [x - blob.x, y - blob.y];
    const u = dx * c + dy * s;
    const v = (dy * c - dx * s) / blob.stretch;
    const distance = Math.sqrt(u * u + v * v);
    if (blob.waves.length === 0) return distance / blob.radius;
    const angle = Math.atan2(v, u);
    let radius = 1;
    for (const wave of blob.waves) radius += wave.size * Math.cos(wave.n * angle + wave.phase);
    return distance / (blob.radius * Math.max(0.35, radius));
  };
}
