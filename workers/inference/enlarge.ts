import type { Box, Size } from '#core/geometry/box.ts';

/** A part of a map of logits, row-major: `left`, `top` are its place in the whole map. */
export interface Field {
  readonly data: Float32Array;
  readonly left: number;
  readonly top: number;
  readonly width: number;
}

/** First and last position, both included. */
export interface Span {
  readonly first: number;
  readonly last: number;
}

interface Tap {
  readonly from: number;
  readonly next: number;
  readonly weight: number;
}

/** How a small map of logits lies over a picture. */
export interface MapPlacement {
  readonly map: Size;
  /** The map is first enlarged this many times … */
  readonly factor: number;
  /** … then this part of it (whole positions of the enlarged map) … */
  readonly content: Box;
  /** … is stretched over the picture. */
  readonly image: Size;
}

/** Weights of one picture position over the small map: three neighbours from `first[i]` on, `weights[3 * i]` and so on. */
interface Kernels {
  readonly first: Int32Array;
  readonly weights: Float64Array;
}

/** Neighbours that two bilinear steps in a row look at, in one direction. */
const REACH = 3;

/**
 * Enlarges a map of logits to picture pixels in the two bilinear steps that segmentation networks are trained with (as
 * torch.nn.functional.interpolate with align_corners=False), but only where it is asked to, and only the sign is told. Both steps together are three
 * weights in each direction, none of them negative: where all neighbours have one sign, so has the pixel, and nothing has to be computed.
 * Only outlines cost time.
 */
export class Enlarger {
  readonly #columns: Kernels;
  readonly #rows: Kernels;
  readonly #map: Size;

  constructor({ map, factor, content, image }: MapPlacement) {
    this.#map = map;
    this.#columns = kernels(taps(0, map.width, map.width * factor), taps(content[0], content[2], image.width));
    this.#rows = kernels(taps(0, map.height, map.height * factor), taps(content[1], content[3], image.height));
  }

  /** Row-major bitmap of the logits > 0 within `window` (whole picture pixels). `read` gives the part of the small map that is needed. */
  bitmap([x1, y1, w, h]: Box, read: (columns: Span, rows: Span) => Field): Uint8Array {
    const out = new Uint8Array(w * h);
    const field = read(spanOf(this.#columns.first, x1, w, this.#map.width), spanOf(this.#rows.first, y1, h, this.#map.height));
    const [lines, across] = [groups(this.#rows.first, y1, h), groups(this.#columns.first, x1, w)];
    for (const { from: top, to: bottom, first: r } of lines) {
      for (const { from: left, to: right, first: c } of across) {
        const sign = signOf(field, c, r);
        if (sign === 0) this.#outline(out, field, { top, bottom, left, right }, { x1, y1, w });
        else if (sign > 0) for (let y = top; y < bottom; y++) out.fill(1, (y - y1) * w + left - x1, (y - y1) * w + right - x1);
      }
    }
    return out;
  }

  #outline(out: Uint8Array, field: Field, part: { top: number; bottom: number; left: number; right: number }, window: { x1: number; y1: number; w: number }): void {
    const [columns, rows] = [this.#columns, this.#rows];
    const c = columns.first[part.left] ?? 0;
    for (let y = part.top; y < part.bottom; y++) {
      const [a, b, d] = [0, 1, 2].map((k) => mixed(field, c + k, rows, y));
      for (let x = part.left; x < part.right; x++) {
        const at = REACH * x;
        const logit = (a ?? 0) * (columns.weights[at] ?? 0) + (b ?? 0) * (columns.weights[at + 1] ?? 0) + (d ?? 0) * (columns.weights[at + 2] ?? 0);
        if (logit > 0) out[(y - window.y1) * window.w + x - window.x1] = 1;
      }
    }
  }
}

/** One column of the small map at the height of a picture row. */
function mixed(field: Field, column: number, rows: Kernels, y: number): number {
  let sum = 0;
  for (let k = 0; k < REACH; k++) {
    const weight = rows.weights[REACH * y + k] ?? 0;
    if (weight > 0) sum += weight * valueAt(field, column, (rows.first[y] ?? 0) + k);
  }
  return sum;
}

function valueAt({ data, left, top, width }: Field, column: number, row: number): number {
  return data[(row - top) * width + Math.min(column - left, width - 1)] ?? 0;
}

/** 1 or -1 where all nine neighbours are above zero, or none is; 0 where the outline runs. */
function signOf(field: Field, column: number, row: number): number {
  const [lastColumn, lastRow] = [field.left + field.width - 1, field.top + field.data.length / field.width - 1];
  let positive = 0;
  let all = 0;
  for (let r = row; r < row + REACH && r <= lastRow; r++) {
    for (let c = column; c < column + REACH && c <= lastColumn; c++) {
      all += 1;
      if (valueAt(field, c, r) > 0) positive += 1;
    }
  }
  return positive === 0 ? -1 : positive === all ? 1 : 0;
}

/** Runs of neighbouring picture positions that look at the same part of the small map. */
function groups(first: Int32Array, start: number, count: number): { from: number; to: number; first: number }[] {
  const found: { from: number; to: number; first: number }[] = [];
  for (let i = start; i < start + count; ) {
    const from = i;
    const place = first[i] ?? 0;
    while (i < start + count && first[i] === place) i += 1;
    found.push({ from, to: i, first: place });
  }
  return found;
}

function spanOf(first: Int32Array, start: number, count: number, size: number): Span {
  return { first: first[start] ?? 0, last: Math.min(size - 1, (first[start + count - 1] ?? 0) + REACH - 1) };
}

/** `outer` after `inner`, as one step. */
function kernels(inner: readonly Tap[], outer: readonly Tap[]): Kernels {
  const first = new Int32Array(outer.length);
  const weights = new Float64Array(REACH * outer.length);
  for (const [i, { from, next, weight }] of outer.entries()) {
    const start = inner[from]?.from ?? 0;
    first[i] = start;
    for (const [tap, share] of [[inner[from], 1 - weight], [inner[next], weight]] as const) {
      if (!tap) continue;
      const at = REACH * i - start;
      weights[at + tap.from] = (weights[at + tap.from] ?? 0) + share * (1 - tap.weight);
      weights[at + tap.next] = (weights[at + tap.next] ?? 0) + share * tap.weight;
    }
  }
  return { first, weights };
}

/** Bilinear taps from `content` positions, the first of them at `start`, to `target` positions. */
function taps(start: number, content: number, target: number): Tap[] {
  const scale = content / target;
  return Array.from({ length: target }, (_, i) => {
    const place = Math.max(0, (i + 0.5) * scale - 0.5);
    const low = Math.min(Math.floor(place), content - 1);
    return { from: start + low, next: start + Math.min(low + 1, content - 1), weight: place - low };
  });
}
