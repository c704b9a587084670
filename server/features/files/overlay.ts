/** Boxes and masks drawn over a picture, pixel by pixel: no SVG and no text, so no name can ever be run. */
import sharp from 'sharp';
import type { Instance } from '#core/annotation/schema.ts';
import { pixelBounds, type Size } from '#core/geometry/box.ts';
import { decode } from '#core/geometry/rle.ts';
import type { ClassLook } from './annotations.ts';

const MASK_ALPHA = 90;

/** PNG of the picture's own size. `picture`: path of the upright 8-bit rendition. */
export async function drawOverlay(picture: string, size: Size, instances: readonly Instance[], classes: readonly ClassLook[]): Promise<Buffer> {
  const layer = Buffer.alloc(size.width * size.height * 4);
  const line = Math.max(1, Math.round(Math.max(size.width, size.height) / 600));
  for (const instance of instances) if (instance.mask) fill(layer, decode(instance.mask), colorOf(classes[instance.class]?.color));
  for (const instance of instances) frame(layer, instance, size, line, colorOf(classes[instance.class]?.color));
  return sharp(picture, { failOn: 'none' }).toColourspace('srgb').removeAlpha()
    .composite([{ input: layer, raw: { width: size.width, height: size.height, channels: 4 } }]).png({ compressionLevel: 6 }).toBuffer();
}

type Color = readonly [number, number, number];

function colorOf(hex: string | undefined): Color {
  const value = /^#[0-9a-fA-F]{6}$/.test(hex ?? '') ? Number.parseInt((hex ?? '').slice(1), 16) : 0x999999;
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function put(layer: Buffer, at: number, color: Color, alpha: number): void {
  layer[at] = color[0];
  layer[at + 1] = color[1];
  layer[at + 2] = color[2];
  layer[at + 3] = alpha;
}

function fill(layer: Buffer, bitmap: Uint8Array, color: Color): void {
  const pixels = Math.min(bitmap.length, layer.length / 4);
  for (let i = 0; i < pixels; i++) if (bitmap[i]) put(layer, 4 * i, color, MASK_ALPHA);
}

function frame(layer: Buffer, instance: Instance, size: Size, line: number, color: Color): void {
  const bounds = pixelBounds(instance.box, size);
  if (!bounds) return;
  const [x0, y0, w, h] = bounds;
  for (let y = 0; y < h; y++) {
    const edge = y < line || y >= h - line;
    for (let x = 0; x < w; x++) {
      if (!edge && x === line && w > 2 * line) x = w - line;
      put(layer, 4 * ((y0 + y) * size.width + x0 + x), color, 255);
    }
  }
}
