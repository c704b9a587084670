import type { ClassDto } from '#core/api/project.ts';
import type { Editor, Peer } from '../editor/editor.ts';
import type { Shape } from '../editor/shapes.ts';
import { toScreen } from '../editor/viewport.ts';
import { inkOn } from './color.ts';
import type { Cursor, Tag } from './tagLayer.ts';

/** More words than this would hide the picture. */
const MOST_TAGS = 120;
/** CSS pixels: an unsure box smaller than this shows no words of its own. */
const LEAST_SIDE = 14;

/** `.41`, without the zero that says nothing. */
export function scoreText(score: number): string {
  return score >= 0.995 ? '1.0' : score.toFixed(2).replace(/^0/, '');
}

/** Words for the selected, the hovered and the unsure within sight. */
export function tagsOf(editor: Editor, classes: readonly ClassDto[]): Tag[] {
  if (editor.hidden) return [];
  const selected = editor.selected();
  const hovered = editor.shape(editor.hovered);
  const weak = weakShapes(editor, selected);
  const preview = editor.preview;
  // The hovered one last: what stands already keeps its place under the pointer.
  return [...new Set([selected, ...weak, hovered])].filter((shape) => shape !== null).map((shape) => ({
    ...tagOf(shape, editor, classes),
    strong: shape === selected,
    must: shape === selected || shape === hovered,
    box: preview?.kind === 'adjust' && preview.id === shape.id ? preview.box : shape.box,
  }));
}

/** The unsure, and those whose mask is being made, as far as they are in sight. */
function weakShapes(editor: Editor, besides: Shape | null): Shape[] {
  const found: Shape[] = [];
  for (const shape of editor.derived.listed) {
    if (found.length === MOST_TAGS) break;
    if ((shape.unsure || editor.maskWork.has(shape.id)) && shape !== besides && inSight(editor, shape)) found.push(shape);
  }
  return found;
}

function inSight(editor: Editor, shape: Shape): boolean {
  const { view } = editor;
  const [x, y, w, h] = shape.box;
  if (Math.max(w, h) * view.zoom < LEAST_SIDE) return false;
  const [left, top] = toScreen(view, [x, y]);
  const [right, bottom] = toScreen(view, [x + w, y + h]);
  return right > 0 && bottom > 0 && left < view.width && top < view.height;
}

function tagOf(shape: Shape, editor: Editor, classes: readonly ClassDto[]): Omit<Tag, 'box' | 'strong' | 'must'> {
  const found = classes.find((c) => c.index === shape.class);
  const ghost = shape.state === 'ghost';
  const color = ghost ? '#23272e' : shape.state === 'rejected' ? '#8d95a1' : (found?.color ?? '#cccccc');
  const what = shape.state === 'person' ? '✎' : ghost ? 'replaced' : shape.state === 'rejected' ? 'rejected' : shape.score === undefined ? '' : `${scoreText(shape.score)}${shape.unsure ? ' !' : ''}`;
  const twice = shape.duplicates.length > 0 ? ` ×${shape.duplicates.length + 1}` : '';
  return { key: shape.id, text: `${found?.name ?? `class ${shape.class}`} ${what}${twice}`, color, ink: ghost ? '#b9c0ca' : inkOn(color), ghost, working: editor.maskWork.get(shape.id) === 'working' };
}

export function cursorsOf(peers: readonly Peer[]): Cursor[] {
  return peers.flatMap((peer) =>
    peer.cursor ? [{ key: `peer-${peer.client}`, name: peer.name, color: peer.color, ink: inkOn(peer.color), at: peer.cursor }] : [],
  );
}
