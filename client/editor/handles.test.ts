import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Box } from '#core/geometry/box.ts';
import { boxBetween, handlePoint, HANDLES, handlesOf, MIN_SIDE, move, nudged, resize } from './handles.ts';

const image = { width: 300, height: 200 };
const inside = fc
  .tuple(fc.double({ min: 0, max: 250, noNaN: true }), fc.double({ min: 0, max: 150, noNaN: true }), fc.double({ min: 1, max: 50, noNaN: true }), fc.double({ min: 1, max: 50, noNaN: true }))
  .map((box): Box => box);
const delta = fc.double({ min: -600, max: 600, noNaN: true });

describe('handles', () => {
  it('keeps a moved box whole, as large as it was, within the image', () => {
    fc.assert(fc.property(inside, delta, delta, (box, dx, dy) => {
      const [x, y, w, h] = move(box, dx, dy, image);
      expect([w, h]).toEqual([box[2], box[3]]);
      expect(x).toBeGreaterThanOrEqual(0);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(x + w).toBeLessThanOrEqual(image.width + 1e-9);
      expect(y + h).toBeLessThanOrEqual(image.height + 1e-9);
    }));
  });

  it('keeps a resized box at least a pixel large, whatever the hand does', () => {
    fc.assert(fc.property(inside, fc.constantFrom(...HANDLES), delta, delta, (box, handle, dx, dy) => {
      const [, , w, h] = resize(box, handle, dx, dy, image);
      expect(w).toBeGreaterThanOrEqual(MIN_SIDE - 1e-9);
      expect(h).toBeGreaterThanOrEqual(MIN_SIDE - 1e-9);
    }));
  });

  it('moves only the sides that the handle holds', () => {
    expect(resize([10, 10, 20, 20], { x: 1, y: 0 }, 5, 99, image)).toEqual([10, 10, 25, 20]);
    expect(resize([10, 10, 20, 20], { x: -1, y: -1 }, -5, -5, image)).toEqual([5, 5, 25, 25]);
    // Turned inside out.
    expect(resize([10, 10, 20, 20], { x: 1, y: 1 }, -25, -25, image)).toEqual([5, 5, 5, 5]);
  });

  it('keeps a box that keys move or size within the image, its left and top edge where they were while it is sized', () => {
    const step = fc.integer({ min: -10, max: 10 });
    fc.assert(fc.property(inside, fc.array(fc.record({ dx: step, dy: step, size: fc.boolean() }), { maxLength: 30 }), (box, steps) => {
      let now = box;
      for (const by of steps) {
        const next = nudged(now, by, image);
        const [x, y, w, h] = next;
        if (by.size) expect([x, y]).toEqual([now[0], now[1]]);
        else expect([w, h]).toEqual([now[2], now[3]]);
        expect(Math.min(x, y, w - MIN_SIDE, h - MIN_SIDE, image.width - x - w, image.height - y - h)).toBeGreaterThanOrEqual(-1e-6);
        now = next;
      }
    }));
  });

  it('puts handles on the box and drops those of the sides when it is small on the screen', () => {
    expect(handlePoint([10, 10, 20, 40], { x: 0, y: 1 })).toEqual([20, 50]);
    expect(handlesOf([0, 0, 100, 100], 1)).toHaveLength(8);
    expect(handlesOf([0, 0, 10, 10], 1)).toHaveLength(4);
  });

  it('cuts a drawn box at the border and refuses one that is nothing', () => {
    expect(boxBetween([-10, -10], [20, 30], image)).toEqual([0, 0, 20, 30]);
    expect(boxBetween([5, 5], [5.2, 90], image)).toBeNull();
  });
});
