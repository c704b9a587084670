import { describe, expect, it } from 'vitest';
import type { ImportPlan } from '#core/api/import.ts';
import { answerOf, hindrance, withAnswer, withTarget } from './questions.ts';

const plan: ImportPlan = {
  kind: 'yolo', images: { found: 3, new: 3, duplicates: 0, broken: 0, rotated: 0 }, splits: { train: 3 },
  labels: { files: 3, instances: 9, rowsLeftOut: 0, withoutImage: 0, imagesWithoutLabels: 0 }, format: null,
  classes: [{ id: 0, name: 'RBC', instances: 6, target: 'new' }, { id: 1, name: 'WBC', instances: 3, target: 1 }],
  questions: [{ id: 'rows', text: 'How are the rows to be read?', choices: [{ value: 'detect', label: 'Boxes' }, { value: 'segment', label: 'Polygons' }] }],
  problems: [], problemCounts: {}, bytes: 10, leaks: { groups: 0, images: 0, joined: 0 }, draw: null, deep: null,
};

describe('the questions of an import', () => {
  it('must be answered before it can be applied', () => {
    expect(hindrance({ state: 'planned', plan, options: {} })).toContain('One question');
    const options = withAnswer('rows', 'segment', {}, plan);
    expect(options).toEqual({ rows: 'segment' });
    expect(hindrance({ state: 'planned', plan, options })).toBeNull();
    expect(hindrance({ state: 'planning', plan, options })).toContain('not ready');
    expect(hindrance({ state: 'planned', plan: { ...plan, images: { ...plan.images, new: 0 }, labels: { ...plan.labels, instances: 0 } }, options })).toContain('nothing new');
  });

  it('send the whole mapping when one class is changed', () => {
    expect(withTarget('RBC', 'skip', { rows: 'segment' }, plan)).toEqual({ rows: 'segment', classes: { RBC: 'skip', WBC: 1 } });
    expect(withAnswer('rows', 'nonsense', {}, plan)).toEqual({});
    expect(withAnswer('split', 'draw', {}, plan)).toEqual({ split: 'train', draw: 0.2 });
    expect(answerOf('split', { split: 'train', draw: 0.2 })).toBe('draw');
    expect(withAnswer('split', 'valid', { split: 'train', draw: 0.2 }, plan)).toEqual({ split: 'valid', draw: 0 });
  });
});
