import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, encode } from '#core/geometry/rle.ts';
import { inkOn, parseColor } from './color.ts';
import { MaskAtlas } from './maskAtlas.ts';
import { cropMask } from './maskCrop.ts';

const bitmap = fc.integer({ min: 1, max: 24 }).chain((width) =>
  fc.integer({ min: 1, max: 24 }).chain((height) => fc.array(fc.integer({ min: 0, max: 1 }), { minLength: width * height, maxLength: width * height }).map((bits) => ({ width, height, bits: Uint8Array.from(bits) }))),
);

describe('mask crop', () => {
  it('holds exactly the pixels of the mask, in the smallest window', () => {
    fc.assert(fc.property(bitmap, ({ width, height, bits }) => {
      const rle = encode(bits, { width, height });
      const crop = cropMask(rle);
      const back = new Uint8Array(width * height);
      if (crop) {
        const [x0, y0, w, h] = crop.window;
        for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) back[(y + y0) * width + x + x0] = crop.bitmap[y * w + x] === 255 ? 1 : 0;
      }
      expect(back).toEqual(decode(rle));
    }));
  });

  it('gives nothing for a damaged or empty mask', () => {
    expect(cropMask({ size: [10, 10], counts: '!!' })).toBeNull();
    expect(cropMask(encode(new Uint8Array(16), { width: 4, height: 4 }))).toBeNull();
  });
});

describe('mask atlas', () => {
  it('never lets two masks overlap, each with a texel of nothing around it', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 1500 }), fc.integer({ min: 1, max: 1500 })), { maxLength: 12 }), (sizes) => {
      const atlas = new MaskAtlas();
      const slots = sizes.map(([w, h]) => atlas.add(new Uint8Array(w * h), w, h));
      for (const [i, a] of slots.entries()) {
        const page = atlas.pages[a.page];
        expect(page && a.x >= 1 && a.y >= 1 && a.x + a.width < page.width + 1 && a.y + a.height < page.height + 1).toBe(true);
        for (const b of slots.slice(i + 1)) {
          const apart = a.page !== b.page || a.x + a.width < b.x || b.x + b.width < a.x || a.y + a.height < b.y || b.y + b.height < a.y;
          expect(apart).toBe(true);
        }
      }
    }), { numRuns: 40 });
  });

  it('writes the bytes where it says', () => {
    const atlas = new MaskAtlas();
    atlas.add(new Uint8Array([1, 2, 3, 4]), 2, 2);
    const slot = atlas.add(new Uint8Array([5, 6]), 2, 1);
    const page = atlas.pages[slot.page];
    expect([page?.bytes[slot.y * page.width + slot.x], page?.bytes[slot.y * page.width + slot.x + 1]]).toEqual([5, 6]);
  });
});

describe('colour', () => {
  it('reads hex and hsl, and writes on it in what can be read', () => {
    expect(parseColor('#ff8000')).toEqual([1, 128 / 255, 0]);
    expect(parseColor('hsl(0 100% 50%)')).toEqual([1, 0, 0]);
    expect([inkOn('#ffffff'), inkOn('#000000'), inkOn('#f2b866')]).toEqual(['#0b0d10', '#ffffff', '#0b0d10']);
  });
});
