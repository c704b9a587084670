import { onScopeDispose, watch, type Ref } from 'vue';
import type { ProjectDto } from '#core/api/project.ts';
import type { Box } from '#core/geometry/box.ts';
import type { EditorRenderer } from '../../renderer/renderer.ts';
import { SparkPreview, sparkWorker } from '../../spark/preview.ts';
import type { OpenTask } from './openTask.ts';

/** Masks that follow the pointer: while a box is drawn, moved or resized, by this person or a colleague, Spark runs in this browser. */
export function useSparkPreview(renderer: Ref<EditorRenderer | null>, source: { open: Ref<OpenTask | null>; picture: Ref<ImageBitmap | null>; info: Ref<ProjectDto | null> }): void {
  let preview: SparkPreview | null = null;
  const asked = new Map<string, string>();
  let count = 0;

  function made(): SparkPreview {
    return (preview ??= new SparkPreview(sparkWorker(), {
      field: (key, value) => renderer.value?.setPreview(key, value),
      timing: (ms, backend) => {
        count += 1;
        if (renderer.value) renderer.value.canvas.dataset['previews'] = [count, ms.toFixed(1), backend].join(',');
      },
    }));
  }
  function ask(key: string, box: Box): void {
    const text = box.join(' ');
    if (asked.get(key) === text) return;
    asked.set(key, text);
    made().ask(key, box);
  }
  function look(open: OpenTask): void {
    const { preview: drawn, peers } = open.editor;
    // An outline by hand moves with its box; no model is asked.
    const byHand = drawn?.kind === 'adjust' && open.editor.shape(drawn.id)?.kind === 'freeform';
    if (drawn && !byHand) ask('mine', drawn.box);
    for (const peer of peers) if (peer.drawing) ask(`peer:${peer.client}`, peer.drawing);
  }

  watch([source.open, source.picture, source.info], ([open, picture, info], _before, onCleanup) => {
    asked.clear();
    const wanted = open && picture && info?.task === 'segment' ? picture : null;
    if (!wanted && !preview) return;
    void made().setPicture(wanted);
    if (open && wanted) onCleanup(open.editor.events.on('overlay', () => look(open)));
  });
  onScopeDispose(() => preview?.close());
}
