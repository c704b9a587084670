import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Enlarger } from './enlarge.ts';

/** Bilinear as torch.nn.functional.interpolate (align_corners=False) has it, of a whole map. */
function bilinear(data: readonly number[], w: number, h: number, toW: number, toH: number): number[] {
  const at = (x: number, y: number): number => data[y * w + x] ?? 0;
  return Array.from({ length: toW * toH }, (_, i) => {
    const [x, y] = [Math.max(0, ((i % toW) + 0.5) * (w / toW) - 0.5), Math.max(0, (Math.floor(i / toW) + 0.5) * (h / toH) - 0.5)];
    const [x0, y0] = [Math.min(Math.floor(x), w - 1), Math.min(Math.floor(y), h - 1)];
    const [x1, y1] = [Math.min(x0 + 1, w - 1), Math.min(y0 + 1, h - 1)];
    return (at(x0, y0) * (1 - x + x0) + at(x1, y0) * (x - x0)) * (1 - y + y0) + (at(x0, y1) * (1 - x + x0) + at(x1, y1) * (x - x0)) * (y - y0);
  });
}

it('gives, in any window, what enlarging, cutting and enlarging again in full gives', () => {
  const side = fc.integer({ min: 1, max: 9 });
  fc.assert(fc.property(side, side, fc.constantFrom(1, 2, 4), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), fc.infiniteStream(fc.double({ min: -1, max: 1, noNaN: true })), fc.tuple(...Array.from({ length: 8 }, () => fc.double({ min: 0, max: 1, noNaN: true }))),
    (w, h, factor, width, height, stream, shares) => {
      const logits = [...stream.take(w * h)].map(Math.fround);
      const [s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0] = shares;
      const [bigW, bigH] = [w * factor, h * factor];
      const pick = (size: number, a: number, b: number): [number, number] => { const from = Math.floor(a * (size - 1)); return [from, 1 + Math.floor(b * (size - from - 1))]; };
      const [cx, cw] = pick(bigW, s0, s1);
      const [cy, ch] = pick(bigH, s2, s3);
      const enlarged = bilinear(logits, w, h, bigW, bigH);
      const cut = Array.from({ length: cw * ch }, (_, i) => enlarged[(cy + Math.floor(i / cw)) * bigW + cx + (i % cw)] ?? 0);
      const whole = bilinear(cut, cw, ch, width, height);
      const [x, ww] = pick(width, s4, s5);
      const [y, wh] = pick(height, s6, s7);
      const bitmap = new Enlarger({ map: { width: w, height: h }, factor, content: [cx, cy, cw, ch], image: { width, height } }).bitmap([x, y, ww, wh], (columns, rows) => {
        const fieldWidth = columns.last - columns.first + 1;
        const data = Float32Array.from({ length: fieldWidth * (rows.last - rows.first + 1) }, (_, i) => logits[(rows.first + Math.floor(i / fieldWidth)) * w + columns.first + (i % fieldWidth)] ?? 0);
        return { data, left: columns.first, top: rows.first, width: fieldWidth };
      });
      for (let i = 0; i < bitmap.length; i++) {
        const logit = whole[(y + Math.floor(i / ww)) * width + x + (i % ww)] ?? 0;
        if (Math.abs(logit) > 1e-6) expect(bitmap[i]).toBe(logit > 0 ? 1 : 0);
      }
    }));
});
