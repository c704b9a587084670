import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toScreen, type Viewport } from '../editor/viewport.ts';
import { Damage } from './damage.ts';

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const boxes = fc.array(fc.tuple(number(-50, 900), number(-50, 700), number(0, 400), number(0, 400)), { maxLength: 5 });
const views = fc.record({ cx: number(0, 800), cy: number(0, 600), zoom: number(0.05, 64), width: fc.integer({ min: 40, max: 2000 }), height: fc.integer({ min: 40, max: 1500 }) });

/** Whether a device pixel's middle lies in the part. */
const holds = (part: readonly [number, number, number, number], x: number, y: number): boolean => x >= part[0] && y >= part[1] && x <= part[0] + part[2] && y <= part[1] + part[3];

describe('what is drawn again', () => {
  it('is everything at first, after `all`, and where nothing lies over the picture', () => {
    const damage = new Damage();
    const view: Viewport = { cx: 0, cy: 0, zoom: 1, width: 100, height: 100 };
    expect(damage.take([[0, 0, 1, 1]], view, 1)).toBeNull();
    expect(damage.take([[0, 0, 1, 1]], view, 1)).not.toBeNull();
    damage.all();
    expect(damage.take([[0, 0, 1, 1]], view, 1)).toBeNull();
    expect(damage.take([], view, 1), 'what was there goes').not.toBeNull();
    expect(damage.take([], view, 1)).toBeNull();
  });

  it('covers what lay there and what lies there, as far as it is seen, and no more than the canvas', () => {
    fc.assert(fc.property(boxes, boxes, views, fc.constantFrom(1, 1.25, 2), (before, now, view, dpr) => {
      const damage = new Damage();
      damage.take(before, view, dpr);
      const part = damage.take(now, view, dpr);
      expect(part === null).toBe(before.length + now.length === 0);
      if (!part) return;
      expect(part[2]).toBeGreaterThanOrEqual(0);
      expect(part[3]).toBeGreaterThanOrEqual(0);
      expect(part[0] + part[2]).toBeLessThanOrEqual(Math.ceil(view.width * dpr));
      expect(part[1] + part[3]).toBeLessThanOrEqual(Math.ceil(view.height * dpr));
      for (const [x, y, w, h] of [...before, ...now]) {
        for (const corner of [[x, y], [x + w, y + h]] as const) {
          const [sx, sy] = toScreen(view, corner);
          if (sx < 0 || sy < 0 || sx > view.width || sy > view.height) continue;
          expect(holds(part, sx * dpr, (view.height - sy) * dpr)).toBe(true);
        }
      }
    }));
  });
});
