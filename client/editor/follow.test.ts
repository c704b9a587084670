import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { approach, seenBy } from './follow.ts';

const own = { width: 800, height: 600, cx: 0, cy: 0, zoom: 1 };

describe('following a view', () => {
  it('shows at least what the colleague sees, about the same centre', () => {
    fc.assert(fc.property(fc.integer({ min: 200, max: 3000 }), fc.integer({ min: 200, max: 3000 }), fc.double({ min: 0.05, max: 64, noNaN: true }), (w, h, zoom) => {
      const view = seenBy({ viewport: [120, 80, zoom], canvas: [w, h] }, own);
      expect([view.cx, view.cy]).toEqual([120, 80]);
      expect(own.width / view.zoom).toBeGreaterThanOrEqual(w / zoom - 1e-6 * (w / zoom));
      expect(own.height / view.zoom).toBeGreaterThanOrEqual(h / zoom - 1e-6 * (h / zoom));
    }));
  });

  it('arrives, then rests; at once where motion is not wanted', () => {
    const to = { ...own, cx: 500, cy: -40, zoom: 12 };
    let view = own;
    let frames = 0;
    for (let arrived = false; !arrived && frames < 200; frames++) ({ view, arrived } = approach(view, to, 16));
    expect(view).toEqual(to);
    expect(frames).toBeLessThan(90);
    expect(approach(view, to, 16).view).toBe(view);
    expect(approach(own, to, Infinity)).toEqual({ view: to, arrived: true });
  });
});
