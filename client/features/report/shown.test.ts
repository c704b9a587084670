import { describe, expect, it } from 'vitest';
import type { Report, ReportRow } from '#core/api/report.ts';
import { classRows, kindRows, shownIteration } from './shown.ts';

const row = (iteration: number, images: number, newModel: number | null = null): ReportRow => ({
  iteration, startedAt: '', endedAt: null, oldModel: null, newModel: newModel === null ? null : { number: newModel, name: 'm' }, mapBefore: null, mapAfter: null, map50After: null, labelled: null, images, corrections: 0, keptShare: null, secondsPerImage: null, secondsPerCorrection: null, agreement: null,
});

describe('which iteration is shown', () => {
  it('is that of the address, also before the list has come', () => {
    expect(shownIteration('3', null)).toBe(3);
    for (const wrong of ['0', '-1', '1e3', 'x', '', undefined, ['1']]) expect(shownIteration(wrong, null)).toBeNull();
  });
  it('is else the newest with something to tell: a fresh one does not hide the last result', () => {
    expect(shownIteration(undefined, [row(1, 20), row(2, 12), row(3, 0)])).toBe(2);
    expect(shownIteration(undefined, [row(1, 20), row(2, 0, 4)])).toBe(2);
    expect(shownIteration(undefined, [row(1, 0)])).toBe(1);
    expect(shownIteration(undefined, [])).toBeNull();
  });
});

const kinds = (classIndex: number, missed: number) => ({ classIndex, missed, false: 1, wrongClass: 0, badlyPlaced: 0, duplicate: 0, total: 9 });
const half = (missed: number) => ({ map: null, map50: null, perClass: [], curves: [], confusion: [], kinds: [kinds(0, missed), kinds(1, 1)] });

it('errors are added up over classes, or of one; what was not measured is not 0', () => {
  const quality: Report['quality'] = { images: 1, version: 1, old: half(4), new: null, pictures: { worst: [], improved: [], fallen: [] } };
  expect(kindRows(quality, null).find((r) => r.kind === 'missed')).toEqual({ kind: 'missed', before: 5, after: null });
  expect(kindRows(quality, 0).find((r) => r.kind === 'missed')?.before).toBe(4);
});

it('classes without labels on the split are left out', () => {
  const metrics = { map: 0.4, map50: 0.5, boxMap: null, boxMap50: null, precision: null, recall: null, images: 3, perClass: [{ classIndex: 0, name: 'a', map: 0.4, map50: 0.5, instances: 3 }, { classIndex: 1, name: 'b', map: null, map50: null, instances: 0 }] };
  const classes = [{ index: 0, name: 'a', color: '#000000' }, { index: 1, name: 'b', color: '#000000' }];
  expect(classRows({ classes, models: { old: null, new: { number: 1, name: 'm', metrics } } })).toEqual([{ index: 0, name: 'a', color: '#000000', instances: 3, before: null, after: 0.4 }]);
});
