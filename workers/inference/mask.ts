import type { Box, Size } from '#core/geometry/box.ts';
import { encodeWindow, type Rle } from '#core/geometry/rle.ts';
import { Enlarger, type Field, type Span } from './enlarge.ts';
import type { FloatTensor } from './post.ts';
import { roundHalfEven } from './resize.ts';

/**
 * Masks in the resolution of the picture, as Ultralytics makes them with `retina_masks=True` (utils/ops.py, process_mask_native and
 * scale_masks, 8.4): prototypes × coefficients, enlarged 1, 2 or 4 times so that the letterbox padding can be cut off at whole pixels,
 * enlarged bilinearly to the picture, > 0, cut to the box. (Without retina_masks Ultralytics stops at the input's resolution.)
 * Only the part inside the box is ever computed.
 */
export class MaskAssembler {
  readonly #protos: FloatTensor;
  readonly #image: Size;
  readonly #enlarger: Enlarger;

  /** `protos`: float32 `[1, coefficients, height, width]`. */
  constructor(protos: FloatTensor, image: Size) {
    const [, , height = 0, width = 0] = protos.dims;
    const factor = enlargement(width, height, image);
    this.#protos = protos;
    this.#image = image;
    this.#enlarger = new Enlarger({ map: { width, height }, factor, content: contentOf(width * factor, height * factor, image), image });
  }

  /** The mask of one object; `corners` in picture pixels. Null when no pixel is set: Ultralytics drops such objects. */
  assemble(coefficients: Float32Array, corners: readonly [number, number, number, number]): Rle | null {
    const x = Math.max(0, Math.ceil(corners[0]));
    const y = Math.max(0, Math.ceil(corners[1]));
    const w = Math.min(this.#image.width, Math.ceil(corners[2])) - x;
    const h = Math.min(this.#image.height, Math.ceil(corners[3])) - y;
    if (w <= 0 || h <= 0) return null;
    const bitmap = this.#enlarger.bitmap([x, y, w, h], (columns, rows) => this.#combine(coefficients, columns, rows));
    return bitmap.includes(1) ? encodeWindow(bitmap, [x, y, w, h], this.#image) : null;
  }

  #combine(coefficients: Float32Array, columns: Span, rows: Span): Field {
    const [, , height = 0, width = 0] = this.#protos.dims;
    const w = columns.last - columns.first + 1;
    const data = new Float32Array(w * (rows.last - rows.first + 1));
    for (const [k, coefficient] of coefficients.entries()) {
      let to = 0;
      for (let y = rows.first; y <= rows.last; y++) {
        const base = (k * height + y) * width;
        for (let x = columns.first; x <= columns.last; x++, to++) data[to] = (data[to] ?? 0) + coefficient * (this.#protos.data[base + x] ?? 0);
      }
    }
    return { data, left: columns.first, top: rows.first, width: w };
  }
}

/** How often the prototypes are enlarged first (1, 2, 4): the smallest at which the padding ends on a whole pixel. */
function enlargement(width: number, height: number, image: Size): number {
  const gain = Math.min((4 * height) / image.height, (4 * width) / image.width);
  const padX = 4 * width - Math.max(roundHalfEven(image.width * gain), 1);
  const padY = 4 * height - Math.max(roundHalfEven(image.height * gain), 1);
  const pad = padX | padY;
  const bits = pad | (pad >> 1);
  if (bits % 2 !== 0) return 4;
  return bits % 4 === 0 ? 1 : 2;
}

/** Where the picture lies in the enlarged map, without the letterbox padding. */
function contentOf(width: number, height: number, image: Size): Box {
  const gain = Math.min(height / image.height, width / image.width);
  const w = Math.max(roundHalfEven(image.width * gain), 1);
  const h = Math.max(roundHalfEven(image.height * gain), 1);
  return [roundHalfEven((width - w) / 2 - 0.1), roundHalfEven((height - h) / 2 - 0.1), w, h];
}
