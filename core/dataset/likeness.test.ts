import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Grouping, type Member } from './grouping.ts';
import { HashIndex } from './hashIndex.ts';
import { alike, correlation, distance, hashOf, MAX_DISTANCE, SIDE } from './likeness.ts';

const hash = fc.tuple(fc.nat(0xffff), fc.nat(0xffff), fc.nat(0xffff), fc.nat(0xffff)).map((parts) => parts.map((p) => p.toString(16).padStart(4, '0')).join(''));
const thumb = fc.uint8Array({ minLength: SIDE * SIDE, maxLength: SIDE * SIDE });

/** Turns the given bits of a hash. */
function turned(text: string, bits: readonly number[]): string {
  let value = BigInt(`0x${text}`);
  for (const bit of new Set(bits)) value ^= 1n << BigInt(bit);
  return value.toString(16).padStart(16, '0');
}

describe('the hash of a picture', () => {
  it('does not depend on brightness and contrast, and hardly on noise', () => {
    const shape = (x: number, y: number): number => 90 + 60 * Math.sin(x / 5) * Math.cos(y / 7) + (Math.hypot(x - 12, y - 20) < 6 ? 40 : 0);
    const of = (change: (value: number) => number): Uint8Array => Uint8Array.from({ length: SIDE * SIDE }, (_, i) => change(shape(i % SIDE, Math.floor(i / SIDE))));
    const plain = of((v) => v);
    for (const other of [of((v) => v * 0.6 + 30), of((v) => v + 20), of((v) => v + (Math.round(v * 7919) % 5) - 2)]) {
      expect(distance(hashOf(plain), hashOf(other))).toBeLessThanOrEqual(4);
      expect(alike({ hash: hashOf(plain), thumb: plain }, { hash: hashOf(other), thumb: other })).toBe(true);
    }
    const another = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => shape(SIDE - (i % SIDE), (i * 3) % SIDE));
    expect(alike({ hash: hashOf(plain), thumb: plain }, { hash: hashOf(another), thumb: another })).toBe(false);
  });

  it('has 16 hex digits for any picture; the correlation stays in −1..1 and is 1 with itself', () => {
    fc.assert(fc.property(thumb, thumb, (a, b) => {
      expect(hashOf(a)).toMatch(/^[0-7][0-9a-f]{15}$/);
      expect(Math.abs(correlation(a, b))).toBeLessThanOrEqual(1 + 1e-9);
      expect([0, 1]).toContain(Math.round(correlation(a, a) * 1e6) / 1e6);
    }), { numRuns: 30 });
  });
});

describe('the index of hashes', () => {
  it('finds exactly what comparing with all finds', () => {
    const near = fc.tuple(hash, fc.array(fc.tuple(fc.nat(20), fc.array(fc.nat(63), { maxLength: 14 })), { maxLength: 30 }), fc.array(hash, { maxLength: 30 }));
    fc.assert(fc.property(near, ([query, close, far]) => {
      const all = [...close.map(([, bits]) => turned(query, bits)), ...far];
      const index = new HashIndex<number>();
      for (const [i, h] of all.entries()) index.add(h, i);
      const expected = all.flatMap((h, i) => (distance(h, query) <= MAX_DISTANCE ? [i] : []));
      expect(index.near(query).map(({ item }) => item).sort((a, b) => a - b)).toEqual(expected);
    }));
  });

  it('looks at few of a hundred thousand hashes', () => {
    const hashes = fc.sample(fc.noBias(hash), { numRuns: 100_000, seed: 14 });
    const index = new HashIndex<number>();
    for (const [i, h] of hashes.entries()) index.add(h, i);
    const before = index.compared;
    for (let at = 0; at < hashes.length; at += 333) {
      const near = index.near(turned(hashes[at] ?? '', [1, 17, 33, 49, 2, 18, 34, 50, 3, 19]));
      expect(near.map(({ item }) => item)).toContain(at);
    }
    // Of 4 bands × 137 keys, each holds 100 000 / 65 536 hashes on the average: about 840 of 100 000.
    expect((index.compared - before) / Math.ceil(hashes.length / 333)).toBeLessThan(hashes.length / 50);
  }, 60_000);
});

describe('groups', () => {
  const members = fc.array(fc.record({ id: fc.uuid(), hash: fc.option(hash), family: fc.option(fc.constantFrom('a', 'b', 'c')), thumb: fc.constantFrom(0, 1, 2) }), { maxLength: 25 });
  const pictures = [0, 1, 2].map((n) => Uint8Array.from({ length: SIDE * SIDE }, (_, i) => (Math.imul(i + 1, 2654435761 + n * 97) >>> 9) & 0xff));

  it('are the same whatever is known already, and join families and near-duplicates', async () => {
    await fc.assert(fc.asyncProperty(members, fc.nat(), async (all, cut) => {
      const thumbOf = new Map(all.map((m) => [m.id, pictures[m.thumb] ?? new Uint8Array()]));
      const fetch = (ids: string[]) => Promise.resolve(new Map(ids.flatMap((id) => { const t = thumbOf.get(id); return t ? [[id, t] as const] : []; })));
      const build = async (list: readonly Member[], known: readonly Member[]): Promise<Grouping> => {
        const grouping = new Grouping();
        grouping.known(known);
        for (const member of list) await grouping.add(member, thumbOf.get(member.id) ?? null, fetch);
        return grouping;
      };
      const fresh = all.map((m): Member => ({ id: m.id, hash: m.hash, family: m.family, group: null }));
      const whole = await build(fresh, []);
      for (const a of all) {
        for (const b of all) {
          const same = (a.family !== null && a.family === b.family) || (a.hash !== null && b.hash !== null && distance(a.hash, b.hash) <= MAX_DISTANCE && a.thumb === b.thumb);
          if (same) expect(whole.root(a.id)).toBe(whole.root(b.id));
        }
      }
      const at = all.length === 0 ? 0 : cut % all.length;
      const first = await build(fresh.slice(0, at), []);
      const second = await build(fresh.slice(at), fresh.slice(0, at).map((m) => ({ ...m, group: first.root(m.id) })));
      for (const m of all) expect(second.root(m.id)).toBe(whole.root(m.id));
    }), { numRuns: 60 });
  });
});
