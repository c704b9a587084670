import { computed, shallowRef, watch, type ComputedRef, type Ref } from 'vue';
import { toScreen, type Viewport } from '../../editor/viewport.ts';
import type { OpenTask } from './openTask.ts';

/** Where on the canvas the place lies that the reviewer pinned, in CSS pixels; null = no pin. */
export function usePin(open: Ref<OpenTask | null>): ComputedRef<readonly [number, number] | null> {
  const view = shallowRef<Viewport | null>(null);
  watch(open, (task, _before, onCleanup) => {
    view.value = task?.editor.view ?? null;
    if (task) onCleanup(task.editor.events.on('view', () => { view.value = task.editor.view; }));
  }, { immediate: true });
  return computed(() => {
    const pin = open.value?.dto.sentBack?.review.pin;
    if (!pin || !view.value) return null;
    const [x, y] = toScreen(view.value, [pin[0], pin[1]]);
    return [x, y] as const;
  });
}
