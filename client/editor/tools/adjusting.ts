import type { Box, Size } from '#core/geometry/box.ts';
import { move, resize } from '../handles.ts';
import { partAt, type Part } from '../hit.ts';
import type { Shape } from '../shapes.ts';
import type { PointerInput, ToolHost } from './tool.ts';

/** A part of a shape that the pointer holds. */
export interface Grasp {
  readonly shape: Shape;
  readonly part: Part;
  readonly from: PointerInput;
}

/** What of the selected shape lies under the pointer, if it may be changed at all. */
export function graspSelected(host: ToolHost, input: PointerInput): Grasp | null {
  const shape = host.selected();
  if (!shape || host.readOnly || input.alt || !isLive(shape)) return null;
  const part = partAt(shape.box, input.image, input.grain, true);
  return part && { shape, part, from: input };
}

export function isLive(shape: Shape): boolean {
  return shape.state === 'kept' || shape.state === 'person';
}

/** The held shape's box with the pointer now at `to`. */
export function adjusted(grasp: Grasp, to: PointerInput, image: Size): Box {
  const dx = to.image[0] - grasp.from.image[0];
  const dy = to.image[1] - grasp.from.image[1];
  const { part, shape } = grasp;
  return part.kind === 'handle' ? resize(shape.box, part.handle, dx, dy, image) : move(shape.box, dx, dy, image);
}

export function partCursor(part: Part): string {
  if (part.kind !== 'handle') return 'move';
  const { x, y } = part.handle;
  if (x === 0) return 'ns-resize';
  if (y === 0) return 'ew-resize';
  return x === y ? 'nwse-resize' : 'nesw-resize';
}
