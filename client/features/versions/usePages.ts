import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue';
import type { EmendError } from '#core/errors.ts';
import { asProblem } from '../../api.ts';

interface Page<T> { items: T[]; total: number; next: string | null }
export interface Pages<T> {
  items: ShallowRef<T[]>;
  total: Ref<number | null>;
  /** Whether there is another page. */
  more: Ref<boolean>;
  loading: Ref<boolean>;
  error: ShallowRef<EmendError | null>;
  load: () => Promise<void>;
}

/** A list by cursor, one page at a time; begins anew when the key changes, and then drops what still comes for the old one. */
export function usePages<T>(key: () => string, fetchPage: (after: string | null, signal: AbortSignal) => Promise<Page<T>>): Pages<T> {
  const items = shallowRef<T[]>([]);
  const total = ref<number | null>(null);
  const more = ref(true);
  const loading = ref(false);
  const error = shallowRef<EmendError | null>(null);
  let cursor: string | null = null;
  let running = new AbortController();

  async function load(): Promise<void> {
    if (loading.value || !more.value) return;
    const mine = running;
    loading.value = true;
    error.value = null;
    try {
      const page = await fetchPage(cursor, mine.signal);
      if (mine.signal.aborted) return;
      items.value = [...items.value, ...page.items];
      total.value = page.total;
      cursor = page.next;
      more.value = page.next !== null;
    } catch (failure) {
      if (!mine.signal.aborted) error.value = asProblem(failure);
    } finally {
      if (!mine.signal.aborted) loading.value = false;
    }
  }

  watch(key, () => {
    running.abort();
    running = new AbortController();
    items.value = [];
    total.value = null;
    cursor = null;
    more.value = true;
    loading.value = false;
    void load();
  }, { immediate: true });
  onScopeDispose(() => running.abort());
  return { items, total, more, loading, error, load };
}
