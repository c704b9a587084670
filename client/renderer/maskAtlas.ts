/** A rectangle in a page, in texels. */
export interface Slot {
  readonly page: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** One texture's worth of masks, a byte per texel; `dirty` = rows that were written since the last upload. */
export interface Page {
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  dirty: { from: number; to: number } | null;
}

const SIDE = 2048;
/** A mask larger than half a page gets one of its own. */
const SHARED = SIDE / 2;

/** Packs bitmaps into a few pages, in shelves, each with a texel of nothing around it. */
export class MaskAtlas {
  readonly pages: Page[] = [];
  #shared = -1;
  #shelf = { x: 0, y: 0, height: 0 };

  add(bitmap: Uint8Array, width: number, height: number): Slot {
    const slot = width + 2 > SHARED || height + 2 > SHARED ? this.#own(width, height) : this.#place(width, height);
    const page = this.pages[slot.page];
    if (page) {
      for (let row = 0; row < height; row++) page.bytes.set(bitmap.subarray(row * width, (row + 1) * width), (slot.y + row) * page.width + slot.x);
      page.dirty = { from: Math.min(page.dirty?.from ?? slot.y, slot.y), to: Math.max(page.dirty?.to ?? 0, slot.y + height) };
    }
    return slot;
  }

  #own(width: number, height: number): Slot {
    return { page: this.#newPage(width + 2, height + 2), x: 1, y: 1, width, height };
  }

  #place(width: number, height: number): Slot {
    const [w, h] = [width + 2, height + 2];
    let { x, y, height: tall } = this.#shelf;
    if (x + w > SIDE) [x, y, tall] = [0, y + tall, 0];
    if (this.#shared < 0 || y + h > SIDE) {
      this.#shared = this.#newPage(SIDE, SIDE);
      [x, y, tall] = [0, 0, 0];
    }
    this.#shelf = { x: x + w, y, height: Math.max(tall, h) };
    return { page: this.#shared, x: x + 1, y: y + 1, width, height };
  }

  #newPage(width: number, height: number): number {
    // WebGL reads rows of a multiple of four bytes.
    const padded = Math.ceil(width / 4) * 4;
    this.pages.push({ width: padded, height, bytes: new Uint8Array(padded * height), dirty: null });
    return this.pages.length - 1;
  }
}
