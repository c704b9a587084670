import { BufferImageSource, Container, type UniformGroup, UniformGroup as Uniforms } from 'pixi.js';
import { fromCorners, toCorners, type Box, type Size } from '#core/geometry/box.ts';
import { SPARK_SIZE } from '#core/segmentation/spark.ts';
import type { PreviewField } from '../spark/messages.ts';
import type { Rgb } from './color.ts';
import { FloatList, InstancedLayer, SQUARE } from './instances.ts';
import { MASK } from './shaders.ts';
import type { MaskStyle } from './style.ts';

interface Slot {
  readonly layer: InstancedLayer;
  readonly source: BufferImageSource;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly clock: Uniforms;
  field: PreviewField;
  /** Where it is seen, image pixels; null = nowhere. */
  rect: Box | null;
}

const FIELDS = { aRect: 4, aTex: 4, aInk: 4, aFade: 2 } as const;
/** As the server clips it: the box grown by a tenth on each side. */
const CLIP = 0.1;

/** Masks that are still being drawn. Their logits are a texture of 128 × 128: the graphics card enlarges them, so that a new one costs 16 kB and no loop. */
export class PreviewLayer {
  readonly container = new Container();
  readonly #view: UniformGroup;
  readonly #slots = new Map<string, Slot>();

  constructor(view: UniformGroup) {
    this.#view = view;
  }

  field(key: string): PreviewField | null {
    return this.#slots.get(key)?.field ?? null;
  }
  /** The parts of the picture on which something is seen, image pixels. */
  get drawn(): Box[] {
    return [...this.#slots.values()].flatMap(({ rect }) => (rect ? [rect] : []));
  }
  keys(): IterableIterator<string> {
    return this.#slots.keys();
  }

  set(key: string, field: PreviewField): void {
    const slot = this.#slots.get(key) ?? this.#add(key, field);
    slot.field = field;
    slot.bytes.set(field.field);
    slot.source.update();
  }

  clear(key?: string): void {
    for (const [name, { layer, source }] of this.#slots) {
      if (key !== undefined && name !== key) continue;
      layer.mesh.removeFromParent();
      layer.destroy();
      source.destroy();
      this.#slots.delete(name);
    }
  }

  /** Draws one of them, or none of it where `look` is null. */
  show(key: string, look: { color: Rgb; style: MaskStyle; image: Size; zoom: number } | null): void {
    const slot = this.#slots.get(key);
    if (!slot) return;
    const rect = look && clipped(slot.field, look.image);
    slot.layer.mesh.visible = rect !== null;
    slot.rect = rect;
    if (!rect) return;
    const { crop } = slot.field;
    const texels = SPARK_SIZE / crop.side;
    const values = new FloatList();
    values.push(...rect, (rect[0] - crop.x) * texels, (rect[1] - crop.y) * texels, rect[2] * texels, rect[3] * texels, ...look.color, look.style.fill, look.style.edge, 0);
    slot.layer.fill(values);
    slot.clock.uniforms['uStep'] = texels / look.zoom;
  }

  #add(key: string, field: PreviewField): Slot {
    const bytes = new Uint8Array(SPARK_SIZE * SPARK_SIZE);
    const source = new BufferImageSource({ resource: bytes, width: SPARK_SIZE, height: SPARK_SIZE, format: 'r8unorm', scaleMode: 'linear', alphaMode: 'no-premultiply-alpha' });
    const size = new Uniforms({ uPage: { value: new Float32Array([SPARK_SIZE, SPARK_SIZE]), type: 'vec2<f32>' } });
    // Never fades (it was born long ago), never in squares.
    const clock = new Uniforms({ uNow: { value: 1e6, type: 'f32' }, uSharp: { value: 0, type: 'f32' }, uStep: { value: 1, type: 'f32' } });
    const layer = new InstancedLayer({ ...SQUARE, source: MASK, fields: FIELDS }, this.#view, { clock, size, uTexture: source, uSampler: source.style });
    this.container.addChild(layer.mesh);
    const slot: Slot = { layer, source, bytes, clock, field, rect: null };
    this.#slots.set(key, slot);
    return slot;
  }
}

/** The part of the picture in which the mask may lie; null when nothing of it is in the picture. */
function clipped({ box, crop }: PreviewField, image: Size): Box | null {
  const [x, y, w, h] = box;
  const x1 = Math.max(0, crop.x, x - CLIP * w);
  const y1 = Math.max(0, crop.y, y - CLIP * h);
  const [bx, by] = toCorners([crop.x, crop.y, crop.side, crop.side]).slice(2);
  const x2 = Math.min(image.width, bx ?? 0, x + (1 + CLIP) * w);
  const y2 = Math.min(image.height, by ?? 0, y + (1 + CLIP) * h);
  return x2 > x1 && y2 > y1 ? fromCorners(x1, y1, x2, y2) : null;
}
