import type { ClassDto } from '#core/api/project.ts';
import type { Editor } from '../editor/editor.ts';
import type { Drawing, Mark } from './sketchLayer.ts';

/** What of clicks and sketches is to be seen now: the clicks of the selected and the hovered, with the points tool those of all. */
export function drawingOf(editor: Editor, classes: readonly ClassDto[]): Drawing {
  const selected = editor.selected();
  const index = selected?.class ?? editor.desk.classIndex;
  const color = classes.find((c) => c.index === index)?.color ?? '#cccccc';
  if (editor.hidden) return { marks: [], sketch: null, tip: null, color };
  return { marks: marksOf(editor), sketch: editor.sketch, tip: editor.tip, color };
}

function marksOf(editor: Editor): Mark[] {
  const selected = editor.selected();
  const shown = editor.desk.tool === 'points' ? editor.derived.shapes : [editor.shape(editor.hovered), selected].filter((s) => s !== null);
  return [...new Set(shown)].flatMap((shape) => (shape.points ?? []).map(([x, y, label]) => ({ at: [x, y] as const, positive: label === 1, strong: shape.id === selected?.id })));
}
