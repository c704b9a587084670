import { describe, expect, it } from 'vitest';
import { wheelIntent } from './wheel.ts';

describe('wheel', () => {
  it('zooms by the notches of a mouse, in and out by the same factor', () => {
    const closer = wheelIntent({ deltaX: 0, deltaY: -100, deltaMode: 0, ctrlKey: false });
    const further = wheelIntent({ deltaX: 0, deltaY: 100, deltaMode: 0, ctrlKey: false });
    if (closer.kind !== 'zoom' || further.kind !== 'zoom') throw new Error('not a zoom');
    expect(closer.factor).toBeGreaterThan(1);
    expect(closer.factor * further.factor).toBeCloseTo(1);
    expect(wheelIntent({ deltaX: 0, deltaY: 3, deltaMode: 1, ctrlKey: false }).kind).toBe('zoom');
  });

  it('pans by two fingers and zooms by a pinch', () => {
    expect(wheelIntent({ deltaX: 3, deltaY: -7.5, deltaMode: 0, ctrlKey: false })).toEqual({ kind: 'pan', dx: -3, dy: 7.5 });
    expect(wheelIntent({ deltaX: 0, deltaY: -2, deltaMode: 0, ctrlKey: true }).kind).toBe('zoom');
  });
});
