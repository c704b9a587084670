import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Instance } from '#core/annotation/schema.ts';
import type { LivePerson, LiveTask } from '#core/api/team.ts';
import { markPair } from './pairMarks.ts';
import { IDLE_MS, inOrder, presenceOf } from './presence.ts';
import { agreementWords, overlapWords, timeLeftWords } from './teamWords.ts';

const NOW = 1_000_000;
const person = (id: string, more: Partial<LivePerson> = {}): LivePerson => ({ id, name: id, readOnly: false, activeAt: NOW, drawing: null, ...more });
const task = (id: string, ...people: LivePerson[]): LiveTask => ({ task: id, image: `i${id}`, name: `${id}.png`, width: 10, height: 10, blind: false, people, overlay: [], changes: 0 });

describe('what a person does', () => {
  const doing = (p: LivePerson): string => presenceOf(p.id, [task('t', p)], new Set(), NOW).doing;
  it('is told from the last sign of life', () => {
    expect(doing(person('a', { drawing: [0, 0, 1, 1] }))).toBe('drawing');
    expect(doing(person('a'))).toBe('working');
    expect(doing(person('a', { readOnly: true }))).toBe('looking');
    expect(doing(person('a', { drawing: [0, 0, 1, 1], activeAt: NOW - IDLE_MS - 1 })), 'a hand that stopped in the middle of a box').toBe('idle');
    expect(presenceOf('a', [task('t', person('a', { activeAt: NOW - 185_000 }))], new Set(), NOW).words).toBe('idle for 3 min');
  });
  it('is online or offline without an open image', () => {
    expect(presenceOf('a', [], new Set(['a']), NOW).doing).toBe('online');
    expect(presenceOf('a', [], new Set(), NOW).doing).toBe('offline');
  });
  it('counts where they were last active', () => {
    const old = task('old', person('a', { activeAt: NOW - 10 * IDLE_MS }));
    expect(presenceOf('a', [old, task('new', person('a'))], new Set(), NOW)).toMatchObject({ doing: 'working', tasks: [{ task: 'new' }, { task: 'old' }] });
  });
  it('keeps the pictures where they are, whatever order the news come in', () => {
    const all = ['c', 'a', 'b', 'd'].map((id) => task(id, person(id)));
    fc.assert(fc.property(fc.shuffledSubarray(all, { minLength: 4 }), (some) => { expect(inOrder(some).map((t) => t.task)).toEqual(['a', 'b', 'c', 'd']); }));
  });
});

describe('words', () => {
  it('are honest where nothing is known', () => {
    expect(timeLeftWords({ open: 0, secondsLeft: null, lastHour: 0 })).toBe('nothing is left to do');
    expect(timeLeftWords({ open: 9, secondsLeft: null, lastHour: 0 })).toContain('nobody has submitted');
    expect(timeLeftWords({ open: 9, secondsLeft: null, lastHour: 3 })).toContain('too little');
    expect(timeLeftWords({ open: 9, secondsLeft: 7483, lastHour: 30 })).toBe('about 2 h 5 min left at this pace');
    expect(timeLeftWords({ open: 1, secondsLeft: 20, lastHour: 30 })).toBe('about 1 min left at this pace');
  });
  it('name agreement by bands, and say what is off', () => {
    const row = { images: 1, a: 1, b: 1, matched: 1, found: 0.9, iou: 1, classes: 1, kappa: 0.71 };
    expect(agreementWords(row)).toBe('κ 0.71: substantial');
    expect(agreementWords({ ...row, kappa: null })).toContain('90');
    expect(agreementWords({ ...row, found: null })).toBe('nothing to compare yet');
    expect(overlapWords({ overlap: { share: 0, images: 0, done: 0 } })).toBe('off');
    expect(overlapWords({ overlap: { share: 0.2, images: 30, done: 4 } })).toBe('4 of 30 images');
  });
});

it('marks what two people see alike, call differently, and see alone', () => {
  const at = (id: string, x: number, index: number): Instance => ({ id, source: 'annotation', class: index, box: [x, 0, 10, 10] });
  const [a, b] = markPair([at('1', 0, 0), at('2', 50, 0), at('3', 90, 1)], [at('4', 1, 0), at('5', 50, 1)]);
  expect(a.map((m) => [m.instance.id, m.mark])).toEqual([['2', 'class'], ['1', 'same'], ['3', 'only']]);
  expect(b.map((m) => m.mark)).toEqual(['class', 'same']);
});
