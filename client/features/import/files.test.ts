import { describe, expect, it } from 'vitest';
import { inBatches, tidy, type Chosen } from './files.ts';

const file = (path: string, size = 1): Chosen => ({ path, file: new File([new Uint8Array(size)], path.split('/').at(-1) ?? path) });

describe('chosen files', () => {
  it('are sent in order, in requests that are small in number and in bytes', () => {
    const all = [file('a', 3), file('b', 3), file('c', 3), file('d', 9), file('e', 1)];
    expect(inBatches(all, 10, 7).map((b) => b.map((c) => c.path))).toEqual([['a', 'b'], ['c'], ['d'], ['e']]);
    expect(inBatches(all, 2, 1000).map((b) => b.length)).toEqual([2, 2, 1]);
    expect(inBatches([])).toEqual([]);
  });

  it('leave out what file managers add', () => {
    expect(tidy([file('set/train/a.jpg'), file('set/.DS_Store'), file('__MACOSX/set/a.jpg'), file('set/._a.jpg'), file('Thumbs.db')]).map((c) => c.path)).toEqual(['set/train/a.jpg']);
  });
});
