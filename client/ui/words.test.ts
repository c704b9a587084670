import { describe, expect, it } from 'vitest';
import { ago, baseName, bytes, count, counted, duration, percent, score, seconds, signed } from './words.ts';

describe('words', () => {
  it('groups thousands with a thin space and picks the plural', () => {
    expect(count(1204)).toBe('1\u202f204');
    expect(count(1234567)).toBe('1\u202f234\u202f567');
    expect(counted(1, 'image')).toBe('1 image');
    expect(counted(0, 'image')).toBe('0 images');
    expect(counted(2, 'class', 'classes')).toBe('2 classes');
  });

  it('writes scores and differences with real signs', () => {
    expect(score(0.709)).toBe('70.9');
    expect(score(null)).toBe('–');
    expect(signed(0.0731)).toBe('+7.3');
    expect(signed(-0.012)).toBe('−1.2');
    expect(signed(0.0001)).toBe('±0.0');
    expect(signed(undefined)).toBe('–');
    expect(percent(1, 0)).toBe('–');
    expect(percent(184, 312)).toBe('59\u202f%');
  });

  it('writes durations in the unit that matters', () => {
    expect(duration(8.4)).toBe('8 s');
    expect(duration(190)).toBe('3 min 10 s');
    expect(duration(180)).toBe('3 min');
    expect(duration(754)).toBe('12 min');
    expect(duration(3725)).toBe('1 h 2 min');
    expect(duration(7200)).toBe('2 h');
    expect(duration(3 * 86_400)).toBe('3 days');
    expect(seconds(6.42)).toBe('6.4 s');
    expect(seconds(null)).toBe('–');
  });

  it('writes sizes in decimal units', () => {
    expect(baseName('set/train/a.png')).toBe('a.png');
    expect(baseName('a.png')).toBe('a.png');
    expect(bytes(0)).toBe('0 B');
    expect(bytes(1200)).toBe('1 kB');
    expect(bytes(5_700_000_000)).toBe('5.7 GB');
  });

  it('says how long ago something was', () => {
    const now = new Date(2026, 10, 23, 12, 0, 0).getTime();
    const before = (minutes: number) => new Date(now - minutes * 60_000).toISOString();
    expect(ago(before(0), now)).toBe('now');
    expect(ago(before(8), now)).toBe('8 min');
    expect(ago(before(200), now)).toBe('3 h');
    expect(ago(before(3 * 24 * 60), now)).toBe('Fri');
    expect(ago(before(30 * 24 * 60), now)).toBe('24 Oct');
    expect(ago(before(400 * 24 * 60), now)).toBe('19 Oct 2025');
  });
});
