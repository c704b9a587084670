import { describe as suite, expect, it } from 'vitest';
import type { Shape } from '../../editor/shapes.ts';
import { ActiveTime } from './activeTime.ts';
import { closedWords, describe, since, type Surroundings } from './describe.ts';
import { wholeCards } from './usePlaces.ts';

const ghost: Shape = { id: 'p', source: 'prediction', state: 'ghost', class: 1, box: [0, 0, 5, 5], score: 0.41, unsure: false, duplicates: [] };
const classes = [{ index: 1, name: 'Void', color: '#ffffff', key: null, retired: false, mergedInto: null }];
const around: Surroundings = {
  derived: { shapes: [], listed: [], byId: new Map([['p', ghost]]), counts: { kept: 0, fixed: 0, unsure: 0 } },
  classes, maskWork: new Map(), model: 'yolo11n', segmenting: true, nameOf: (id) => (id === 'ada' ? 'you' : 'Ben'), now: 10_000,
};
const drawn: Shape = { id: 'a', source: 'annotation', state: 'person', class: 1, box: [0, 0, 5, 5], unsure: false, duplicates: [], kind: 'drawn', by: 'ada', at: 7000, of: ['p'] };

suite('the selected panel', () => {
  it('says whose it is, what it replaces and where its mask is from', () => {
    const rle = { size: [1, 1] as [number, number], counts: '01' };
    expect(describe({ ...drawn, mask: rle, maskModel: 'Spark', maskScore: 0.94 }, around)).toEqual(['Void, drawn by you, 3 s ago', 'replaces a prediction (Void .41)', 'mask: Spark, .94']);
    expect(describe(drawn, { ...around, maskWork: new Map([['a', 'working']]) })).toContain('mask is being made…');
    expect(describe(drawn, { ...around, segmenting: false })).toEqual(['Void, drawn by you, 3 s ago', 'replaces a prediction (Void .41)']);
  });

  it('says what became of a prediction', () => {
    expect(describe({ ...ghost, state: 'rejected', by: 'ben' }, around)).toEqual(['Void, found by yolo11n, .41', 'rejected by Ben, now']);
    expect(describe({ ...ghost, state: 'kept', unsure: true }, around)[1]).toBe('unsure: look twice');
  });

  it('counts the boxes of one prediction', () => {
    const last = (duplicates: string[]): string | undefined => describe({ ...drawn, duplicates }, around).at(-1);
    expect([last(['b']), last(['b', 'c'])]).toEqual(['Another box replaces the same prediction. Keep one of them.', '2 other boxes replace the same prediction. Keep one of them.']);
  });

  it('says of a submitted image nothing that cannot be done here', () => {
    expect(closedWords({ code: 'conflict', message: 'Open it again ("Back")' })).not.toContain('Back');
    expect(closedWords({ code: 'gone', message: 'It is gone.' })).toBe('It is gone.');
  });

  it('counts time in words', () => {
    expect([0, 3000, 90_000, 7_300_000].map((ms) => since(0, ms))).toEqual(['now', '3 s ago', '1 min ago', '2 h ago']);
  });
});

suite('active time', () => {
  it('does not count a pause beyond a minute', () => {
    const time = new ActiveTime(0);
    time.beat(5000);
    time.beat(1_000_000);
    expect(time.total(1_002_000)).toBe(5000 + 60_000 + 2000);
  });
});

suite('the strip', () => {
  it('shows whole cards only', () => {
    expect([wholeCards(200, 96, 7), wholeCards(199, 96, 7), wholeCards(198, 96, 7), wholeCards(40, 96, 7)]).toEqual([2, 2, 1, 1]);
  });
});
