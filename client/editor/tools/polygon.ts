import type { Point } from '#core/geometry/polygon.ts';
import { isDrag, type PointerInput, type Sketch, type Tool, type ToolHost } from './tool.ts';

/** `held`: the button is down, since `at`; `drawn`: it has moved since then, so that a line is being drawn. */
type State =
  | { readonly name: 'idle' }
  | { readonly name: 'placing'; readonly points: readonly Point[]; readonly to: Point; readonly held: PointerInput | null; readonly drawn: boolean; readonly lasso: boolean };

const IDLE: State = { name: 'idle' };
/** CSS pixels around the first corner, and around the last, in which a click closes. */
const CLOSE_REACH = 9;
/** CSS pixels between the points of a line that is drawn. */
const LINE_STEP = 2;
const MOST_POINTS = 4000;

/** Clicks place corners, a drag draws a line; a click on the first corner, a double click or Enter closes; Backspace takes the last corner back. */
export class PolygonTool implements Tool {
  readonly id = 'polygon';
  readonly preview = null;
  readonly #host: ToolHost;
  #state: State = IDLE;
  #sketch: Sketch | null = null;

  constructor(host: ToolHost) {
    this.#host = host;
  }

  get sketch(): Sketch | null {
    return this.#sketch;
  }

  #go(state: State, closes = false): void {
    this.#state = state;
    this.#sketch = state.name === 'idle' ? null : { kind: 'outline', points: state.points, to: state.held ? null : state.to, closes };
  }

  down(input: PointerInput): void {
    if (this.#host.readOnly) return;
    const s = this.#state;
    if (s.name === 'idle') this.#go({ name: 'placing', points: [input.image], to: input.image, held: input, drawn: false, lasso: true });
    else this.#go({ ...s, held: input, drawn: false, lasso: false });
  }

  move(input: PointerInput): void {
    const s = this.#state;
    if (s.name === 'idle') return;
    if (!s.held) return this.#go({ ...s, to: input.image }, this.#closes(s.points, input));
    if (!s.drawn && !isDrag(s.held.screen, input.screen)) return;
    const last = s.points.at(-1);
    const far = !last || Math.hypot(last[0] - input.image[0], last[1] - input.image[1]) >= LINE_STEP * input.grain;
    this.#go({ ...s, drawn: true, points: far && s.points.length < MOST_POINTS ? [...s.points, input.image] : s.points });
  }

  up(input: PointerInput): void {
    const s = this.#state;
    if (s.name === 'idle' || !s.held) return;
    if (s.drawn) return s.lasso ? this.#end(s.points) : this.#go({ ...s, held: null, drawn: false, to: input.image });
    if (s.lasso) return this.#go({ ...s, held: null, lasso: false, to: input.image });
    if (this.#closes(s.points, input)) return this.#end(s.points);
    this.#go({ ...s, held: null, points: [...s.points, input.image], to: input.image });
  }

  #closes(points: readonly Point[], { image, grain }: PointerInput): boolean {
    const [first, last] = [points[0], points.at(-1)];
    if (points.length < 3 || !first || !last) return false;
    return [first, last].some(([x, y]) => Math.hypot(x - image[0], y - image[1]) <= CLOSE_REACH * grain);
  }

  #end(points: readonly Point[]): void {
    this.#go(IDLE);
    if (points.length >= 3) this.#host.outlines.fill(points);
  }

  finish(): boolean {
    const s = this.#state;
    if (s.name === 'idle') return false;
    this.#end(s.points);
    return true;
  }

  back(): boolean {
    const s = this.#state;
    if (s.name === 'idle') return false;
    if (s.points.length <= 1) this.#go(IDLE);
    else this.#go({ ...s, points: s.points.slice(0, -1), held: null, lasso: false });
    return true;
  }

  cancel(): boolean {
    const busy = this.#state.name !== 'idle';
    this.#go(IDLE);
    return busy;
  }

  cursor(): string {
    return 'crosshair';
  }
}
