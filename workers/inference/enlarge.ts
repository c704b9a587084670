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

/**
 * Enlarges a map of logits to picture pixels in the two bilinear steps that segmentation networks are trained with (as
 * torch.nn.functional.interpolate with align_corners=False), but only where it is asked to.
 */
export class Enlarger {
  readonly #across: readonly Tap[];
  readonly #down: readonly Tap[];
  readonly #columns: readonly Tap[];
  readonly #rows: readonly Tap[];

  constructor({ map, factor, content, image }: MapPlacement) {
    this.#across = taps(0, map.width, map.width * factor);
    this.#down = taps(0, map.height, map.height * factor);
    this.#columns = taps(content[0], content[2], image.width);
    this.#rows = taps(content[1], content[3], image.height);
  }

  /** Row-major bitmap of the logits > 0 within `window` (whole picture pixels). `read` gives the part of the small map that is needed. */
  bitmap([x1, y1, w, h]: Box, read: (columns: Span, rows: Span) => Field): Uint8Array {
    const columns = this.#columns.slice(x1, x1 + w);
    const rows = this.#rows.slice(y1, y1 + h);
    const across = cut(this.#across, columns);
    const down = cut(this.#down, rows);
    const small = read(spanOf(across), spanOf(down));
    const enlarged: Field = { data: resample(small, across, down), left: columns[0]?.from ?? 0, top: rows[0]?.from ?? 0, width: across.length };
    const logits = resample(enlarged, columns, rows);
    return Uint8Array.from(logits, (logit) => (logit > 0 ? 1 : 0));
  }
}

function cut(list: readonly Tap[], users: readonly Tap[]): readonly Tap[] {
  const { first, last } = spanOf(users);
  return list.slice(first, last + 1);
}

function spanOf(list: readonly Tap[]): Span {
  return { first: list[0]?.from ?? 0, last: list[list.length - 1]?.next ?? 0 };
}

/** Separable: each source row is stretched once, then neighbouring rows are mixed. */
function resample(source: Field, columns: readonly Tap[], rows: readonly Tap[]): Float32Array {
  const width = columns.length;
  const out = new Float32Array(width * rows.length);
  let [upper, lower] = [new Float32Array(width), new Float32Array(width)];
  let [upperRow, lowerRow] = [-1, -1];
  for (const [y, row] of rows.entries()) {
    if (row.from !== upperRow && row.from === lowerRow) [upper, lower, upperRow, lowerRow] = [lower, upper, lowerRow, -1];
    if (row.from !== upperRow) stretch(source, (upperRow = row.from), columns, upper);
    if (row.next !== lowerRow) stretch(source, (lowerRow = row.next), columns, lower);
    const [a, b] = [1 - row.weight, row.weight];
    const base = y * width;
    for (let x = 0; x < width; x++) out[base + x] = (upper[x] ?? 0) * a + (lower[x] ?? 0) * b;
  }
  return out;
}

function stretch(source: Field, row: number, columns: readonly Tap[], out: Float32Array): void {
  const base = (row - source.top) * source.width - source.left;
  for (let x = 0; x < columns.length; x++) {
    const tap = columns[x];
    if (tap) out[x] = (source.data[base + tap.from] ?? 0) * (1 - tap.weight) + (source.data[base + tap.next] ?? 0) * tap.weight;
  }
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
