import { known } from './look.ts';
import type { Vectors } from './queue.ts';

/** So many images are chosen one by one, each unlike those before it; a new model ranks anew long before they are done. */
const PICKS = 512;
/** They are chosen among the most telling so many per pick: on 100 000 images the other ones would never be reached. */
const POOL = 16;
/** What an image without any doubt still weighs, so that it comes before a picture that is there already. */
const FLOOR = 0.02;
/** The largest squared distance of two rows of unit length. */
const FARTHEST = 4;

export interface Spread {
  /** Indices of all images, the first to be corrected first. */
  readonly order: number[];
  /** Squared distance of each image to the most similar labelled one; NaN = not known, or not looked at. */
  readonly fromLabelled: Float32Array;
}

/**
 * The greedy k-centre (Sener and Savarese, Active learning for convolutional neural networks, 2018), weighted: again and again the image with the largest
 * (score × distance to the nearest labelled or chosen image). An image that looks exactly like a chosen one comes after all that do not. Images of unknown
 * look count as far away as the last choice. `scores`: 0…1 per image.
 */
export function spread(scores: Float64Array, looks: Vectors, labelled: Vectors): Spread {
  const byScore = [...scores.keys()].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b);
  const picks = Math.min(scores.length, PICKS);
  const pool = byScore.slice(0, picks * POOL);
  const field = new Field(pool, looks);
  const fromLabelled = new Float32Array(scores.length).fill(NaN);
  if (field.settle(labelled)) for (const [i, image] of pool.entries()) if (field.isKnown(i)) fromLabelled[image] = field.near[i] ?? NaN;
  const weight = Float64Array.from(pool, (image) => FLOOR + (scores[image] ?? 0));
  const order: number[] = [];
  for (let n = 0; n < picks; n++) order.push(pool[field.take(weight)] ?? 0);
  const rest = [...pool.keys()].filter((i) => !field.taken(i)).map((i) => ({ image: pool[i] ?? 0, gain: (weight[i] ?? 0) * field.distance(i) }));
  const outside = byScore.slice(pool.length).map((image) => ({ image, gain: (FLOOR + (scores[image] ?? 0)) * field.typical }));
  const after = [...rest, ...outside].sort((a, b) => b.gain - a.gain || a.image - b.image);
  return { order: [...order, ...after.map(({ image }) => image)], fromLabelled };
}

/** The pool's images and how far each is from whatever is labelled or chosen. */
class Field {
  readonly near: Float32Array;
  /** Distance of the last choice whose look is known. */
  typical = Math.sqrt(FARTHEST);
  readonly #width: number;
  readonly #rows: Float32Array;
  readonly #known: Uint8Array;
  readonly #taken: Uint8Array;

  constructor(pool: readonly number[], { width, values }: Vectors) {
    this.#width = width;
    this.#rows = new Float32Array(pool.length * width);
    this.#known = new Uint8Array(pool.length);
    this.#taken = new Uint8Array(pool.length);
    this.near = new Float32Array(pool.length).fill(FARTHEST);
    for (const [i, image] of pool.entries()) {
      this.#rows.set(values.subarray(image * width, (image + 1) * width), i * width);
      this.#known[i] = known(values, image * width, width) ? 1 : 0;
    }
  }

  isKnown(i: number): boolean {
    return this.#known[i] === 1;
  }

  taken(i: number): boolean {
    return this.#taken[i] === 1;
  }

  distance(i: number): number {
    return this.isKnown(i) ? Math.sqrt(this.near[i] ?? 0) : this.typical;
  }

  /** Labelled images stand where they stand before anything is chosen. False = there is none whose look is known. */
  settle({ width, values }: Vectors): boolean {
    const places = Array.from({ length: width === 0 ? 0 : values.length / width }, (_, i) => i * width).filter((at) => known(values, at, width));
    for (const at of places) this.occupy(values, at);
    const distances = [...this.near.keys()].filter((i) => this.isKnown(i)).map((i) => this.distance(i));
    if (places.length > 0 && distances.length > 0) this.typical = distances.reduce((a, b) => a + b, 0) / distances.length;
    return places.length > 0;
  }

  /** Chooses the one with the largest weight × distance (the first of equals) and returns its place in the pool. */
  take(weight: Float64Array): number {
    let [best, most] = [-1, -1];
    for (let i = 0; i < this.near.length; i++) {
      if (this.#taken[i] === 1) continue;
      const gain = (weight[i] ?? 0) * this.distance(i);
      if (gain > most) [best, most] = [i, gain];
    }
    this.#taken[best] = 1;
    if (this.isKnown(best)) {
      this.typical = this.distance(best);
      this.occupy(this.#rows, best * this.#width);
    }
    return best;
  }

  /** Something stands at this place now: whatever is nearer to it than to anything before comes nearer. */
  occupy(values: Float32Array, at: number): void {
    const [width, rows, near] = [this.#width, this.#rows, this.near];
    for (let i = 0, row = 0; i < near.length; i++, row += width) {
      const limit = near[i] ?? 0;
      let sum = 0;
      // Most are farther than what they have already: a few numbers show it.
      for (let j = 0; j < width && sum < limit; j++) {
        const difference = (rows[row + j] ?? 0) - (values[at + j] ?? 0);
        sum += difference * difference;
      }
      if (sum < limit) near[i] = sum;
    }
  }
}
