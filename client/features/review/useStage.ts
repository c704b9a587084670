import { computed, onBeforeUnmount, onMounted, ref, shallowRef, watch, type Ref } from 'vue';
import type { ReviewDetail } from '#core/api/review.ts';
import type { ClassDto } from '#core/api/project.ts';
import type { Point } from '#core/geometry/polygon.ts';
import { PLAIN_DESK } from '../../editor/desk.ts';
import type { Editor } from '../../editor/editor.ts';
import { isDrag } from '../../editor/tools/tool.ts';
import { toImage, toScreen, type Viewport } from '../../editor/viewport.ts';
import { EditorRenderer } from '../../renderer/renderer.ts';
import { bindPointer } from '../correct/index.ts';
import { changesOf } from './changes.ts';
import { openSides, type Side, type Sides } from './pair.ts';

/** The picture with one side of the outcome on it; both sides share the place and the zoom. */
export function useStage(host: Ref<HTMLElement | null>, source: { detail: Ref<ReviewDetail | null>; classes: Ref<readonly ClassDto[]>; picture: (image: string) => Promise<ImageBitmap> }) {
  const renderer = shallowRef<EditorRenderer | null>(null);
  const failed = ref(false);
  const pictureFailed = ref(false);
  const sides = shallowRef<Sides | null>(null);
  const side = ref<Side>('after');
  const view = shallowRef<Viewport | null>(null);
  const selected = ref<string | null>(null);
  const desk = { ...PLAIN_DESK, tool: 'select' } as const;
  const size = (): { width: number; height: number } => ({ width: host.value?.clientWidth || 800, height: host.value?.clientHeight || 600 });
  const shown = computed<Editor | null>(() => sides.value?.[side.value] ?? null);
  const difference = computed(() => (sides.value ? changesOf(sides.value.after.derived) : null));
  let ends: (() => void)[] = [];
  let gone = false;

  onMounted(async () => {
    const element = host.value;
    if (!element) return;
    try {
      const made = await EditorRenderer.create(element);
      if (gone) return made.destroy();
      renderer.value = made;
    } catch {
      failed.value = true;
      return;
    }
    const unbind = bindPointer(element, { editor: () => shown.value, menu: () => undefined });
    const observer = new ResizeObserver(() => { fitTo(); });
    observer.observe(element);
    ends.push(unbind, () => { observer.disconnect(); });
  });
  onBeforeUnmount(() => {
    gone = true;
    for (const end of ends) end();
    ends = [];
    renderer.value?.destroy();
    sides.value?.destroy();
  });

  function fitTo(): void {
    const now = size();
    renderer.value?.resize(now.width, now.height);
    sides.value?.before.resize(now);
    sides.value?.after.resize(now);
  }

  watch(() => source.detail.value?.revision.id, () => {
    const detail = source.detail.value;
    sides.value?.destroy();
    side.value = 'after';
    selected.value = null;
    sides.value = detail && openSides(detail, { ...desk }, size());
  }, { immediate: true });
  watch(shown, (now, before) => {
    // The other side is seen in the same place.
    if (now && before && now.task.id === before.task.id) now.setView(before.view);
    view.value = now?.view ?? null;
  }, { flush: 'sync' });
  watch([shown, renderer], ([editor, drawn], _before, onCleanup) => {
    drawn?.show(editor);
    drawn?.setDimmed(difference.value && difference.value.changes.length > 0 ? difference.value.unchanged : new Set());
    if (!editor) return;
    const stop = [editor.events.on('view', () => { view.value = editor.view; }), editor.events.on('overlay', () => { selected.value = editor.selected()?.id ?? null; })];
    onCleanup(() => { for (const end of stop) end(); });
  });
  watch([() => source.detail.value?.card.imageId, renderer], async ([image, drawn]) => {
    const card = source.detail.value?.card;
    if (!drawn || !card || image === undefined) return void drawn?.setPicture(null, { width: 1, height: 1 });
    pictureFailed.value = false;
    void drawn.setPicture(null, card);
    try {
      const bitmap = await source.picture(image);
      if (source.detail.value?.card.imageId === image && !gone) await drawn.setPicture(bitmap, card);
    } catch {
      pictureFailed.value = true;
    }
  }, { immediate: true });
  watch([renderer, source.classes], ([drawn, classes]) => drawn?.setClasses(classes));

  /** Selects a change and brings it into sight; before the correction: what was in its place. */
  function show(id: string): void {
    const change = difference.value?.changes.find((c) => c.shape.id === id);
    const there = side.value === 'after' ? id : change?.instead[0]?.id;
    if (there !== undefined) shown.value?.show(there);
    selected.value = id;
  }
  function hover(id: string | null): void {
    const change = difference.value?.changes.find((c) => c.shape.id === id);
    shown.value?.hover(id === null ? null : side.value === 'after' ? id : (change?.instead[0]?.id ?? null));
  }

  let pressed: Point | null = null;
  const screenOf = (event: MouseEvent): Point => {
    const box = host.value?.getBoundingClientRect();
    return [event.clientX - (box?.left ?? 0), event.clientY - (box?.top ?? 0)];
  };
  /** The place in the picture of a click that was no drag; null = beside the picture. */
  function clicked(event: MouseEvent): [number, number] | null {
    const at = screenOf(event);
    const card = source.detail.value?.card;
    if (!view.value || !card || (pressed && isDrag(pressed, at))) return null;
    const [x, y] = toImage(view.value, at);
    return x >= 0 && y >= 0 && x <= card.width && y <= card.height ? [Math.round(x * 10) / 10, Math.round(y * 10) / 10] : null;
  }

  return {
    renderer, failed, pictureFailed, side, selected, difference, show, hover, clicked, press: (event: MouseEvent) => { pressed = screenOf(event); },
    toggle: () => { side.value = side.value === 'after' ? 'before' : 'after'; }, fit: () => shown.value?.fit(),
    place: (point: readonly [number, number] | null): [number, number] | null => { if (!point || !view.value) return null; const [x, y] = toScreen(view.value, [point[0], point[1]]); return [x, y]; },
  };
}
export type Stage = ReturnType<typeof useStage>;
