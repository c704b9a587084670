import { computed, shallowRef, watch, type ComputedRef, type Ref } from 'vue';
import type { ProjectDto } from '#core/api/project.ts';
import type { FindingDto } from '#core/api/secondLook.ts';
import { toScreen, type Viewport } from '../../editor/viewport.ts';
import { scoreText } from '../../renderer/words.ts';
import { classOf } from './useEditorState.ts';
import type { OpenTask } from './openTask.ts';

export interface Mark {
  readonly box: readonly [number, number, number, number];
  readonly color: string;
  readonly words: string;
}

/** Where on the canvas lies what the model sees, in CSS pixels; null = nothing is to be shown. */
export function useMark(open: Ref<OpenTask | null>, finding: Ref<FindingDto | null>, info: Ref<ProjectDto | null>): ComputedRef<Mark | null> {
  const view = shallowRef<Viewport | null>(null);
  watch(open, (task, _before, onCleanup) => {
    view.value = task?.editor.view ?? null;
    if (task) onCleanup(task.editor.events.on('view', () => { view.value = task.editor.view; }));
  }, { immediate: true });
  return computed(() => {
    const seen = finding.value?.seen;
    if (!seen || !view.value) return null;
    const [x, y, w, h] = seen.box;
    const [left, top] = toScreen(view.value, [x, y]);
    const { name, color } = classOf(info.value?.classes ?? [], seen.class);
    return { box: [left, top, w * view.value.zoom, h * view.value.zoom], color, words: `${name} ${scoreText(seen.score)}, seen by ${finding.value?.model?.name ?? 'the model'}` };
  });
}
