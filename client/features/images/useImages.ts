import { computed, onScopeDispose, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue';
import type { ImageCard } from '#core/api/image.ts';
import type { EmendError } from '#core/errors.ts';
import { asProblem } from '../../api.ts';
import { fetchImages } from './api.ts';
import type { Filters } from './filters.ts';

const PAGE = 120;
const MOST = 500;
const SOON_MS = 400;

export interface ImageList {
  items: ShallowRef<ImageCard[]>;
  total: Ref<number | null>;
  error: ShallowRef<EmendError | null>;
  loading: Ref<boolean>;
  hasMore: ComputedRef<boolean>;
  more: () => Promise<void>;
  /** Fetches what is shown again, without moving it: for events. */
  refreshSoon: () => void;
  retry: () => Promise<void>;
}

export function useImages(project: string, filters: () => Filters): ImageList {
  const items = shallowRef<ImageCard[]>([]);
  const total = ref<number | null>(null);
  const error = shallowRef<EmendError | null>(null);
  const loading = ref(false);
  let next: string | null = null;
  let turn = 0;
  let timer: ReturnType<typeof setTimeout> | null = null;

  async function fetchPart(after: string | null, limit: number): Promise<void> {
    const mine = ++turn;
    loading.value = true;
    try {
      const page = await fetchImages(project, filters(), after, limit);
      if (mine !== turn) return;
      items.value = after === null ? page.items : [...items.value, ...page.items];
      total.value = page.total;
      next = page.next;
      error.value = null;
    } catch (failure) {
      if (mine === turn) error.value = asProblem(failure);
    } finally {
      if (mine === turn) loading.value = false;
    }
  }
  const again = () => fetchPart(null, Math.min(MOST, Math.max(PAGE, items.value.length)));
  watch(() => JSON.stringify(filters()), () => {
    items.value = [];
    total.value = null;
    void fetchPart(null, PAGE);
  }, { immediate: true });
  onScopeDispose(() => { if (timer) clearTimeout(timer); });

  return {
    items, total, error, loading,
    hasMore: computed(() => total.value !== null && items.value.length < total.value),
    async more() {
      if (!loading.value && next !== null) await fetchPart(next, PAGE);
    },
    refreshSoon() {
      timer ??= setTimeout(() => { timer = null; void again(); }, SOON_MS);
    },
    retry: again,
  };
}
