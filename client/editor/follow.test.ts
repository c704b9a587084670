import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { approach, seenBy } from './follow.ts';
import { clampZoom, MAX_ZOOM } from './viewport.ts';

const own = { width: 800, height: 600, cx: 0, cy: 0, zoom: 1 };
const image = { width: 640, height: 480 };

describe('following a view', () => {
  it('shows at least what the colleague sees, about the same centre, as far as one can zoom', () => {
    fc.assert(fc.property(fc.integer({ min: 200, max: 3000 }), fc.integer({ min: 200, max: 3000 }), fc.double({ min: 0.05, max: 64, noNaN: true }), (w, h, zoom) => {
      const view = seenBy({ viewport: [120, 80, zoom], canvas: [w, h] }, own, image);
      expect([view.cx, view.cy]).toEqual([120, 80]);
      // Half of "fit" is as far out as anybody can go, and shows the whole picture.
      const whole = Math.abs(view.zoom - clampZoom(own, image, 0)) < 1e-9;
      expect(whole || own.width / view.zoom >= (w / zoom) * (1 - 1e-6)).toBe(true);
      expect(whole || own.height / view.zoom >= (h / zoom) * (1 - 1e-6)).toBe(true);
    }));
  });

  it('stays a view of the picture, whatever the colleague claims to see', () => {
    const any = fc.oneof(fc.double(), fc.constantFrom(0, -3, 1e300, 1e-300, Infinity, NaN));
    fc.assert(fc.property(any, any, any, any, any, (x, y, zoom, w, h) => {
      const to = seenBy({ viewport: [x, y, zoom], canvas: [w, h] }, own, image);
      for (const view of [to, approach(own, to, 16).view]) {
        expect([view.cx, view.cy, view.zoom].every(Number.isFinite)).toBe(true);
        expect(view.cx >= 0 && view.cx <= image.width && view.cy >= 0 && view.cy <= image.height).toBe(true);
        expect(view.zoom).toBeGreaterThanOrEqual(clampZoom(own, image, 0) - 1e-9);
        expect(view.zoom).toBeLessThanOrEqual(MAX_ZOOM + 1e-9);
      }
    }));
    expect(seenBy({ viewport: [1e300, 1e300, 1e300], canvas: [1e-300, 1e-300] }, own, image)).toBe(own);
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
