import type { Box } from '#core/geometry/box.ts';
import { partAt } from '../hit.ts';
import { adjusted, graspSelected, isLive, partCursor, type Grasp } from './adjusting.ts';
import { isDrag, type PointerInput, type Preview, type Tool, type ToolHost } from './tool.ts';

type State =
  | { readonly name: 'idle' }
  | { readonly name: 'pressed'; readonly at: PointerInput; readonly grasp: Grasp | null }
  | { readonly name: 'panning'; readonly last: PointerInput }
  | { readonly name: 'adjusting'; readonly grasp: Grasp; readonly box: Box };

const IDLE: State = { name: 'idle' };

/** A click selects; a shape is moved by its edge, the selected one also by its inside and its handles; a drag elsewhere pans. */
export class SelectTool implements Tool {
  readonly id = 'select';
  readonly #host: ToolHost;
  #state: State = IDLE;

  constructor(host: ToolHost) {
    this.#host = host;
  }

  get preview(): Preview | null {
    const s = this.#state;
    return s.name === 'adjusting' ? { kind: 'adjust', id: s.grasp.shape.id, box: s.box } : null;
  }

  down(input: PointerInput): void {
    this.#state = { name: 'pressed', at: input, grasp: graspSelected(this.#host, input) ?? this.#graspEdge(input) };
  }

  #graspEdge(input: PointerInput): Grasp | null {
    const shape = this.#host.shapeAt(input.image, input.grain);
    if (!shape || this.#host.readOnly || !isLive(shape)) return null;
    const part = partAt(shape.box, input.image, input.grain, false);
    return part?.kind === 'edge' ? { shape, part, from: input } : null;
  }

  move(input: PointerInput): void {
    const s = this.#state;
    if (s.name === 'pressed' && isDrag(s.at.screen, input.screen)) {
      if (s.grasp) {
        this.#host.select(s.grasp.shape.id);
        this.#state = { name: 'adjusting', grasp: s.grasp, box: adjusted(s.grasp, input, this.#host.image) };
      } else this.#pan(s.at, input);
    } else if (s.name === 'panning') this.#pan(s.last, input);
    else if (s.name === 'adjusting') this.#state = { ...s, box: adjusted(s.grasp, input, this.#host.image) };
  }

  #pan(from: PointerInput, to: PointerInput): void {
    this.#host.pan(to.screen[0] - from.screen[0], to.screen[1] - from.screen[1]);
    this.#state = { name: 'panning', last: to };
  }

  up(input: PointerInput): void {
    const s = this.#state;
    this.#state = IDLE;
    if (s.name === 'adjusting') this.#host.adjust(s.grasp.shape, adjusted(s.grasp, input, this.#host.image));
    else if (s.name === 'pressed') this.#host.select(this.#host.shapeAt(input.image, input.grain)?.id ?? null);
  }

  cancel(): boolean {
    const busy = this.#state.name !== 'idle';
    this.#state = IDLE;
    return busy;
  }

  cursor(input: PointerInput): string {
    if (this.#state.name === 'panning') return 'grabbing';
    const grasp = this.#state.name === 'adjusting' ? this.#state.grasp : (graspSelected(this.#host, input) ?? this.#graspEdge(input));
    return grasp ? partCursor(grasp.part) : 'default';
  }
}
