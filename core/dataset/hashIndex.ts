import { bits, MAX_DISTANCE, words } from './likeness.ts';

const BANDS = 4;
/** Of two hashes that differ in at most MAX_DISTANCE (10) bits, one of the four bands differs in at most two (pigeonhole). */
const FLIPS = flips(Math.floor(MAX_DISTANCE / BANDS));

/**
 * Finds the hashes near a given one without comparing it with all: by bands of 16 bits, each tried with up to two bits turned (multi-index hashing, Norouzi,
 * Punjani and Fleet, 2012). Exact: nothing within MAX_DISTANCE is missed.
 */
export class HashIndex<T> {
  /** Per band and value of its bits: the item that was added last, as its number + 1; 0 = none. */
  readonly #heads = Array.from({ length: BANDS }, () => new Int32Array(65_536));
  readonly #items: T[] = [];
  /** Per item: its hash as two words, the items with the same bits before it (by band), and the query that last looked at it. */
  #words = new Int32Array(2048);
  #before = new Int32Array(4096);
  #seen = new Int32Array(1024);
  #query = 0;
  /** How many hashes all queries together were compared with. */
  #compared = 0;

  get compared(): number {
    return this.#compared;
  }

  get size(): number {
    return this.#items.length;
  }

  add(hash: string, item: T): void {
    const pair = words(hash);
    const at = this.#items.push(item) - 1;
    if (at >= this.#seen.length) this.#grow();
    this.#words.set(pair, at * 2);
    for (const [band, key] of keysOf(pair).entries()) {
      const heads = this.#heads[band];
      if (!heads) continue;
      this.#before[at * BANDS + band] = heads[key] ?? 0;
      heads[key] = at + 1;
    }
  }

  /** Nearest first. */
  near(hash: string): { item: T; distance: number }[] {
    const pair = words(hash);
    const found: { item: T; distance: number }[] = [];
    this.#query++;
    for (const [band, key] of keysOf(pair).entries()) {
      const heads = this.#heads[band];
      for (const flip of FLIPS) {
        for (let at = heads?.[key ^ flip] ?? 0; at > 0; at = this.#before[(at - 1) * BANDS + band] ?? 0) this.#judge(at - 1, pair, found);
      }
    }
    return found.sort((a, b) => a.distance - b.distance);
  }

  #judge(at: number, [high, low]: readonly [number, number], found: { item: T; distance: number }[]): void {
    if (this.#seen[at] === this.#query) return;
    this.#seen[at] = this.#query;
    this.#compared++;
    const distance = bits((this.#words[at * 2] ?? 0) ^ high) + bits((this.#words[at * 2 + 1] ?? 0) ^ low);
    const item = this.#items[at];
    if (distance <= MAX_DISTANCE && item !== undefined) found.push({ item, distance });
  }

  #grow(): void {
    const larger = (array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
      const copy = new Int32Array(array.length * 2);
      copy.set(array);
      return copy;
    };
    this.#words = larger(this.#words);
    this.#before = larger(this.#before);
    this.#seen = larger(this.#seen);
  }
}

function keysOf([high, low]: readonly [number, number]): number[] {
  return [high >>> 16, high & 0xffff, low >>> 16, low & 0xffff];
}

/** All 16-bit numbers of at most `most` set bits (most ≤ 2): 137 for two. */
function flips(most: number): number[] {
  const single = Array.from({ length: 16 }, (_, i) => 1 << i);
  const pairs = single.flatMap((a, i) => single.slice(i + 1).map((b) => a | b));
  return [0, ...(most >= 1 ? single : []), ...(most >= 2 ? pairs : [])];
}
