import type { Point } from '#core/geometry/polygon.ts';
import type { Editor } from '../../editor/editor.ts';
import { isDrag, type PointerInput } from '../../editor/tools/tool.ts';
import { toImage } from '../../editor/viewport.ts';
import { wheelIntent } from '../../editor/wheel.ts';

export interface PointerPort {
  editor(): Editor | null;
  /** A plain right click, in CSS pixels of the element. */
  menu(at: Point): void;
}

type Held = { readonly kind: 'tool'; readonly id: number } | { readonly kind: 'pan'; readonly id: number; readonly from: Point; last: Point; moved: boolean; readonly right: boolean };

/** Mouse, pen and fingers on the canvas: the left button is the tool's, middle and right pan, two fingers pinch, the wheel zooms. */
export function bindPointer(host: HTMLElement, port: PointerPort): () => void {
  let held: Held | null = null;
  const fingers = new Map<number, Point>();
  const at = (event: MouseEvent): Point => {
    const box = host.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const input = (editor: Editor, event: MouseEvent): PointerInput => {
    const screen = at(event);
    return { screen, image: toImage(editor.view, screen), grain: 1 / editor.view.zoom, alt: event.altKey };
  };

  const down = (event: PointerEvent): void => {
    const editor = port.editor();
    if (!editor) return;
    host.setPointerCapture(event.pointerId);
    if (event.pointerType === 'touch') fingers.set(event.pointerId, at(event));
    if (fingers.size === 2) {
      editor.tool.cancel();
      held = null;
    } else if (event.button === 0 && !held && fingers.size < 2) {
      held = { kind: 'tool', id: event.pointerId };
      editor.pointerDown(input(editor, event));
    } else if ((event.button === 1 || event.button === 2) && !held) {
      event.preventDefault();
      held = { kind: 'pan', id: event.pointerId, from: at(event), last: at(event), moved: false, right: event.button === 2 };
    }
  };

  const move = (event: PointerEvent): void => {
    const editor = port.editor();
    if (!editor) return;
    if (fingers.has(event.pointerId) && fingers.size === 2) return pinch(editor, event);
    if (held?.kind === 'pan' && held.id === event.pointerId) return pan(editor, held, at(event));
    const now = input(editor, event);
    editor.pointerMove(now);
    host.style.cursor = editor.tool.cursor(now);
  };

  const pan = (editor: Editor, hold: Extract<Held, { kind: 'pan' }>, now: Point): void => {
    if (!hold.moved && !isDrag(hold.from, now)) return;
    hold.moved = true;
    host.style.cursor = 'grabbing';
    editor.pan(now[0] - hold.last[0], now[1] - hold.last[1]);
    hold.last = now;
  };

  const pinch = (editor: Editor, event: PointerEvent): void => {
    const [a, b] = [...fingers.values()];
    const before = fingers.get(event.pointerId);
    const other = before === a ? b : a;
    if (!before || !other) return;
    const now = at(event);
    fingers.set(event.pointerId, now);
    editor.pan((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
    const centre: Point = [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2];
    editor.zoom(centre, distance(now, other) / Math.max(1, distance(before, other)));
  };

  const up = (event: PointerEvent): void => {
    fingers.delete(event.pointerId);
    const editor = port.editor();
    const hold = held;
    if (!hold || hold.id !== event.pointerId) return;
    held = null;
    host.style.cursor = '';
    if (!editor) return;
    if (hold.kind === 'tool') editor.pointerUp(input(editor, event));
    else if (hold.right && !hold.moved && !editor.pointerSecondary(input(editor, event))) port.menu(at(event));
  };

  const abort = (event: PointerEvent): void => {
    fingers.delete(event.pointerId);
    if (held?.id !== event.pointerId) return;
    held = null;
    port.editor()?.tool.cancel();
  };

  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const editor = port.editor();
    const intent = wheelIntent(event);
    if (intent.kind === 'zoom') editor?.zoom(at(event), intent.factor);
    else editor?.pan(intent.dx, intent.dy);
  };
  const leave = (): void => {
    if (!held) port.editor()?.pointerLeave();
  };
  const quiet = (event: Event): void => event.preventDefault();

  const ends = new AbortController();
  const { signal } = ends;
  host.addEventListener('pointerdown', down, { signal });
  host.addEventListener('pointermove', move, { signal });
  host.addEventListener('pointerup', up, { signal });
  host.addEventListener('pointercancel', abort, { signal });
  host.addEventListener('pointerleave', leave, { signal });
  host.addEventListener('wheel', wheel, { signal, passive: false });
  host.addEventListener('contextmenu', quiet, { signal });
  return () => ends.abort();
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}
