import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Box } from '#core/geometry/box.ts';
import { FINDING_KINDS } from '#core/secondLook/finding.ts';
import { cropOf, explain, headline, placeOf } from './findingWords.ts';

const classes = [{ index: 0, name: 'Chip' }, { index: 1, name: 'Void' }];
const label = { id: 'a', class: 0, box: [10, 10, 20, 20] as Box };
const seen = { class: 1, box: [20, 15, 30, 30] as Box, score: 0.92 };
const base = { labels: [label], seen: null, iou: null, side: null, model: { id: 'm', name: 'model 2' } };

describe('a finding in words', () => {
  it('names the classes, the model and its numbers', () => {
    expect(headline({ ...base, kind: 'otherClass', seen, iou: 0.86 }, classes)).toBe('Chip, seen as Void');
    expect(explain({ ...base, kind: 'otherClass', seen, iou: 0.86 }, classes, 640)).toEqual(['model 2 sees Void with a score of 92, in the same place (IoU 0.86), and no Chip.']);
    expect(headline({ ...base, kind: 'noLabel', labels: [], seen }, classes)).toBe('Void without a label');
    expect(explain({ ...base, kind: 'fewPixels', side: 2.13, model: null }, classes, 640)[0]).toContain('2.1 pixels');
  });
  it('has words for every kind, also of a class that is gone', () => {
    for (const kind of FINDING_KINDS) {
      expect(headline({ ...base, kind, seen }, [])).toContain('unknown');
      expect(explain({ ...base, kind, seen }, [], null)[0]?.length).toBeGreaterThan(20);
    }
  });
});

describe('the part of the picture that is shown', () => {
  it('is around both boxes', () => {
    expect(placeOf({ labels: [label], seen })).toEqual([10, 10, 40, 35]);
  });
  it('holds the place, in the wanted form, and lies within the picture or around it', () => {
    const size = fc.record({ width: fc.integer({ min: 64, max: 4000 }), height: fc.integer({ min: 64, max: 4000 }) });
    fc.assert(fc.property(size, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }), fc.constantFrom(1, 1.5, 0.75), (s, [a = 0, b = 0, c = 0, d = 0], aspect) => {
      const [w, h] = [1 + c * (s.width / 3), 1 + d * (s.height / 3)];
      const place: Box = [a * (s.width - w), b * (s.height - h), w, h];
      const [x, y, cw, ch] = cropOf(place, s, aspect);
      expect(cw / ch).toBeCloseTo(aspect);
      for (const [from, length, whole] of [[x, cw, s.width], [y, ch, s.height]] as const) expect(length >= whole ? from <= 1e-6 : from >= -1e-6 && from + length <= whole + 1e-6).toBe(true);
      if (cw < s.width && w * 2 <= cw) expect(x <= place[0] + 1e-6 && x + cw >= place[0] + w - 1e-6).toBe(true);
    }));
  });
});
