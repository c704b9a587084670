import 'pixi.js/unsafe-eval';
import 'pixi.js/mesh';
import { Container, Ticker, UniformGroup, WebGLRenderer } from 'pixi.js';
import type { Viewport } from '../editor/viewport.ts';
import { STRIP } from './boxLayers.ts';
import type { Rgb } from './color.ts';
import { FloatList, InstancedLayer, type LayerSpec } from './instances.ts';
import { DOT, LINE } from './shaders.ts';

/** Places and looks of all points. `xy` pairwise; `inks` one number per point into `palette`; `faint` ones step back. */
export interface MapScene {
  readonly xy: Float32Array;
  readonly inks: Uint16Array;
  readonly palette: readonly Rgb[];
  readonly faint: (point: number) => boolean;
  /** Rings around points, in the order in which they are drawn. */
  readonly rings: readonly { readonly points: Iterable<number>; readonly color: Rgb; readonly width: number; readonly gap: number }[];
  /** Pairs of points that are joined by a line. */
  readonly lines: { readonly pairs: readonly (readonly [number, number])[]; readonly color: Rgb };
}

const SQUARE_AROUND: Pick<LayerSpec, 'corners' | 'cornerFormat' | 'index'> = { corners: new Float32Array([-1, -1, 1, -1, 1, 1, -1, 1]), cornerFormat: 'float32x2', index: new Uint16Array([0, 1, 2, 0, 2, 3]) };
const FAINT = 0.16;
const DOT_FIELDS = { aAt: 2, aInk: 4, aLook: 2 } as const;

/** Draws the points of a map: three calls whatever their number, and only when something has changed. */
export class MapRenderer {
  readonly canvas: HTMLCanvasElement;
  readonly #pixi = new WebGLRenderer();
  readonly #stage = new Container();
  readonly #view = new UniformGroup({ uView: { value: new Float32Array([0, 0, 1, 1]), type: 'vec4<f32>' }, uScreen: { value: new Float32Array([1, 1]), type: 'vec2<f32>' } });
  readonly #size = new UniformGroup({ uSize: { value: 4, type: 'f32' } });
  readonly #lines = new InstancedLayer({ ...STRIP, source: LINE, fields: { aEnds: 4, aInk: 4, aWidth: 1 } }, this.#view);
  readonly #dots = new InstancedLayer({ ...SQUARE_AROUND, source: DOT, fields: DOT_FIELDS }, this.#view, { size: this.#size });
  readonly #rings = new InstancedLayer({ ...SQUARE_AROUND, source: DOT, fields: DOT_FIELDS }, this.#view, { size: this.#size });
  readonly #list = new FloatList();
  #frame = 0;

  private constructor(canvas: HTMLCanvasElement) {
    this.canvas = canvas;
    this.#stage.addChild(this.#lines.mesh, this.#dots.mesh, this.#rings.mesh);
  }

  /** @throws when the browser has no WebGL 2. */
  static async create(host: HTMLElement): Promise<MapRenderer> {
    // Pixi's own ticker would run for ever; its clean-up is driven by our frames instead.
    Ticker.system.autoStart = false;
    Ticker.system.stop();
    const canvas = document.createElement('canvas');
    const renderer = new MapRenderer(canvas);
    await renderer.#pixi.init({
      canvas, width: Math.max(1, host.clientWidth), height: Math.max(1, host.clientHeight), resolution: globalThis.devicePixelRatio || 1,
      autoDensity: true, antialias: false, backgroundAlpha: 0, skipExtensionImports: true,
    });
    host.prepend(canvas);
    canvas.addEventListener('webglcontextrestored', () => renderer.#invalidate());
    return renderer;
  }

  show(scene: MapScene): void {
    this.#fillDots(scene);
    this.#fillRings(scene);
    this.#fillLines(scene);
    this.canvas.dataset['points'] = String(scene.xy.length / 2);
    this.#invalidate();
  }

  /** `radius` of a point in CSS pixels. */
  look(view: Viewport, radius: number): void {
    const dpr = this.#pixi.resolution;
    this.#view.uniforms.uView.set([view.cx, view.cy, view.zoom * dpr, dpr]);
    this.#view.uniforms.uScreen.set([view.width * dpr, view.height * dpr]);
    this.#size.uniforms.uSize = radius;
    this.canvas.dataset['view'] = [view.cx, view.cy, view.zoom].join(',');
    this.#invalidate();
  }

  resize(width: number, height: number): void {
    this.#pixi.resize(Math.max(1, width), Math.max(1, height), globalThis.devicePixelRatio || 1);
    this.#invalidate();
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame);
    for (const layer of [this.#lines, this.#dots, this.#rings]) layer.destroy();
    this.canvas.remove();
    this.#pixi.destroy();
  }

  #fillDots({ xy, inks, palette, faint }: MapScene): void {
    const list = this.#list;
    list.clear();
    // What steps back is drawn first, so that it never lies over the others.
    for (const back of [true, false]) {
      for (const [point, ink] of inks.entries()) {
        if (faint(point) !== back) continue;
        const [r, g, b] = palette[ink] ?? [0.6, 0.6, 0.6];
        list.push(xy[2 * point] ?? 0, xy[2 * point + 1] ?? 0, r, g, b, back ? FAINT : 0.92, 1, 0);
      }
    }
    this.#dots.fill(list);
  }

  #fillRings({ xy, rings }: MapScene): void {
    const list = this.#list;
    list.clear();
    for (const { points, color: [r, g, b], width, gap } of rings) {
      for (const point of points) list.push(xy[2 * point] ?? 0, xy[2 * point + 1] ?? 0, r, g, b, 1, gap, width);
    }
    this.#rings.fill(list);
  }

  #fillLines({ xy, lines: { pairs, color: [r, g, b] } }: MapScene): void {
    const list = this.#list;
    list.clear();
    for (const [from, to] of pairs) list.push(xy[2 * from] ?? 0, xy[2 * from + 1] ?? 0, xy[2 * to] ?? 0, xy[2 * to + 1] ?? 0, r, g, b, 0.8, 1);
    this.#lines.fill(list);
  }

  #invalidate(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#pixi.render({ container: this.#stage });
      Ticker.system.update();
    });
  }
}
