import { BufferImageSource, Container, type UniformGroup, UniformGroup as Uniforms } from 'pixi.js';
import type { Rle } from '#core/geometry/rle.ts';
import type { Shape } from '../editor/shapes.ts';
import type { Rgb } from './color.ts';
import { FloatList, InstancedLayer, SQUARE } from './instances.ts';
import { MaskAtlas, type Slot } from './maskAtlas.ts';
import { cropMask, type MaskCrop } from './maskCrop.ts';
import { MASK } from './shaders.ts';
import type { MaskStyle } from './style.ts';

interface Packed {
  readonly rle: Rle;
  readonly crop: MaskCrop | null;
  readonly slot: Slot | null;
  /** Milliseconds of the page's clock at which it began to fade in. */
  readonly born: number;
}

interface PageLayer {
  readonly layer: InstancedLayer;
  readonly source: BufferImageSource;
}

const FIELDS = { aRect: 4, aTex: 4, aInk: 4, aFade: 2 } as const;
const FADE_MS = 120;

/** All masks, unpacked once into a few textures. Packing is done in slices, so that a picture with thousands opens at once. */
export class MaskLayer {
  readonly container = new Container();
  readonly #view: UniformGroup;
  readonly #clock = new Uniforms({ uNow: { value: 0, type: 'f32' }, uSharp: { value: 0, type: 'f32' }, uStep: { value: 1, type: 'f32' } });
  #atlas = new MaskAtlas();
  #pages: PageLayer[] = [];
  #packed = new Map<string, Packed>();
  #waiting: { id: string; rle: Rle }[] = [];
  #fadeEnd = 0;
  #packedCount = 0;
  #opening = true;

  constructor(view: UniformGroup) {
    this.#view = view;
  }

  /** How many were unpacked so far: tells whether there is something new to fill in. */
  get packed(): number {
    return this.#packedCount;
  }

  /** One page that holds nothing, so that the shader is compiled before it is needed. */
  warm(): void {
    this.#atlas.add(new Uint8Array(1), 1, 1);
    this.#upload();
  }

  /** Forgets everything: another picture. */
  clear(): void {
    for (const { layer, source } of this.#pages) {
      layer.mesh.removeFromParent();
      layer.destroy();
      source.destroy();
    }
    this.#atlas = new MaskAtlas();
    this.#pages = [];
    this.#packed = new Map();
    this.#waiting = [];
    this.#opening = true;
  }

  /** Notes which masks there are; new ones wait for `pump`. */
  take(shapes: readonly Shape[]): void {
    this.#waiting = [];
    for (const shape of shapes) {
      if (shape.mask && this.#packed.get(shape.id)?.rle.counts !== shape.mask.counts) this.#waiting.push({ id: shape.id, rle: shape.mask });
    }
    if (this.#waiting.length === 0) this.#opening = false;
  }

  /** Unpacks until the time is over. True when some still wait. */
  pump(until: number, still: boolean): boolean {
    while (this.#waiting.length > 0 && performance.now() < until) {
      const next = this.#waiting.shift();
      if (next) this.#pack(next.id, next.rle, still);
    }
    if (this.#waiting.length === 0) this.#opening = false;
    return this.#waiting.length > 0;
  }

  #pack(id: string, rle: Rle, still: boolean): void {
    const crop = cropMask(rle);
    const slot = crop && this.#atlas.add(crop.bitmap, crop.width, crop.height);
    const now = performance.now();
    // What was there when the picture opened is simply there; what comes later fades in.
    const born = still || this.#opening ? now - FADE_MS : now;
    this.#fadeEnd = Math.max(this.#fadeEnd, born + FADE_MS);
    this.#packedCount += 1;
    this.#packed.set(id, { rle, crop, slot, born });
  }

  /** Fills the draw buffers. */
  fill(shapes: readonly Shape[], styleOf: (shape: Shape) => MaskStyle | null, colorOf: (index: number) => Rgb): void {
    this.#upload();
    const values = this.#pages.map(() => new FloatList());
    for (const shape of shapes) {
      const style = shape.mask ? styleOf(shape) : null;
      const packed = this.#packed.get(shape.id);
      if (!style || !packed?.crop || !packed.slot) continue;
      const { slot, crop, born } = packed;
      const [x, y, w, h] = crop.window;
      const [r, g, b] = colorOf(shape.class);
      values[slot.page]?.push(x, y, w, h, slot.x, slot.y, slot.width, slot.height, r, g, b, style.fill, style.edge, born);
    }
    for (const [i, page] of this.#pages.entries()) page.layer.fill(values[i] ?? new FloatList());
  }

  #upload(): void {
    for (const [i, page] of this.#atlas.pages.entries()) {
      const known = this.#pages[i];
      if (!known) this.#pages.push(this.#addPage(page.bytes, page.width, page.height));
      else if (page.dirty) known.source.update(page.dirty.from * page.width, page.dirty.to * page.width);
      page.dirty = null;
    }
  }

  #addPage(resource: Uint8Array<ArrayBuffer>, width: number, height: number): PageLayer {
    const source = new BufferImageSource({ resource, width, height, format: 'r8unorm', scaleMode: 'linear', alphaMode: 'no-premultiply-alpha' });
    const size = new Uniforms({ uPage: { value: new Float32Array([width, height]), type: 'vec2<f32>' } });
    const layer = new InstancedLayer({ ...SQUARE, source: MASK, fields: FIELDS }, this.#view, { clock: this.#clock, size, uTexture: source, uSampler: source.style });
    this.container.addChild(layer.mesh);
    return { layer, source };
  }

  /** Called before every drawing. True while a mask is still fading in. */
  tick(zoom: number, sharp: boolean): boolean {
    const { uniforms } = this.#clock;
    uniforms.uNow = performance.now();
    uniforms.uSharp = sharp ? 1 : 0;
    uniforms.uStep = 1 / zoom;
    return performance.now() < this.#fadeEnd;
  }
}
