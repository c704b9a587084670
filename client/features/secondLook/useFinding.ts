import { computed, shallowRef, watch, type ComputedRef, type Ref } from 'vue';
import { useRoute, useRouter, type RouteLocationRaw } from 'vue-router';
import type { FindingDto } from '#core/api/secondLook.ts';
import type { Size } from '#core/geometry/box.ts';
import { closeUp, type Viewport } from '../../editor/viewport.ts';
import { useToasts } from '../../ui/toasts.ts';
import { fetchFinding, sayRight } from './api.ts';
import { placeOf } from './findingWords.ts';

/** What this needs of an open picture. */
export interface Shown {
  readonly dto: { readonly imageId: string; readonly projectId: string };
  readonly editor: { readonly view: Viewport; readonly image: Size; setView(view: Viewport): void; shape(id: string | null): { readonly id: string } | null; select(id: string | null): void };
}

/** The finding that a picture was opened for (`?finding=` in the address): the editor shows its place, and leads back to the list. */
export function useFinding(open: Ref<Shown | null>) {
  const [route, router, toasts] = [useRoute(), useRouter(), useToasts()];
  const finding = shallowRef<FindingDto | null>(null);
  const id = computed(() => (typeof route.query['finding'] === 'string' ? route.query['finding'] : null));
  watch(id, async (wanted) => {
    finding.value = null;
    if (wanted === null) return;
    // One that does not stand any more is nothing to show; the picture is there all the same.
    const found = await fetchFinding(wanted).catch(() => null);
    if (id.value === wanted) finding.value = found;
  }, { immediate: true });
  /** Only while its own picture is open. */
  const here: ComputedRef<FindingDto | null> = computed(() => (finding.value !== null && open.value?.dto.imageId === finding.value.image.id ? finding.value : null));
  watch([here, open], ([about, shown], [before]) => {
    if (!about || !shown || about === before) return;
    shown.editor.setView(closeUp(shown.editor.view, shown.editor.image, placeOf(about)));
    const label = about.labels.map((l) => shown.editor.shape(l.id)).find((shape) => shape !== null);
    if (label) shown.editor.select(label.id);
  }, { immediate: true });
  const list = (): RouteLocationRaw | null => (here.value === null ? null : { name: 'second-look', params: { project: route.params['project'] ?? '', finding: here.value.id }, query: { near: String(here.value.rank) } });
  async function right(): Promise<void> {
    const [about, back] = [here.value, list()];
    if (!about || !back) return;
    try {
      await sayRight(about.id);
      await router.push(back);
    } catch (error) {
      toasts.problem(error);
    }
  }
  return { finding: here, list, right };
}
