import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clampZoom, closeUp, fit, MAX_ZOOM, panBy, resized, reveal, toImage, toScreen, zoomAt, type Viewport } from './viewport.ts';

const size = fc.record({ width: fc.integer({ min: 50, max: 4000 }), height: fc.integer({ min: 50, max: 4000 }) });
const zoom = fc.double({ min: 0.05, max: 64, noNaN: true });
const coordinate = fc.double({ min: -500, max: 5000, noNaN: true });
const view = fc.record({ cx: coordinate, cy: coordinate, zoom, width: fc.integer({ min: 100, max: 3000 }), height: fc.integer({ min: 100, max: 2000 }) });

describe('viewport', () => {
  it('goes from screen to image and back', () => {
    fc.assert(fc.property(view, coordinate, coordinate, (v, x, y) => {
      const [sx, sy] = toScreen(v, toImage(v, [x, y]));
      expect(sx).toBeCloseTo(x, 4);
      expect(sy).toBeCloseTo(y, 4);
    }));
  });

  it('keeps the image point under the pointer when zooming', () => {
    fc.assert(fc.property(view, size, coordinate, coordinate, fc.double({ min: 0.1, max: 10, noNaN: true }), (v, image, x, y, factor) => {
      const before = toImage(v, [x, y]);
      const after = toImage(zoomAt(v, image, [x, y], factor), [x, y]);
      expect(after[0]).toBeCloseTo(before[0], 3);
      expect(after[1]).toBeCloseTo(before[1], 3);
    }));
  });

  it('never zooms beyond its limits', () => {
    fc.assert(fc.property(view, size, fc.double({ min: 1e-4, max: 1e4, noNaN: true }), (v, image, factor) => {
      const zoomed = zoomAt(v, image, [0, 0], factor).zoom;
      expect(zoomed).toBeLessThanOrEqual(MAX_ZOOM);
      expect(zoomed).toBeGreaterThan(0);
      expect(zoomed).toBe(clampZoom(v, image, zoomed));
    }));
  });

  it('shows a place in the middle of the canvas, whole where the zoom allows, and never further out than the whole image', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(fc.property(size, size, share, share, share, share, (window, image, a, b, c, d) => {
      const [w, h] = [1 + c * (image.width - 1), 1 + d * (image.height - 1)];
      const box = [a * (image.width - w), b * (image.height - h), w, h] as const;
      const near = closeUp(fit(window, image), image, [...box]);
      const [x, y] = toScreen(near, [box[0] + w / 2, box[1] + h / 2]);
      expect(x).toBeCloseTo(window.width / 2, 3);
      expect(y).toBeCloseTo(window.height / 2, 3);
      expect(near.zoom).toBeGreaterThanOrEqual(fit(window, image).zoom - 1e-9);
      expect(near.zoom).toBe(clampZoom(near, image, near.zoom));
      if (near.zoom > fit(window, image).zoom) expect(w * near.zoom).toBeLessThanOrEqual(window.width / 3 + 1e-6);
    }));
  });

  it('shows the whole image when it fits it, also after the window changed', () => {
    fc.assert(fc.property(size, size, size, (window, image, later) => {
      const whole = (v: Viewport): void => {
        const [left, top] = toScreen(v, [0, 0]);
        const [right, bottom] = toScreen(v, [image.width, image.height]);
        expect(Math.min(left, top)).toBeGreaterThanOrEqual(-20.001);
        expect(right).toBeLessThanOrEqual(v.width + 20.001);
        expect(bottom).toBeLessThanOrEqual(v.height + 20.001);
      };
      whole(fit(window, image));
      whole(resized(fit(window, image), image, later));
    }));
  });

  it('pans by what the hand moved, but never loses the image', () => {
    const image = { width: 1000, height: 500 };
    const start = fit({ width: 800, height: 600 }, image);
    const moved = panBy(start, image, 80, 0);
    expect(moved.cx).toBeCloseTo(start.cx - 80 / start.zoom);
    fc.assert(fc.property(fc.integer({ min: -1e6, max: 1e6 }), fc.integer({ min: -1e6, max: 1e6 }), (dx, dy) => {
      const { cx, cy } = panBy(start, image, dx, dy);
      expect(cx).toBeGreaterThanOrEqual(0);
      expect(cx).toBeLessThanOrEqual(1000);
      expect(cy).toBeGreaterThanOrEqual(0);
      expect(cy).toBeLessThanOrEqual(500);
    }));
  });

  it('brings a box into sight without moving what is in sight already', () => {
    const image = { width: 4000, height: 3000 };
    const v: Viewport = { cx: 500, cy: 500, zoom: 2, width: 800, height: 600 };
    expect(reveal(v, image, [480, 480, 40, 40])).toEqual(v);
    const far = reveal(v, image, [3000, 2000, 50, 50]);
    const [x, y] = toScreen(far, [3025, 2025]);
    expect(x > 0 && x < 800 && y > 0 && y < 600).toBe(true);
    expect(reveal(v, image, [3000, 2000, 2, 2]).zoom).toBeGreaterThan(v.zoom);
  });
});
