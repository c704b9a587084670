import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProjectSettings } from '#core/api/project.ts';
import { decodeBrief, encodeBrief } from './brief.ts';
import { difficulties, type ClassRecord } from './difficulty.ts';
import { disagreement } from './disagreement.ts';
import { decodeVector, encodeVector, LOOK, Projection, standardise } from './look.ts';
import type { Found, Queue, Vectors, Waiting } from './queue.ts';
import { BY_CHANCE } from './reason.ts';
import { spread } from './spread.ts';
import { CHANCE_EVERY, STRATEGIES } from './strategies.ts';
import { uncertainty } from './uncertainty.ts';

const CLASSES = 3;
const ORDERS: ProjectSettings['order'][] = ['uncertain', 'disagreement', 'random', 'sequential'];
const at = (...scores: number[]): Found => ({ classes: scores.map(() => 0), scores, boxes: scores.map((_, i) => [i * 10, 0, 8, 8]) });
const plain = { threshold: 0.25, weights: [1, 1, 1] };
const none: Vectors = { width: 0, values: new Float32Array() };

const found = fc.array(fc.record({ index: fc.integer({ min: 0, max: CLASSES }), score: fc.double({ min: 0, max: 1, noNaN: true }), x: fc.integer({ min: 0, max: 40 }) }), { maxLength: 12 })
  .map((all): Found => ({ classes: all.map((a) => a.index), scores: all.map((a) => a.score), boxes: all.map((a) => [a.x, 0, 10, 10]) }));
const waiting: fc.Arbitrary<Waiting> = fc.record({ chance: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), found: fc.option(found), former: fc.option(found) });
const row = fc.array(fc.oneof(fc.constant(0), fc.double({ min: -5, max: 5, noNaN: true })), { minLength: 4, maxLength: 4 });
const vectors = (rows: readonly number[][]): Vectors => ({ width: 4, values: Float32Array.from(rows.flat()) });
/** Any queue, with some looks unknown, with and without labelled images, with retired classes. */
const queue: fc.Arbitrary<Queue> = fc.tuple(fc.array(fc.tuple(waiting, row), { maxLength: 60 }), fc.array(row, { maxLength: 15 }), fc.boolean(), fc.subarray([0, 1, 2]))
  .map(([images, labelled, seen, retired]) => {
    const looks = seen ? vectors(images.map(([, look]) => look)) : none;
    const rest = seen ? vectors(labelled) : none;
    if (seen) standardise(looks, rest);
    return { threshold: 0.25, attention: 0.5, names: ['Chip', 'Void', 'Wire'], weights: [0.3, 0.9, 0.5].map((w, i) => (retired.includes(i) ? 0 : w)), images: images.map(([one]) => one), looks, labelled: rest };
  });

describe.each(ORDERS)('the order "%s"', (order) => {
  it('holds every image once, the same for the same queue, each with a reason', () => {
    fc.assert(fc.property(queue, (q) => {
      const ranked = STRATEGIES[order](q);
      expect(ranked.map((r) => r.image).toSorted((a, b) => a - b)).toEqual([...q.images.keys()]);
      expect(ranked.every((r) => r.reason.length > 0 && r.reason.length <= 120)).toBe(true);
      expect(STRATEGIES[order](q)).toEqual(ranked);
    }), { numRuns: 60 });
  });
});

describe.each(['uncertain', 'disagreement'] as const)('the order "%s"', (order) => {
  it('gives every fifth place to chance: the least chance that is left', () => {
    fc.assert(fc.property(queue, (q) => {
      const ranked = STRATEGIES[order](q);
      for (let place = CHANCE_EVERY; place <= ranked.length; place += CHANCE_EVERY) {
        const [chosen, ...after] = ranked.slice(place - 1).map((r) => q.images[r.image]?.chance ?? 0);
        expect(ranked[place - 1]?.reason).toBe(BY_CHANCE);
        expect(after.every((other) => other >= (chosen ?? 0))).toBe(true);
      }
      expect(ranked.filter((r) => r.reason === BY_CHANCE)).toHaveLength(Math.floor(ranked.length / CHANCE_EVERY));
    }), { numRuns: 60 });
  });

  it('a retired class weighs nothing and is not named', () => {
    fc.assert(fc.property(queue, (q) => {
      const retired = { ...q, weights: [q.weights[0] ?? 0, 0, q.weights[2] ?? 0] };
      const without = (f: Found | null): Found | null => {
        if (f === null) return null;
        const keep = [...f.classes.keys()].filter((i) => f.classes[i] !== 1);
        return { classes: keep.map((i) => f.classes[i] ?? 0), scores: keep.map((i) => f.scores[i] ?? 0), boxes: keep.map((i) => f.boxes[i] ?? [0, 0, 0, 0]) };
      };
      const gone = { ...retired, images: q.images.map((one) => ({ ...one, found: without(one.found), former: without(one.former) })) };
      expect(STRATEGIES[order](retired)).toEqual(STRATEGIES[order](gone));
      expect(STRATEGIES[order](retired).some((r) => r.reason.includes('Void'))).toBe(false);
    }), { numRuns: 60 });
  });
});

describe('the spread over unlike images', () => {
  it('never chooses the same look again while another is left', () => {
    const looks = fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 60 });
    fc.assert(fc.property(looks, fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 4 }), fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (kinds, done, scores) => {
      // Eight looks on a circle: all of unit length, all distinct.
      const rows = (of: readonly number[]): Vectors => ({ width: 2, values: Float32Array.from(of.flatMap((k) => [Math.cos(k), Math.sin(k)])) });
      const { order } = spread(Float64Array.from(kinds, () => Number(scores.next().value)), rows(kinds), rows(done));
      const fresh = new Set(kinds.filter((k) => !done.includes(k)));
      const first = order.slice(0, fresh.size).map((i) => kinds[i]);
      expect(new Set(first)).toEqual(fresh);
    }));
  });

  it('without looks it is the order of the scores', () => {
    fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (scores) => {
      expect(spread(Float64Array.from(scores), none, none).order).toEqual([...scores.keys()].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b));
    }));
  });

  it('goes on beyond what is chosen one by one', () => {
    const count = 20_000;
    const scores = Float64Array.from({ length: count }, (_, i) => (i % 97) / 97);
    const values = Float32Array.from({ length: count * 2 }, (_, i) => Math.sin(i * i));
    const { order } = spread(scores, { width: 2, values }, none);
    expect(new Set(order).size).toBe(count);
    expect(scores[order[0] ?? 0]).toBeGreaterThan(0.98);
  });
});

describe('what an image has to tell', () => {
  it('is 0…1, grows with no crowd, and is null where nothing was found', () => {
    fc.assert(fc.property(found, (f) => { const u = uncertainty(f, plain); expect(u === null || (u >= 0 && u <= 1)).toBe(true); }));
    const crowd = uncertainty(at(...Array.from({ length: 100 }, () => 0.9)), plain) ?? 0;
    expect(uncertainty(at(0.5, 0.4), plain)).toBeGreaterThan(crowd);
    expect(uncertainty(at(...Array.from({ length: 100 }, () => 0.5)), plain)).toBe(uncertainty(at(0.5, 0.5, 0.5), plain));
    expect(uncertainty(at(), plain)).toBeNull();
    expect(uncertainty(at(0.01), plain)).toBeNull();
  });

  it('weighs hard classes more; two unsure classes more than one', () => {
    const hard: Found = { classes: [1], scores: [0.5], boxes: [] };
    const weights = [0.2, 0.9, 0.2];
    expect(uncertainty(hard, { threshold: 0.25, weights })).toBeGreaterThan(uncertainty(at(0.5), { threshold: 0.25, weights }) ?? 1);
    expect(uncertainty({ classes: [0, 1], scores: [0.5, 0.5], boxes: [] }, plain)).toBeGreaterThan(uncertainty(at(0.5), plain) ?? 1);
  });

  it('names the unsure objects, the hardest class first', () => {
    const q: Queue = {
      threshold: 0.25, attention: 0.5, names: ['Chip', 'Void', 'Wire'], weights: [0.3, 0.9, 0], looks: none, labelled: none,
      images: [{ classes: [0, 1, 1, 2], scores: [0.3, 0.4, 0.45, 0.3] }, { classes: [0], scores: [0.2] }, { classes: [0], scores: [0.9] }, { classes: [], scores: [] }].map((f, i) => ({ chance: i / 10, former: null, found: { ...f, boxes: [] } })),
    };
    expect(STRATEGIES.uncertain(q).toSorted((a, b) => a.image - b.image).map((r) => r.reason)).toEqual(['2 unsure Void, 1 unsure Chip', '1 Chip nearly found', 'the model is sure', 'the model found nothing']);
  });

  it('says so where an image is unlike all that is labelled, and only there', () => {
    const around = (angle: number): number[] => [Math.cos(angle), Math.sin(angle), 0, 0];
    const labelled = vectors(Array.from({ length: 12 }, (_, i) => around(i / 20)));
    const q: Queue = { threshold: 0.25, attention: 0.5, names: ['Chip'], weights: [1], looks: vectors([around(0.3), around(3)]), labelled, images: [0, 1].map((i) => ({ chance: i / 10, found: at(0.4), former: null })) };
    expect(STRATEGIES.uncertain(q)).toEqual([{ image: 1, reason: '1 unsure Chip, unlike anything labelled' }, { image: 0, reason: '1 unsure Chip' }]);
  });
});

describe('disagreement', () => {
  it('is 0 for the same predictions, and below 1', () => {
    fc.assert(fc.property(found, found, (a, b) => {
      expect(disagreement(a, a, plain).share).toBe(0);
      expect(disagreement(a, b, plain).share).toBeLessThan(1);
      expect(disagreement(at(0.9), at(), plain).different).toEqual(new Map([[0, 1]]));
    }));
    const [few, many] = [disagreement(at(0.9), at(), plain), disagreement(at(0.9, 0.9, 0.9, 0.9), at(), plain)];
    expect(many.share).toBeGreaterThan(few.share);
  });
});

describe('difficulty', () => {
  const record = (over: Partial<ClassRecord>): ClassRecord => ({ retired: false, map50: null, measuredOn: 0, judged: 0, wrong: 0, ...over });
  it('follows the errors, little by little', () => {
    const [chip = 0, fresh = 0, hard = 0, retired] = difficulties([record({ map50: 0.99, measuredOn: 500 }), record({}), record({ map50: 0.3, measuredOn: 500 }), record({ retired: true, map50: 0 })]);
    expect(chip).toBeLessThan(fresh);
    expect(fresh).toBeLessThan(hard);
    expect(retired).toBe(0);
    const [rare = 0] = difficulties([record({ map50: 0, measuredOn: 1 }), record({ map50: 0.9, measuredOn: 500 })]);
    expect(rare).toBeLessThan(0.7);
    const [, corrected = 0] = difficulties([record({ judged: 200, wrong: 10 }), record({ judged: 200, wrong: 150 })]);
    expect(corrected).toBeGreaterThan(0.6);
    expect(difficulties([record({})])).toEqual([0.55]);
    expect(difficulties([])).toEqual([]);
  });
});

describe('briefs', () => {
  it('come back as they were written, scores to float32', () => {
    fc.assert(fc.property(fc.array(fc.record({ class: fc.integer({ min: 0, max: 9999 }), score: fc.double({ min: 0, max: 1, noNaN: true }) })), (all) => {
      expect(decodeBrief(encodeBrief(all))).toEqual({ classes: all.map((a) => a.class), scores: all.map((a) => Math.fround(a.score)), boxes: [] });
    }));
    expect(() => decodeBrief(new Uint8Array(7))).toThrow(RangeError);
  });
});

describe('looks', () => {
  it('vectors come back as they were written', () => {
    fc.assert(fc.property(fc.float32Array(), (values) => { expect(decodeVector(encodeVector(values))).toEqual(values); }));
    expect(() => decodeVector(new Uint8Array(3))).toThrow(RangeError);
  });

  it('short projections keep who is near to whom', () => {
    const length = 256;
    const base = (k: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(i * (k + 1)));
    const projection = new Projection(length);
    const out = new Float32Array(3 * LOOK);
    for (const [n, v] of [base(0), base(0).map((x, i) => x + 0.05 * Math.cos(i)), base(5)].entries()) projection.project(v, out, n * LOOK);
    const distance = (a: number, b: number): number => Math.hypot(...Array.from({ length: LOOK }, (_, i) => (out[a * LOOK + i] ?? 0) - (out[b * LOOK + i] ?? 0)));
    expect(distance(0, 1)).toBeLessThan(distance(0, 2) / 4);
  });

  it('rows of zeros, and what is no number, stay unknown; all others get unit length', () => {
    fc.assert(fc.property(fc.array(row, { minLength: 3 }), (rows) => {
      const all = vectors([...rows, [NaN, 1, 2, 3]]);
      standardise(all);
      for (let i = 0; i <= rows.length; i++) {
        const length = Math.hypot(...all.values.subarray(i * 4, i * 4 + 4));
        expect(length === 0 || Math.abs(length - 1) < 1e-4).toBe(true);
      }
      expect([...all.values.slice(-4)]).toEqual([0, 0, 0, 0]);
    }));
  });
});
