/** A seeded stream of numbers (sfc32 by Chris Doty-Humphrey): the demo must be the same on every machine, which Math.random is not. */
export interface Random {
  /** Uniform in 0 ≤ x < 1. */
  next(): number;
  between(low: number, high: number): number;
  /** A whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number;
  chance(probability: number): boolean;
}

export function seeded(seed: number, stream: number): Random {
  let [a, b, c, count] = [seed | 0, stream | 0, 0x9e3779b9 | 0, 1];
  const next = (): number => {
    const t = (((a + b) | 0) + count) | 0;
    count = (count + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 16; i++) next(); // neighbouring seeds differ only after the state is mixed
  const between = (low: number, high: number): number => low + next() * (high - low);
  return { next, between, integer: (low, high) => Math.floor(between(low, high + 1)), chance: (p) => next() < p };
}
