import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newId } from '../ids.ts';
import { isDrawn, queuedFor, type Submission } from './queue.ts';

const plain: Submission = { taskId: 'a-task', flagged: false, review: null, reason: null, share: 0 };

describe('who is asked to look again', () => {
  it('is nobody, unless the image is flagged or the project wants a share', () => {
    expect(queuedFor(plain)).toBeNull();
    expect(queuedFor({ ...plain, flagged: true })).toBe('flagged');
    expect(queuedFor({ ...plain, share: 1 })).toBe('share');
    expect(queuedFor({ ...plain, share: 1, flagged: true })).toBe('flagged');
  });

  it('is the reviewers again after every decision of theirs, whatever the share', () => {
    expect(queuedFor({ ...plain, review: 'returned' })).toBe('again');
    expect(queuedFor({ ...plain, review: 'accepted' })).toBe('changed');
    expect(queuedFor({ ...plain, review: 'queued', reason: 'again' })).toBe('again');
    expect(queuedFor({ ...plain, review: 'queued', reason: 'flagged' })).toBeNull();
  });

  it('a larger share holds all of a smaller one, and the draw is the same every time', () => {
    fc.assert(fc.property(fc.string(), fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (id, a, b) => {
      if (isDrawn(id, Math.min(a, b))) expect(isDrawn(id, Math.max(a, b))).toBe(true);
      expect([isDrawn(id, 0), isDrawn(id, 1), isDrawn(id, a)]).toEqual([false, true, isDrawn(id, a)]);
    }));
  });

  it('a share of a fifth is about a fifth', () => {
    const drawn = Array.from({ length: 5000 }, () => newId()).filter((id) => isDrawn(id, 0.2)).length / 5000;
    expect(drawn).toBeGreaterThan(0.17);
    expect(drawn).toBeLessThan(0.23);
  });
});
