import { computed, ref, watch, type ComputedRef, type Ref } from 'vue';
import { useRouter } from 'vue-router';
import { useSession } from '../../session.ts';
import { baseName } from '../../ui/words.ts';
import { useResource } from '../../ui/resource.ts';
import { findImages } from './api.ts';
import { classItems, matches, pageItems, type Findable } from './findables.ts';
import { useProject } from './project.ts';
import { tabsFor } from './tabs.ts';
import { useLoopAction } from './useLoopAction.ts';

const TYPING_MS = 160;

export interface Find {
  text: Ref<string>;
  items: ComputedRef<Findable[]>;
  searching: Ref<boolean>;
  choose: (item: Findable) => void;
}

/** Pages, classes and actions are matched here; images by the server, once the person pauses. */
export function useFind(): Find {
  const { id, project, can } = useProject();
  const session = useSession();
  const router = useRouter();
  const { next, go } = useLoopAction();
  const text = ref('');
  const settled = ref('');
  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(text, (value) => { clearTimeout(timer); timer = setTimeout(() => { settled.value = value.trim(); }, TYPING_MS); });

  const images = useResource(() => settled.value || null, (query, signal) => findImages(id, query, signal));
  const actions = computed((): Findable[] => {
    const list: Findable[] = [];
    const action = next.value;
    if (action && can('annotator')) list.push({ id: 'action-next', group: 'Actions', label: action.words, hint: 'next step', run: () => void go(action.step) });
    if (can('admin')) list.push({ id: 'action-import', group: 'Actions', label: 'Import images', to: { name: 'import', params: { project: id } } });
    if (can('reviewer')) {
      list.push({ id: 'action-freeze', group: 'Actions', label: 'Freeze a version', to: { name: 'versions', params: { project: id }, query: { freeze: '1' } } });
      list.push({ id: 'action-train', group: 'Actions', label: 'Start training', to: { name: 'training', params: { project: id }, query: { new: '1' } } });
    }
    return list;
  });
  const items = computed((): Findable[] => {
    const here = [...actions.value, ...pageItems(tabsFor(project.data.value?.role ?? 'viewer', session.me.value?.admin ?? false), id), ...classItems(project.data.value?.classes ?? [], id)];
    const found = (images.data.value?.items ?? []).map((image): Findable => ({ id: `image-${image.id}`, group: 'Images', label: baseName(image.name), imageId: image.id, hint: image.status, to: { name: 'images', params: { project: id }, query: { image: image.id } } }));
    return [...here.filter((item) => matches(item, text.value)), ...(text.value.trim() ? found : [])];
  });
  function choose(item: Findable): void {
    if (item.run) item.run();
    else if (item.to) void router.push(item.to);
  }
  return { text, items, searching: images.loading, choose };
}
