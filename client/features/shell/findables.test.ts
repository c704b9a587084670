import { describe, expect, it } from 'vitest';
import { classItems, matches, type Findable } from './findables.ts';

const item = (label: string): Findable => ({ id: label, group: 'Pages', label });

describe('find anything', () => {
  it('takes beginnings of words in any order, and longer pieces anywhere', () => {
    expect(matches(item('Import images'), 'im')).toBe(true);
    expect(matches(item('Import images'), 'images imp')).toBe(true);
    expect(matches(item('Correct the next image'), 'next')).toBe(true);
    expect(matches(item('Overview'), 'view')).toBe(true);
    expect(matches(item('Overview'), 'ew')).toBe(false);
    expect(matches(item('Models'), 'versions')).toBe(false);
    expect(matches(item('Models'), '')).toBe(true);
  });

  it('leaves retired classes out and leads to their images', () => {
    const found = classItems([{ index: 0, name: 'Chip', color: '#5b8cff', key: '1', retired: false, mergedInto: null }, { index: 1, name: 'Old', color: '#ffffff', key: null, retired: true, mergedInto: null }], 'p');
    expect(found).toHaveLength(1);
    expect(found[0]?.to).toEqual({ name: 'images', params: { project: 'p' }, query: { class: '0' } });
  });
});
