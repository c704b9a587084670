import { Container, ImageSource, type UniformGroup, UniformGroup as Uniforms } from 'pixi.js';
import type { PictureLook } from '../editor/desk.ts';
import { PICTURE } from './shaders.ts';
import { InstancedLayer, SQUARE } from './instances.ts';

/** A side longer than this is cut into tiles: what every GPU takes as one texture. */
const TILE = 4096;

interface Tile {
  readonly layer: InstancedLayer;
  readonly source: ImageSource;
}

/** The picture itself, in one texture or several tiles, with its look applied on the GPU. */
export class PictureLayer {
  readonly container = new Container();
  readonly #view: UniformGroup;
  readonly #look = new Uniforms({ uLook: { value: new Float32Array([0, 1, 1, 0]), type: 'vec4<f32>' }, uSharp: { value: 0, type: 'f32' } });
  #tiles: Tile[] = [];
  #turn = 0;

  constructor(view: UniformGroup) {
    this.#view = view;
  }

  /** `size` is the image's own: a smaller stand-in (its thumbnail) is stretched over it. A later call wins over an earlier one. */
  async show(bitmap: ImageBitmap | null, size: { width: number; height: number }): Promise<void> {
    const turn = ++this.#turn;
    const next = bitmap ? await this.#cut(bitmap, size) : [];
    if (turn !== this.#turn) return drop(next);
    this.clear();
    this.#tiles = next;
    for (const tile of next) this.container.addChild(tile.layer.mesh);
  }

  async #cut(bitmap: ImageBitmap, size: { width: number; height: number }): Promise<Tile[]> {
    if (bitmap.width <= TILE && bitmap.height <= TILE) return [this.#tile(bitmap, [0, 0, size.width, size.height])];
    const tiles: Tile[] = [];
    for (let y = 0; y < bitmap.height; y += TILE) {
      for (let x = 0; x < bitmap.width; x += TILE) {
        const [w, h] = [Math.min(TILE, bitmap.width - x), Math.min(TILE, bitmap.height - y)];
        tiles.push(this.#tile(await createImageBitmap(bitmap, x, y, w, h), [x, y, w, h]));
      }
    }
    return tiles;
  }

  #tile(bitmap: ImageBitmap, rect: readonly [number, number, number, number]): Tile {
    const source = new ImageSource({ resource: bitmap, scaleMode: 'linear', autoGenerateMipmaps: true, alphaMode: 'premultiply-alpha-on-upload' });
    const place = new Uniforms({ uRect: { value: new Float32Array(rect), type: 'vec4<f32>' } });
    const resources = { look: this.#look, place, uTexture: source, uSampler: source.style };
    const layer = new InstancedLayer({ ...SQUARE, source: PICTURE, fields: {} }, this.#view, resources);
    return { layer, source };
  }

  setLook(look: PictureLook): void {
    this.#look.uniforms.uLook.set([look.brightness, look.contrast, 1 / look.gamma, look.invert ? 1 : 0]);
  }
  setSharp(sharp: boolean): void {
    this.#look.uniforms.uSharp = sharp ? 1 : 0;
  }

  clear(): void {
    drop(this.#tiles);
    this.#tiles = [];
  }
}

function drop(tiles: readonly Tile[]): void {
  for (const { layer, source } of tiles) {
    layer.mesh.removeFromParent();
    layer.destroy();
    source.destroy();
  }
}
