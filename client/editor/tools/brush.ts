import type { Point } from '#core/geometry/polygon.ts';
import type { PointerInput, Sketch, Tool, ToolHost } from './tool.ts';

/** CSS pixels between the points of a stroke. */
const STEP = 1.5;
const MOST_POINTS = 4000;

/** A drag paints onto the selected mask, or begins a new one; with Alt, or switched over, it erases. One stroke is one act. */
export class BrushTool implements Tool {
  readonly id = 'brush';
  readonly preview = null;
  readonly #host: ToolHost;
  #stroke: Extract<Sketch, { kind: 'stroke' }> | null = null;

  constructor(host: ToolHost) {
    this.#host = host;
  }

  get sketch(): Sketch | null {
    return this.#stroke;
  }

  down(input: PointerInput): void {
    if (this.#host.readOnly) return;
    const { diameter, erasing } = this.#host.brush;
    this.#stroke = { kind: 'stroke', points: [input.image], diameter, erases: erasing !== input.alt };
  }

  move({ image, grain }: PointerInput): void {
    const stroke = this.#stroke;
    const last: Point | undefined = stroke?.points.at(-1);
    if (!stroke || !last || stroke.points.length >= MOST_POINTS || Math.hypot(last[0] - image[0], last[1] - image[1]) < STEP * grain) return;
    this.#stroke = { ...stroke, points: [...stroke.points, image] };
  }

  up(): void {
    const stroke = this.#stroke;
    this.#stroke = null;
    if (stroke) this.#host.outlines.stroke(stroke.points, stroke.diameter, stroke.erases);
  }

  cancel(): boolean {
    const busy = this.#stroke !== null;
    this.#stroke = null;
    return busy;
  }

  /** The ring of its size is the cursor. */
  cursor(): string {
    return this.#host.readOnly ? 'default' : 'none';
  }
}
