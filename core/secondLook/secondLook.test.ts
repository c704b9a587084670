import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Box } from '#core/geometry/box.ts';
import { answerTo, isAnswered } from './answers.ts';
import { MODEL_KINDS, type Finding, type FoundPrediction, type Label, type Rules } from './finding.ts';
import { secondLook } from './look.ts';

const rules: Rules = { width: 640, height: 480, imgsz: 640, threshold: 0.25, sure: 0.5, trust: () => 1 };
const hash = (text: string): string => text;
const label = (id: string, box: Box, index = 0): Label => ({ id, class: index, box });
const seen = (box: Box, score: number, index = 0): FoundPrediction => ({ class: index, box, score });
const kinds = (findings: readonly Finding[]): string[] => findings.map((f) => f.kind);
const square: Box = [100, 100, 50, 50];

describe('the model against a label', () => {
  it('is silent where both say the same', () => {
    expect(secondLook([label('a', square)], [seen([102, 101, 50, 50], 0.9)], rules)).toEqual([]);
  });
  it('sees nothing: the surer, the less there is, and the better it knows the class', () => {
    const find = (predictions: FoundPrediction[], trust = 1): number | undefined => secondLook([label('a', square)], predictions, { ...rules, trust: () => trust }).find((f) => f.kind === 'nothingSeen')?.rank;
    expect(find([])).toBe(1);
    expect(find([], 0.4)).toBeCloseTo(0.4);
    expect(find([seen([120, 100, 50, 50], 0.1)])).toBeCloseTo(0.6);
    expect(find([seen(square, 0.1, 1)])).toBeCloseTo(0.6);
    // Enough to be shown to people: it does see something.
    expect(find([seen(square, 0.3)])).toBeUndefined();
  });
  it('sees another class, a worse place, or an object that nobody labelled', () => {
    const [other] = secondLook([label('a', square)], [seen([102, 100, 50, 50], 0.8, 1)], rules);
    expect(other).toMatchObject({ kind: 'otherClass', rank: 0.8, labels: [{ id: 'a', class: 0 }], seen: { class: 1 } });
    const [placed] = secondLook([label('a', square)], [seen([130, 100, 50, 50], 0.8)], rules);
    expect(placed).toMatchObject({ kind: 'badlyPlaced', labels: [{ id: 'a' }] });
    expect(placed?.iou).toBeCloseTo(0.25);
    expect(placed?.rank).toBeCloseTo(0.6);
    expect(secondLook([], [seen(square, 0.7)], rules)).toMatchObject([{ kind: 'noLabel', rank: 0.7, labels: [] }]);
  });
  it('counts only where it is sure', () => {
    expect(secondLook([], [seen(square, 0.49)], rules)).toEqual([]);
    expect(secondLook([label('a', square)], [seen(square, 0.49, 1)], rules)).toEqual([]);
  });
  it('a Void within a Chip is an object of its own', () => {
    const found = secondLook([label('chip', [0, 0, 200, 200])], [seen([0, 0, 200, 200], 0.9), seen([20, 20, 40, 40], 0.8, 1)], rules);
    expect(found).toMatchObject([{ kind: 'noLabel', seen: { class: 1 } }]);
  });
  it('a second box on something labelled is the model\'s mistake', () => {
    expect(secondLook([label('a', square)], [seen(square, 0.9), seen([103, 100, 50, 50], 0.8), seen([101, 100, 50, 50], 0.7, 1)], rules)).toEqual([]);
    expect(secondLook([], [seen(square, 0.9), seen([103, 100, 50, 50], 0.8, 1)], rules)).toHaveLength(1);
  });
});

describe('labels that cannot be learned from', () => {
  it('a few pixels at the training size, not in the picture itself', () => {
    const small = label('a', [10, 10, 6, 60]);
    expect(secondLook([small], null, rules)).toEqual([]);
    expect(secondLook([small], null, { ...rules, imgsz: 320 })).toMatchObject([{ kind: 'fewPixels', side: 3, rank: -0.75 }]);
    // The model does not see it either, which is the same news.
    expect(kinds(secondLook([small], [], { ...rules, imgsz: 320 }))).toEqual(['fewPixels']);
  });
  it('the whole picture', () => {
    expect(kinds(secondLook([label('a', [-5, 0, 650, 479])], null, rules))).toEqual(['wholeImage']);
    expect(secondLook([label('a', [0, 0, 600, 480])], null, rules)).toEqual([]);
  });
  it('doubles of one class: of n in one place n − 1 pairs', () => {
    const three = [label('a', square), label('b', [101, 100, 50, 50]), label('c', [100, 101, 50, 50])];
    expect(kinds(secondLook(three, null, rules))).toEqual(['double', 'double']);
    expect(secondLook([label('a', square), label('b', square, 1)], null, rules)).toEqual([]);
  });
  it('doubles are told by their boxes where an outline is damaged', () => {
    const damaged = (id: string): Label => ({ ...label(id, square), mask: { size: [480, 640], counts: 'o0' } });
    expect(kinds(secondLook([damaged('a'), damaged('b')], null, rules))).toEqual(['double']);
  });
  it('come after everything that the model says', () => {
    const found = secondLook([label('a', [0, 0, 640, 480]), label('b', [10, 10, 3, 3])], [seen([300, 300, 60, 60], 0.5)], { ...rules, trust: () => 0.01 });
    expect(kinds(found)).toEqual(['noLabel', 'nothingSeen', 'wholeImage', 'fewPixels']);
  });
});

// Few places, so that things overlap.
const box = fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 12 }), fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 8 })).map(([x, y, w, h]): Box => [x * 20, y * 20, w * 20, h * 20]);
const labels = fc.array(fc.tuple(box, fc.nat(2)), { maxLength: 8 }).map((all) => all.map(([at, index], i) => label(`l${i}`, at, index)));
const predictions = fc.array(fc.tuple(box, fc.nat(2), fc.double({ min: 0.05, max: 1, noNaN: true })), { maxLength: 8 }).map((all) => all.map(([at, index, score]) => seen(at, score, index)));
const lists = fc.tuple(labels, predictions);
const opinions = (found: readonly Finding[]): Finding[] => found.filter((f) => MODEL_KINDS.some((k) => k === f.kind));

describe('laws', () => {
  it('the order of labels and predictions does not matter', () => {
    fc.assert(fc.property(lists, ([a, p]) => { expect(secondLook(a.toReversed(), p.toReversed(), rules)).toEqual(secondLook(a, p, rules)); }));
  });
  it('each label and each prediction is in at most one opinion, ranked above 0 and in order', () => {
    fc.assert(fc.property(lists, ([a, p]) => {
      const found = secondLook(a, p, rules);
      const said = opinions(found);
      const ids = said.flatMap((f) => f.labels.map((l) => l.id));
      expect(new Set(ids).size).toBe(ids.length);
      expect(said.filter((f) => f.seen).length).toBeLessThanOrEqual(p.filter((one) => one.score >= rules.sure).length);
      expect(found.map((f) => f.rank)).toEqual(found.map((f) => f.rank).toSorted((x, y) => y - x));
      expect(said.every((f) => f.rank >= 0)).toBe(true);
      expect(found.filter((f) => !said.includes(f)).every((f) => f.rank <= 0)).toBe(true);
    }));
  });
  it('a model that sees just the labels has nothing to say', () => {
    fc.assert(fc.property(labels, (a) => { expect(opinions(secondLook(a, a.map((l) => seen(l.box, 1, l.class)), rules))).toEqual([]); }));
  });
  it('doing what a finding says removes it', () => {
    fc.assert(fc.property(lists, ([a, p]) => {
      for (const finding of secondLook(a, p, rules)) {
        const after = secondLook(corrected(a, finding), p, rules);
        expect(after.some((f) => f.kind === finding.kind && same(f, finding))).toBe(false);
      }
    }));
  });
  it('what was answered stays answered with any other opinion of the model, until the label is changed', () => {
    fc.assert(fc.property(lists, predictions, ([a, p], next) => {
      for (const finding of opinions(secondLook(a, p, rules)).filter((f) => f.labels.length === 1)) {
        const answer = answerTo(finding, a, hash);
        const id = finding.labels[0]?.id;
        for (const later of opinions(secondLook(a, next, rules)).filter((f) => f.labels[0]?.id === id)) expect(isAnswered(later, a, answer, hash)).toBe(true);
        const moved = a.map((l) => (l.id === id ? { ...l, box: [l.box[0] + 1000, l.box[1], l.box[2], l.box[3]] as Box } : l));
        for (const later of secondLook(moved, p, rules).filter((f) => f.labels[0]?.id === id)) expect(isAnswered(later, moved, answer, hash)).toBe(false);
      }
    }));
  });
});

describe('"right" about a place without a label', () => {
  const finding = secondLook([label('far', [400, 400, 20, 20])], [seen(square, 0.9)], rules).find((f) => f.kind === 'noLabel');
  if (!finding) throw new Error('nothing was found');
  const labelled = [label('far', [400, 400, 20, 20])];
  const answer = answerTo(finding, labelled, hash);
  const later = (at: Box, index = 0): Finding => ({ ...finding, seen: { class: index, box: at, score: 0.6 } });
  it('holds for the next model\'s box there, of any class, and not beside it', () => {
    expect(isAnswered(later([104, 100, 50, 50], 2), labelled, answer, hash)).toBe(true);
    expect(isAnswered(later([160, 100, 50, 50]), labelled, answer, hash)).toBe(false);
  });
  it('ends when a label reaches into it; labels elsewhere do not matter', () => {
    expect(isAnswered(later(square), [...labelled, label('near', [140, 140, 60, 60])], answer, hash)).toBe(false);
    expect(isAnswered(later(square), [], answer, hash)).toBe(true);
  });
  it('is no answer about a label', () => {
    expect(isAnswered({ ...finding, kind: 'nothingSeen', seen: null, labels: [{ id: 'far', class: 0, box: [400, 400, 20, 20] }] }, labelled, answer, hash)).toBe(false);
  });
});

function corrected(a: readonly Label[], { kind, labels: [first], seen: there }: Finding): Label[] {
  const others = a.filter((l) => l.id !== first?.id);
  if (kind === 'noLabel' && there) return [...a, label('new', there.box, there.class)];
  const old = a.find((l) => l.id === first?.id);
  if (kind === 'otherClass' && there && old) return [...others, { ...old, class: there.class }];
  if (kind === 'badlyPlaced' && there && old) return [...others, { ...old, box: there.box }];
  return others;
}

function same(a: Finding, b: Finding): boolean {
  return JSON.stringify([a.labels.map((l) => l.id), a.seen]) === JSON.stringify([b.labels.map((l) => l.id), b.seen]);
}
