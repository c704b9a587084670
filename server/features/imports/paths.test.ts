import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commonRoot, isNoise, safePath } from './paths.ts';

describe('paths that uploads claim', () => {
  it.each(['../a.png', 'a/../b.png', '/etc/passwd', '\\\\server\\a.png', 'C:\\a.png', 'c:a.png', 'a\u0000.png', 'a\u202egnp.png', '．．/a.png', 'a//b.png', './a.png', '', '\ud800.png', `${'x'.repeat(300)}.png`])('%j is refused', (path) => {
    expect(safePath(path)).toBeNull();
  });
  it.each([['a.png', 'a.png'], ['train\\images\\ä.png', 'train/images/ä.png'], ['x/e\u0301.png', 'x/é.png']])('%j is taken as %j', (path, as) => {
    expect(safePath(path)).toBe(as);
  });
  it('never lets a path through that leads upwards', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('..', '.', '/', '\\', 'a', ':', '．', ' '), { maxLength: 8 }).map((p) => p.join('')), (path) => {
      const taken = safePath(path);
      if (taken !== null) expect(taken.split('/').some((part) => part === '' || ['.', '..'].includes(part.trim()))).toBe(false);
    }));
  });
  it('file managers’ leftovers are noise', () => {
    expect(['__MACOSX/a.png', 'x/.DS_Store', 'x/._a.png'].every(isNoise)).toBe(true);
    expect(isNoise('x/a.png')).toBe(false);
  });
});

describe('commonRoot', () => {
  it('is what all paths begin with, in whole folders', () => {
    expect(commonRoot(['set/train/a.png', 'set/valid/b.png'])).toBe('set/');
    expect(commonRoot(['set/a.png', 'set/b.png'])).toBe('set/');
    expect(commonRoot(['set1/a.png', 'set2/a.png'])).toBe('');
    expect(commonRoot(['a.png'])).toBe('');
    expect(commonRoot([])).toBe('');
  });
});
