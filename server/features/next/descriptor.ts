import sharp from 'sharp';

const SIDE = 64;
/** The grid of grey values: GRID × GRID. */
const GRID = 8;
/** The picture is cut into CELLS × CELLS, each with the directions of its edges in BINS. */
const CELLS = 4;
const BINS = 8;
export const DESCRIPTOR = GRID * GRID + CELLS * CELLS * BINS;

/**
 * How a picture looks where no model says it: grey values of a small grid, and which way its edges run (a coarse HOG: Dalal and Triggs, Histograms of
 * oriented gradients, 2005). Each half of unit length, [DESCRIPTOR]. null = the file cannot be read.
 */
export async function describeThumb(path: string): Promise<Float32Array | null> {
  try {
    const { data } = await sharp(path, { limitInputPixels: 4_000_000 }).resize(SIDE, SIDE, { fit: 'fill' }).greyscale().raw().toBuffer({ resolveWithObject: true });
    const out = new Float32Array(DESCRIPTOR);
    out.set(unit(greyGrid(data)));
    out.set(unit(directions(data)), GRID * GRID);
    return out;
  } catch {
    return null;
  }
}

function greyGrid(pixels: Uint8Array): Float32Array {
  const grid = new Float32Array(GRID * GRID);
  const cell = SIDE / GRID;
  for (const [i, value] of pixels.entries()) {
    const at = Math.floor(Math.floor(i / SIDE) / cell) * GRID + Math.floor((i % SIDE) / cell);
    grid[at] = (grid[at] ?? 0) + value;
  }
  const mean = grid.reduce((a, b) => a + b, 0) / grid.length;
  return grid.map((value) => value - mean);
}

function directions(pixels: Uint8Array): Float32Array {
  const histogram = new Float32Array(CELLS * CELLS * BINS);
  const cell = SIDE / CELLS;
  for (let y = 1; y < SIDE - 1; y++) {
    for (let x = 1; x < SIDE - 1; x++) {
      const at = y * SIDE + x;
      const [dx, dy] = [(pixels[at + 1] ?? 0) - (pixels[at - 1] ?? 0), (pixels[at + SIDE] ?? 0) - (pixels[at - SIDE] ?? 0)];
      // Bright on dark and dark on bright are the same edge.
      const bin = Math.floor((((Math.atan2(dy, dx) + Math.PI) % Math.PI) / Math.PI) * BINS) % BINS;
      const to = (Math.floor(y / cell) * CELLS + Math.floor(x / cell)) * BINS + bin;
      histogram[to] = (histogram[to] ?? 0) + Math.hypot(dx, dy);
    }
  }
  return histogram;
}

function unit(values: Float32Array): Float32Array {
  const length = Math.hypot(...values);
  return length === 0 ? values : values.map((value) => value / length);
}
