import type { Letterbox } from './pre.ts';

/** One object found, in pixels of the network's input. */
export interface Detection {
  readonly class: number;
  readonly score: number;
  /** x1, y1, x2, y2. */
  readonly corners: readonly [number, number, number, number];
  /** Coefficients of the mask prototypes; empty for detection models. */
  readonly coefficients: Float32Array;
}

export interface Thresholds {
  /** Smallest score, exclusive. */
  readonly conf: number;
  /** Boxes of one class that overlap more than this are one object. */
  readonly iou: number;
  readonly maxDetections: number;
}

/** A float32 tensor as the runtime hands it over. */
export interface FloatTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** Moves the classes apart, so that boxes of different classes never suppress each other (Ultralytics' max_wh). */
const CLASS_OFFSET = 7680;
const MAX_CANDIDATES = 30_000;

/** v8 and 11 heads: `[1, 4 + classes + coefficients, anchors]`, boxes as centre and size. Scores are after the sigmoid. */
export function decodeAnchors(output: FloatTensor, coefficients: number, thresholds: Thresholds): Detection[] {
  const [, channels = 0, anchors = 0] = output.dims;
  const classes = channels - 4 - coefficients;
  const candidates = bestClasses(output.data, classes, anchors, thresholds.conf);
  candidates.sort((a, b) => b.score - a.score);
  const top = candidates.slice(0, MAX_CANDIDATES).map((candidate) => ({ ...candidate, corners: cornersAt(output.data, anchors, candidate.anchor) }));
  return suppress(top, thresholds).map(({ anchor, corners, score, class: index }) => ({
    class: index,
    score,
    corners,
    coefficients: Float32Array.from({ length: coefficients }, (_, i) => output.data[(4 + classes + i) * anchors + anchor] ?? 0),
  }));
}

interface Candidate {
  readonly anchor: number;
  readonly score: number;
  readonly class: number;
}

function bestClasses(data: Float32Array, classes: number, anchors: number, conf: number): Candidate[] {
  // Class by class along the rows: the memory is walked in order, which is what makes large heads fast.
  const best = new Float32Array(anchors).fill(-Infinity);
  const which = new Uint16Array(anchors);
  for (let c = 0; c < classes; c++) {
    const row = (4 + c) * anchors;
    for (let a = 0; a < anchors; a++) {
      const score = data[row + a] ?? 0;
      if (score > (best[a] ?? 0)) {
        best[a] = score;
        which[a] = c;
      }
    }
  }
  const out: Candidate[] = [];
  for (let a = 0; a < anchors; a++) {
    const score = best[a] ?? 0;
    if (score > conf) out.push({ anchor: a, score, class: which[a] ?? 0 });
  }
  return out;
}

function cornersAt(data: Float32Array, anchors: number, anchor: number): [number, number, number, number] {
  const at = (row: number): number => data[row * anchors + anchor] ?? 0;
  const [halfW, halfH] = [at(2) / 2, at(3) / 2];
  return [Math.fround(at(0) - halfW), Math.fround(at(1) - halfH), Math.fround(at(0) + halfW), Math.fround(at(1) + halfH)];
}

/** Non-maximum suppression within each class, best first; boxes are compared in float32 with the class offset, as torchvision does. */
function suppress<T extends Candidate & { corners: readonly [number, number, number, number] }>(sorted: readonly T[], thresholds: Thresholds): T[] {
  const kept: { item: T; shifted: Float32Array; area: number }[] = [];
  for (const item of sorted) {
    const shifted = Float32Array.from(item.corners, (value) => value + item.class * CLASS_OFFSET);
    const area = areaOf(shifted);
    const covered = kept.some((other) => other.item.class === item.class && overlap(other.shifted, other.area, shifted, area) > thresholds.iou);
    if (!covered) kept.push({ item, shifted, area });
    if (kept.length >= thresholds.maxDetections) break;
  }
  return kept.map(({ item }) => item);
}

function areaOf([x1 = 0, y1 = 0, x2 = 0, y2 = 0]: Float32Array): number {
  return Math.fround(Math.fround(x2 - x1) * Math.fround(y2 - y1));
}

function overlap(a: Float32Array, areaA: number, b: Float32Array, areaB: number): number {
  const width = Math.min(a[2] ?? 0, b[2] ?? 0) - Math.max(a[0] ?? 0, b[0] ?? 0);
  const height = Math.min(a[3] ?? 0, b[3] ?? 0) - Math.max(a[1] ?? 0, b[1] ?? 0);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (areaA + areaB - shared);
}

/** 26 and 10 heads: `[1, rows, 6 + coefficients]` with x1, y1, x2, y2, score, class; already without duplicates. */
export function decodeEndToEnd(output: FloatTensor, thresholds: Thresholds): Detection[] {
  const [, rows = 0, width = 0] = output.dims;
  const out: Detection[] = [];
  for (let row = 0; row < rows && out.length < thresholds.maxDetections; row++) {
    const values = output.data.subarray(row * width, (row + 1) * width);
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0, score = 0, index = 0] = values;
    if (score > thresholds.conf) out.push({ class: Math.round(index), score, corners: [x1, y1, x2, y2], coefficients: values.slice(6) });
  }
  return out;
}

/** Corners in pixels of the picture, clipped to it. Source: ultralytics/utils/ops.py, scale_boxes. */
export function toImage(corners: Detection['corners'], box: Letterbox): [number, number, number, number] {
  const x = (value: number): number => Math.min(box.image.width, Math.max(0, (value - box.left) / box.gainX));
  const y = (value: number): number => Math.min(box.image.height, Math.max(0, (value - box.top) / box.gainY));
  return [x(corners[0]), y(corners[1]), x(corners[2]), y(corners[3])];
}
