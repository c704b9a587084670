import { sameBox } from '#core/annotation/merge.ts';
import type { Editor } from '../editor/editor.ts';
import { parseColor, type Rgb } from './color.ts';
import type { PreviewLayer } from './previewLayer.ts';
import type { MaskStyle } from './style.ts';

const STYLE: MaskStyle = { fill: 0.24, edge: 0.9 };
/** The server's mask fades in; until it is all there, the preview stays under it. Milliseconds. */
const OVERLAP_MS = 130;

/** Decides which previews are seen: of boxes in the making, and of finished ones until their mask has come. */
export class PreviewPainter {
  readonly #layer: PreviewLayer;
  /** When a finished box was last seen without a mask. */
  readonly #bare = new Map<string, number>();

  constructor(layer: PreviewLayer) {
    this.#layer = layer;
  }

  /** True when it must be painted again soon, since a preview is about to give way. */
  paint(editor: Editor, colorOf: (index: number) => Rgb, now: number): boolean {
    let lasting = false;
    for (const key of [...this.#layer.keys()]) {
      const color = this.#making(editor, key, colorOf);
      const left = color ? null : this.#finished(editor, key, colorOf, now);
      lasting ||= left?.lasting ?? false;
      const ink = color ?? left?.color;
      this.#layer.show(key, ink ? { color: ink, style: STYLE, image: editor.image, zoom: editor.view.zoom } : null);
    }
    return lasting;
  }

  #making(editor: Editor, key: string, colorOf: (index: number) => Rgb): Rgb | null {
    const { preview } = editor;
    if (key === 'mine' && preview?.kind === 'adjust' && editor.shape(preview.id)?.kind === 'freeform') return null;
    if (key === 'mine') return preview && colorOf(preview.kind === 'draw' ? editor.desk.classIndex : (editor.shape(preview.id)?.class ?? editor.desk.classIndex));
    const peer = editor.peers.find(({ client }) => key === `peer:${client}`);
    return peer?.drawing ? parseColor(peer.color) : null;
  }

  #finished(editor: Editor, key: string, colorOf: (index: number) => Rgb, now: number): { color: Rgb; lasting: boolean } | null {
    const field = this.#layer.field(key);
    const shape = field && editor.derived.listed.find((s) => s.state === 'person' && sameBox(s.box, field.box));
    if (!shape) return null;
    if (!shape.mask) {
      this.#bare.set(key, now);
      return { color: colorOf(shape.class), lasting: false };
    }
    if (now - (this.#bare.get(key) ?? -Infinity) < OVERLAP_MS) return { color: colorOf(shape.class), lasting: true };
    return null;
  }
}
