import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENOUGH, HOUR_MS, PAUSE_MS, throughput } from './throughput.ts';

const NOW = 1_800_000_000_000;
const minutesAgo = (...minutes: number[]): number[] => minutes.map((m) => NOW - m * 60_000);

describe('throughput', () => {
  it('is what was submitted since the work began, within the last hour', () => {
    expect(throughput(minutesAgo(30, 24, 18, 12, 6, 0), 120, NOW)).toEqual({ perHour: 12, secondsLeft: 36_000 });
  });
  it('takes the whole hour where people worked before it', () => {
    expect(throughput(minutesAgo(70, 50, 40, 30, 20, 10), 10, NOW)).toEqual({ perHour: 5, secondsLeft: 7200 });
  });
  it('says nothing of a few submits, a burst does not promise hundreds, and a pause is no pace', () => {
    expect(throughput(minutesAgo(3, 2, 1), 10, NOW)).toEqual({ perHour: null, secondsLeft: null });
    expect(throughput(minutesAgo(0.05, 0.04, 0.03, 0.02, 0.01), 10, NOW).perHour).toBe(60);
    expect(throughput(minutesAgo(50, 45, 40, 35, 30, 25), 10, NOW).perHour).toBeNull();
    expect(throughput([], 0, NOW)).toEqual({ perHour: null, secondsLeft: 0 });
  });
  it('is positive or unknown, and more left never takes less time', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 3 * HOUR_MS }), { maxLength: 50 }), fc.nat({ max: 500 }), fc.nat({ max: 500 }), (ages, few, more) => {
      const times = ages.map((age) => NOW - age);
      const [a, b] = [throughput(times, few, NOW), throughput(times, few + more, NOW)];
      expect(a.perHour).toBe(b.perHour);
      if (a.perHour === null) {
        expect(a.secondsLeft === null || few === 0).toBe(true);
        return;
      }
      expect(a.perHour).toBeGreaterThan(0);
      expect(times.filter((t) => t > NOW - HOUR_MS).length).toBeGreaterThanOrEqual(ENOUGH);
      expect(Math.min(...ages)).toBeLessThanOrEqual(PAUSE_MS);
      expect(b.secondsLeft ?? 0).toBeGreaterThanOrEqual(a.secondsLeft ?? 0);
    }));
  });
});
