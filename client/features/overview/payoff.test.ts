import { describe, expect, it } from 'vitest';
import type { Loop } from '#core/api/project.ts';
import { errorShare, payoffWords } from './payoff.ts';

const loop: Loop = { iteration: 1, next: 'correct', model: null, images: 0, predicted: 0, unpredicted: 0, tasks: 0, submitted: 0, corrected: 0, skipped: 0, toReview: 0, unfrozen: 0, version: null, run: null, gain: null, predictJobId: null };
const row = (map: number | null) => ({ iteration: 0, model: 'm', map, map50: null, keptShare: null });

describe('does it pay off', () => {
  it('says what is missing before there is something to compare', () => {
    expect(payoffWords({ loop, history: [row(null)] }).before).toContain('Not measured yet');
    expect(payoffWords({ loop, history: [row(0.4)] }).before).toContain('starting point');
    expect(payoffWords({ loop: { ...loop, unfrozen: 12 }, history: [row(0.4)] }).before).toContain('12 corrected images');
  });

  it('names the gain of the last promoted model, also when it is a loss', () => {
    expect(payoffWords({ loop, history: [row(0.4), row(null), row(0.431)] })).toMatchObject({ figure: '+3.1 mAP50-95', tone: 'ok' });
    expect(payoffWords({ loop, history: [row(0.4), row(0.39)] })).toMatchObject({ figure: '−1.0 mAP50-95', tone: 'bad' });
  });

  it('gives no share where nothing was seen', () => {
    expect(errorShare({ classIndex: 0, missed: 0, false: 0, wrongClass: 0, badlyPlaced: 0, duplicate: 0, total: 0 }, 'missed')).toBe(0);
    expect(errorShare({ classIndex: 0, missed: 3, false: 0, wrongClass: 0, badlyPlaced: 0, duplicate: 0, total: 12 }, 'missed')).toBe(0.25);
  });
});
