import { Container, type UniformGroup } from 'pixi.js';
import type { Box } from '#core/geometry/box.ts';
import { handlePoint, handlesOf } from '../editor/handles.ts';
import type { Rgb } from './color.ts';
import { FloatList, InstancedLayer, SQUARE, type LayerSpec } from './instances.ts';
import { FRAME, LINE, PLATE } from './shaders.ts';
import type { FrameStyle } from './style.ts';

/** Outer and inner corner of each of the four corners: the z of a corner says which. */
const RING: Pick<LayerSpec, 'corners' | 'cornerFormat' | 'index'> = {
  corners: new Float32Array([0, 0, 1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 0, 0, -1, 1, 0, -1, 1, 1, -1, 0, 1, -1]),
  cornerFormat: 'float32x3',
  index: new Uint16Array([0, 1, 5, 0, 5, 4, 1, 2, 6, 1, 6, 5, 2, 3, 7, 2, 7, 6, 3, 0, 4, 3, 4, 7]),
};
export const STRIP: Pick<LayerSpec, 'corners' | 'cornerFormat' | 'index'> = {
  corners: new Float32Array([0, -1, 1, -1, 1, 1, 0, 1]), cornerFormat: 'float32x2', index: SQUARE.index,
};

/** Collects boxes, plates and lines of one depth and draws each kind in one call. */
export class BoxLayers {
  readonly container = new Container();
  readonly #plates: InstancedLayer;
  readonly #frames: InstancedLayer;
  readonly #lines: InstancedLayer;
  readonly #handles: InstancedLayer;
  readonly #plate = new FloatList();
  readonly #frame = new FloatList();
  readonly #line = new FloatList();
  readonly #handle = new FloatList();
  #drawn: Box[] = [];

  constructor(view: UniformGroup) {
    const plate = { ...SQUARE, source: PLATE, fields: { aBox: 4, aFill: 4, aLook: 2 } } as const;
    this.#plates = new InstancedLayer(plate, view);
    this.#frames = new InstancedLayer({ ...RING, source: FRAME, fields: { aBox: 4, aInk: 4, aLook: 4 } }, view);
    this.#lines = new InstancedLayer({ ...STRIP, source: LINE, fields: { aEnds: 4, aInk: 4, aWidth: 1 } }, view);
    this.#handles = new InstancedLayer(plate, view);
    this.container.addChild(this.#plates.mesh, this.#frames.mesh, this.#lines.mesh, this.#handles.mesh);
  }

  /** The boxes since `begin`, image pixels. */
  get drawn(): readonly Box[] {
    return this.#drawn;
  }

  begin(): void {
    this.#drawn = [];
    for (const list of [this.#plate, this.#frame, this.#line, this.#handle]) list.clear();
  }

  frame(box: Box, style: FrameStyle, outset = 0): void {
    const [x, y, w, h] = box;
    const [r, g, b] = style.color;
    this.#drawn.push(box);
    this.#frame.push(x, y, w, h, r, g, b, style.alpha, style.width, style.dotted ? 1 : 0, style.halo, outset);
    if (style.struck) this.#line.push(x, y + h, x + w, y, r, g, b, style.alpha, style.width);
  }

  tint(box: Box, [r, g, b]: Rgb, alpha: number): void {
    this.#drawn.push(box);
    this.#plate.push(box[0], box[1], box[2], box[3], r, g, b, alpha, 0, 0);
  }

  handles(box: Box, [r, g, b]: Rgb, grain: number): void {
    for (const handle of handlesOf(box, grain)) this.#handle.push(...handlePoint(box, handle), 0, 0, r, g, b, 1, 4.5, 1);
  }

  end(): void {
    this.#plates.fill(this.#plate);
    this.#frames.fill(this.#frame);
    this.#lines.fill(this.#line);
    this.#handles.fill(this.#handle);
  }

  destroy(): void {
    for (const layer of [this.#plates, this.#frames, this.#lines, this.#handles]) layer.destroy();
    this.container.destroy();
  }
}
