import 'pixi.js/unsafe-eval';
import 'pixi.js/mesh';
import { Container, Ticker, UniformGroup, WebGLRenderer } from 'pixi.js';
import type { ClassDto } from '#core/api/project.ts';
import type { PictureLook } from '../editor/desk.ts';
import type { Editor, Peer } from '../editor/editor.ts';
import { Glide } from '../editor/glide.ts';
import type { Shape } from '../editor/shapes.ts';
import type { PreviewField } from '../spark/messages.ts';
import { isLive } from '../editor/tools/adjusting.ts';
import { SHARP_ZOOM } from '../editor/viewport.ts';
import { BoxLayers } from './boxLayers.ts';
import { Damage, type Part } from './damage.ts';
import { drawingOf } from './drawing.ts';
import { parseColor, type Rgb } from './color.ts';
import { MaskLayer } from './maskLayer.ts';
import { PictureLayer } from './pictureLayer.ts';
import { PreviewLayer } from './previewLayer.ts';
import { PreviewPainter } from './previewPainter.ts';
import { SketchLayer } from './sketchLayer.ts';
import { classColors, frameStyle, maskStyle } from './style.ts';
import { TagLayer } from './tagLayer.ts';
import { cursorsOf, tagsOf } from './words.ts';

/** Milliseconds of one frame that unpacking masks may take. */
const PUMP_MS = 8;

/** Draws one editor. Reads it, never changes it; draws when something has changed, and then once. */
export class EditorRenderer {
  readonly canvas: HTMLCanvasElement;
  readonly #tags = new TagLayer();
  readonly #sketches = new SketchLayer();
  readonly #glide = new Glide();
  readonly #pixi = new WebGLRenderer();
  readonly #stage = new Container();
  readonly #view = new UniformGroup({ uView: { value: new Float32Array([0, 0, 1, 1]), type: 'vec4<f32>' }, uScreen: { value: new Float32Array([1, 1]), type: 'vec2<f32>' } });
  readonly #picture = new PictureLayer(this.#view);
  readonly #masks = new MaskLayer(this.#view);
  readonly #previews = new PreviewLayer(this.#view);
  readonly #painter = new PreviewPainter(this.#previews);
  readonly #boxes: BoxLayers;
  readonly #top: BoxLayers;
  readonly #still = matchMedia('(prefers-reduced-motion: reduce)');
  #editor: Editor | null = null;
  #classes: readonly ClassDto[] = [];
  #colorOf: (index: number) => Rgb = classColors([]);
  #ends: (() => void)[] = [];
  #frame = 0;
  readonly #damage = new Damage();
  /** Shapes that step back, so that the others are seen. */
  #dimmed: ReadonlySet<string> = new Set();
  /** What the large layers were last filled from; they are filled again only when one of these has changed. */
  #boxesOf: readonly unknown[] = [];
  #masksOf: readonly unknown[] = [];

  private constructor(canvas: HTMLCanvasElement) {
    this.canvas = canvas;
    this.#boxes = new BoxLayers(this.#view);
    this.#top = new BoxLayers(this.#view);
    this.#stage.addChild(this.#picture.container, this.#masks.container, this.#previews.container, this.#boxes.container, this.#top.container);
  }

  /** @throws when the browser has no WebGL 2. */
  static async create(host: HTMLElement): Promise<EditorRenderer> {
    // Pixi's own ticker would run for ever; its clean-up is driven by our frames instead.
    Ticker.system.autoStart = false;
    Ticker.system.stop();
    const canvas = document.createElement('canvas');
    const renderer = new EditorRenderer(canvas);
    await renderer.#pixi.init({
      canvas, width: Math.max(1, host.clientWidth), height: Math.max(1, host.clientHeight), resolution: globalThis.devicePixelRatio || 1,
      autoDensity: true, antialias: false, backgroundAlpha: 0, skipExtensionImports: true,
      // What is not drawn again stays (damage.ts).
      preserveDrawingBuffer: true,
    });
    host.append(canvas, renderer.#sketches.root, renderer.#tags.root);
    canvas.addEventListener('webglcontextrestored', () => renderer.#invalidate());
    // Every shader is compiled now: the first box must not wait for it.
    renderer.#masks.warm();
    renderer.#pixi.render({ container: renderer.#stage });
    return renderer;
  }

  destroy(): void {
    this.show(null);
    cancelAnimationFrame(this.#frame);
    this.#picture.clear();
    this.#masks.clear();
    this.#previews.clear();
    this.#boxes.destroy();
    this.#top.destroy();
    this.#tags.root.remove();
    this.#sketches.root.remove();
    this.canvas.remove();
    this.#pixi.destroy();
  }

  /** Draws this editor from now on. */
  show(editor: Editor | null): void {
    for (const end of this.#ends) end();
    this.#ends = [];
    this.#editor = editor;
    this.#masks.clear();
    this.#previews.clear();
    this.#boxesOf = [];
    this.#masksOf = [];
    if (editor) {
      this.#masks.take(editor.derived.shapes);
      this.#ends = [
        editor.events.on('scene', () => {
          this.#masks.take(editor.derived.shapes);
          this.#invalidate();
        }),
        editor.events.on('overlay', () => this.#invalidate('overlay')),
        editor.events.on('view', () => this.#invalidate()),
        // The brush's tip follows the pointer without the picture being drawn again.
        editor.events.on('pointer', () => this.#sketches.show(drawingOf(editor, this.#classes), editor.view)),
      ];
    }
    this.#invalidate();
  }

  /** The picture, or a smaller stand-in for it, or nothing. */
  async setPicture(bitmap: ImageBitmap | null, size: { width: number; height: number }): Promise<void> {
    await this.#picture.show(bitmap, size);
    this.#invalidate();
  }

  /** A mask for a box that is being drawn: by this person (`mine`) or by a colleague (`peer:` and the number of their connection). */
  setPreview(key: string, field: PreviewField): void {
    this.#previews.set(key, field);
    this.#invalidate('overlay');
  }

  setClasses(classes: readonly ClassDto[]): void {
    this.#classes = classes;
    this.#colorOf = classColors(classes);
    this.#invalidate();
  }

  /** These shapes are drawn faintly and without masks, unless selected or hovered. */
  setDimmed(ids: ReadonlySet<string>): void {
    this.#dimmed = ids;
    this.#invalidate();
  }

  setLook(look: PictureLook): void {
    this.#picture.setLook(look);
    this.#invalidate();
  }

  resize(width: number, height: number): void {
    this.#pixi.resize(Math.max(1, width), Math.max(1, height), globalThis.devicePixelRatio || 1);
    this.#invalidate();
  }

  #invalidate(what: 'all' | 'overlay' = 'all'): void {
    if (what === 'all') this.#damage.all();
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    this.#frame = 0;
    const editor = this.#editor;
    if (!editor) {
      this.#showLayers(false, false);
      this.#tags.show([], [], { cx: 0, cy: 0, zoom: 1, width: 1, height: 1 });
      this.#sketches.show({ marks: [], sketch: null, tip: null, color: '' }, { cx: 0, cy: 0, zoom: 1, width: 1, height: 1 });
      this.#pixi.render({ container: this.#stage });
      return;
    }
    this.#showLayers(true, !editor.hidden);
    const waiting = this.#masks.pump(performance.now() + PUMP_MS, this.#still.matches);
    const peers = this.#glide.step(editor.peers, performance.now(), this.#still.matches);
    this.#place(editor, peers.peers);
    if (this.#fillBoxes(editor) || editor.hidden) this.#damage.all();
    if (this.#fillMasks(editor) || peers.peers.length > 0) this.#damage.all();
    this.#fillTop(editor, peers.peers);
    const lasting = this.#painter.paint(editor, this.#colorOf, performance.now());
    const sharp = editor.view.zoom >= SHARP_ZOOM;
    this.#picture.setSharp(sharp);
    const fading = this.#masks.tick(editor.view.zoom, sharp);
    this.#render(this.#damage.take([...this.#top.drawn, ...this.#previews.drawn], editor.view, this.#pixi.resolution));
    Ticker.system.update();
    if (waiting || fading || lasting || peers.moving) this.#invalidate();
  }

  /** Pixi neither knows nor touches the scissor. */
  #render(part: Part | null): void {
    const { gl } = this.#pixi;
    if (part) {
      gl.enable(gl.SCISSOR_TEST);
      gl.scissor(...part);
    }
    this.#pixi.render({ container: this.#stage });
    gl.disable(gl.SCISSOR_TEST);
  }

  #showLayers(picture: boolean, shapes: boolean): void {
    this.#picture.container.visible = picture;
    for (const layer of [this.#masks, this.#previews, this.#boxes, this.#top]) layer.container.visible = shapes;
  }

  #place(editor: Editor, peers: readonly Peer[]): void {
    const { view } = editor;
    const dpr = this.#pixi.resolution;
    const { uniforms } = this.#view;
    uniforms.uView.set([view.cx, view.cy, view.zoom * dpr, dpr]);
    uniforms.uScreen.set([view.width * dpr, view.height * dpr]);
    this.canvas.dataset['view'] = [view.cx, view.cy, view.zoom].join(',');
    this.canvas.dataset['task'] = editor.task.id;
    this.canvas.dataset['shapes'] = String(editor.derived.listed.length);
    this.#tags.show(tagsOf(editor, this.#classes), editor.hidden ? [] : cursorsOf(peers), view);
    this.#sketches.show(drawingOf(editor, this.#classes), view);
  }

  /** The plain look of every shape; the selected and the hovered are drawn once more, on top. True when it has changed. */
  #fillBoxes(editor: Editor): boolean {
    const moving = editor.preview?.kind === 'adjust' ? editor.preview.id : null;
    if (!changed(this.#boxesOf, (this.#boxesOf = [editor.derived, this.#colorOf, moving, this.#dimmed]))) return false;
    this.#boxes.begin();
    for (const shape of editor.derived.shapes) {
      if (shape.id !== moving) this.#boxes.frame(shape.box, frameStyle(shape, this.#colorOf(shape.class), false, false, this.#dimmed.has(shape.id)));
    }
    this.#boxes.end();
    return true;
  }

  /** True when they have changed. */
  #fillMasks(editor: Editor): boolean {
    const moving = editor.preview?.kind === 'adjust' ? editor.preview.id : null;
    const selected = editor.selected()?.id;
    const { hovered, desk, derived } = editor;
    if (!changed(this.#masksOf, (this.#masksOf = [derived, this.#colorOf, moving, selected, hovered, desk.masks, this.#masks.packed, this.#dimmed]))) return false;
    this.#masks.fill(derived.shapes, (s) => (s.id === moving ? null : maskStyle(s, desk.masks && !this.#dimmed.has(s.id), s.id === selected, s.id === hovered)), this.#colorOf);
    return true;
  }

  #fillTop(editor: Editor, peers: readonly Peer[]): void {
    const layer = this.#top;
    const selected = editor.selected();
    const hovered = editor.shape(editor.hovered);
    const { preview } = editor;
    layer.begin();
    this.#drawPeers(editor, peers);
    if (hovered && hovered !== selected) layer.frame(hovered.box, frameStyle(hovered, this.#colorOf(hovered.class), false, true));
    if (selected) this.#drawSelected(editor, selected, preview?.kind === 'adjust' && preview.id === selected.id ? preview.box : selected.box);
    if (preview?.kind === 'draw') {
      const color = this.#colorOf(editor.desk.classIndex);
      layer.tint(preview.box, color, 0.14);
      layer.frame(preview.box, { color, alpha: 1, width: 2, dotted: false, halo: 0.7, struck: false });
    }
    layer.end();
  }

  #drawSelected(editor: Editor, shape: Shape, box: Shape['box']): void {
    const color = this.#colorOf(shape.class);
    const live = isLive(shape);
    if (live && !shape.mask) this.#top.tint(box, color, 0.08);
    for (const id of shape.of ?? []) {
      const ghost = editor.shape(id);
      if (ghost) this.#top.frame(ghost.box, frameStyle(ghost, color, true, false));
    }
    this.#top.frame(box, frameStyle(shape, color, true, false));
    const held = editor.desk.tool === 'select' || editor.desk.tool === 'box';
    if (live && held && !editor.readOnly) this.#top.handles(box, color, 1 / editor.view.zoom);
  }

  #drawPeers(editor: Editor, peers: readonly Peer[]): void {
    const own = editor.selected()?.id;
    const rings = new Map<string, number>();
    for (const peer of peers) {
      const style = { color: parseColor(peer.color), alpha: 1, width: 2, dotted: false, halo: 0.6, struck: false };
      for (const id of peer.selection ?? []) {
        const shape = editor.shape(id);
        const ring = rings.get(id) ?? 0;
        rings.set(id, ring + 1);
        if (shape) this.#top.frame(shape.box, style, peerOutset(id === own, ring));
      }
      if (peer.drawing) {
        this.#top.tint(peer.drawing, style.color, 0.12);
        this.#top.frame(peer.drawing, style);
      }
    }
  }
}

/** CSS pixels by which a colleague's frame lies outside of the box: clear of its own line, of the handles where this person has it selected too, and of the `ring` colleagues before. */
function peerOutset(own: boolean, ring: number): number {
  return (own ? 8 : 4) + ring * 5;
}

function changed(before: readonly unknown[], now: readonly unknown[]): boolean {
  return before.length !== now.length || now.some((value, i) => value !== before[i]);
}
