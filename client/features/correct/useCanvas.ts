import { onBeforeUnmount, onMounted, shallowRef, watch, type Ref } from 'vue';
import type { ProjectDto } from '#core/api/project.ts';
import type { Point } from '#core/geometry/polygon.ts';
import { EditorRenderer } from '../../renderer/renderer.ts';
import { thumbUrl } from './api.ts';
import { bindPointer } from './pointer.ts';
import type { DeskContext } from './useDesk.ts';
import type { OpenTask } from './openTask.ts';

/** Mounts the renderer in an element, and keeps it on the open task, its picture, the classes and the look. */
export function useCanvas(
  host: Ref<HTMLElement | null>,
  source: { open: Ref<OpenTask | null>; picture: Ref<ImageBitmap | null>; info: Ref<ProjectDto | null>; desk: DeskContext },
  menu: (at: Point) => void,
) {
  const renderer = shallowRef<EditorRenderer | null>(null);
  const failed = shallowRef(false);
  let unbind: (() => void) | undefined;
  let observer: ResizeObserver | undefined;
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
    unbind = bindPointer(element, { editor: () => source.open.value?.editor ?? null, menu });
    observer = new ResizeObserver(() => fitTo(element));
    observer.observe(element);
  });
  onBeforeUnmount(() => {
    gone = true;
    observer?.disconnect();
    unbind?.();
    renderer.value?.destroy();
  });

  function fitTo(element: HTMLElement): void {
    const size = { width: Math.max(1, element.clientWidth), height: Math.max(1, element.clientHeight) };
    renderer.value?.resize(size.width, size.height);
    source.open.value?.editor.resize(size);
  }

  watch([renderer, source.open], ([drawn, open]) => {
    drawn?.show(open?.editor ?? null);
    if (open && host.value) fitTo(host.value);
  });
  watch([renderer, source.open, source.picture], ([drawn, open, picture]) => {
    if (!drawn) return;
    if (!open) void drawn.setPicture(null, { width: 1, height: 1 });
    else if (picture) void drawn.setPicture(picture, open.dto.image);
    else void standIn(drawn, open);
  });
  watch([renderer, source.info], ([drawn, info]) => info && drawn?.setClasses(info.classes));
  watch([renderer, source.desk.look], ([drawn, look]) => drawn?.setLook(look));

  /** Until the picture has come, its thumbnail: blurred is better than black. */
  async function standIn(drawn: EditorRenderer, open: OpenTask): Promise<void> {
    void drawn.setPicture(null, open.dto.image);
    const image = new Image();
    image.src = thumbUrl(open.dto.imageId);
    try {
      await image.decode();
      const bitmap = await createImageBitmap(image);
      if (source.open.value === open && !source.picture.value) await drawn.setPicture(bitmap, open.dto.image);
    } catch {
      // No thumbnail either: the page says what is awaited.
    }
  }

  return { renderer, failed };
}
