import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { maskIou } from './iou.ts';
import { decode, emptyRle, encode, encodeWindow, isEmpty, rleArea, RleSchema, toBox, type Rle } from './rle.ts';

const Fixture = Type.Object({
  masks: Type.Array(
    Type.Object({
      name: Type.String(), size: Type.Tuple([Type.Integer(), Type.Integer()]), counts: Type.String(), area: Type.Integer(),
      box: Type.Array(Type.Number()), bits: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
  ious: Type.Array(Type.Object({ a: Type.String(), b: Type.String(), size: Type.Tuple([Type.Integer(), Type.Integer()]), iou: Type.Number() })),
});
const fixture = Value.Parse(Fixture, JSON.parse(readFileSync(new URL('./fixtures/rle.json', import.meta.url), 'utf8')));

function unpackBits(hex: string, length: number): Uint8Array {
  const bytes = Buffer.from(hex, 'hex');
  return Uint8Array.from({ length }, (_, i) => ((bytes[i >> 3] ?? 0) >> (7 - (i & 7))) & 1);
}

const bitmaps = fc
  .record({ width: fc.integer({ min: 1, max: 40 }), height: fc.integer({ min: 1, max: 40 }) })
  .chain((size) => fc.tuple(fc.constant(size), fc.uint8Array({ minLength: size.width * size.height, maxLength: size.width * size.height, max: 1 })));

describe('RLE against pycocotools', () => {
  for (const { name, size, counts, area, box, bits } of fixture.masks) {
    it(`${name}: decodes, encodes back byte by byte, same area and box`, () => {
      const rle: Rle = { size, counts };
      const bitmap = decode(rle);
      if (bits !== null) expect(bitmap).toEqual(unpackBits(bits, size[0] * size[1]));
      expect(encode(bitmap, { height: size[0], width: size[1] })).toEqual(rle);
      expect(rleArea(rle)).toBe(area);
      expect(toBox(rle) ?? [0, 0, 0, 0]).toEqual(box);
    });
  }

  it('gives the same IoU', () => {
    for (const { a, b, size, iou } of fixture.ious) expect(maskIou({ size, counts: a }, { size, counts: b })).toBeCloseTo(iou, 12);
  });
});

describe('RLE', () => {
  it('decode ∘ encode is the identity, and valid by its schema', () => {
    fc.assert(fc.property(bitmaps, ([size, bitmap]) => {
      const rle = encode(bitmap, size);
      expect(Value.Check(RleSchema, rle)).toBe(true);
      expect(decode(rle)).toEqual(bitmap);
      expect(rleArea(rle)).toBe(bitmap.reduce((sum, bit) => sum + bit, 0));
    }));
  });

  it('a window gives the same mask as the whole bitmap', () => {
    fc.assert(fc.property(bitmaps, fc.nat(20), fc.nat(20), fc.nat(20), fc.nat(20), ([size, bitmap], left, top, right, bottom) => {
      const whole = { width: left + size.width + right, height: top + size.height + bottom };
      const pixels = new Uint8Array(whole.width * whole.height);
      for (let y = 0; y < size.height; y++) pixels.set(bitmap.subarray(y * size.width, (y + 1) * size.width), (top + y) * whole.width + left);
      expect(encodeWindow(bitmap, [left, top, size.width, size.height], whole)).toEqual(encode(pixels, whole));
    }), { examples: [[[{ width: 4, height: 1 }, Uint8Array.of(0, 0, 0, 1)], 0, 0, 1, 0], [[{ width: 1, height: 1 }, Uint8Array.of(1)], 3, 3, 0, 0]] });
  });

  it('IoU by runs equals IoU by pixels', () => {
    fc.assert(fc.property(bitmaps, fc.infiniteStream(fc.integer({ min: 0, max: 1 })), ([size, a], stream) => {
      const b = Uint8Array.from(a, () => stream.next().value ?? 0);
      const shared = a.reduce((sum, bit, i) => sum + (bit & (b[i] ?? 0)), 0);
      const united = a.reduce((sum, bit, i) => sum + (bit | (b[i] ?? 0)), 0);
      expect(maskIou(encode(a, size), encode(b, size))).toBeCloseTo(united === 0 ? 0 : shared / united, 12);
    }));
  });

  it('refuses damaged masks instead of guessing', () => {
    fc.assert(fc.property(fc.string({ maxLength: 30 }), (counts) => {
      try {
        expect(decode({ size: [5, 7], counts })).toHaveLength(35);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }));
    expect(() => decode({ size: [2, 2], counts: '5' })).toThrow(/cover 5 pixels/);
    expect(() => decode({ size: [60_000, 60_000], counts: '0' })).toThrow(/cannot be read/);
    expect(() => encodeWindow(new Uint8Array(4), [9, 9, 2, 2], { width: 10, height: 10 })).toThrow(/leaves the mask/);
    expect(() => maskIou(emptyRle({ width: 2, height: 3 }), emptyRle({ width: 3, height: 2 }))).toThrow(/cannot be compared/);
  });

  it('knows an empty mask', () => {
    const empty = emptyRle({ width: 12, height: 9 });
    expect(isEmpty(empty)).toBe(true);
    expect(toBox(empty)).toBeNull();
    expect(decode(empty)).toEqual(new Uint8Array(108));
  });
});
