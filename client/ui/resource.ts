import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue';
import type { EmendError } from '#core/errors.ts';
import { asProblem } from '../api.ts';

/** Something fetched. `data` stays while it is fetched again, so that a refetch never flickers; it is emptied when the key changes. */
export interface Resource<T> {
  data: ShallowRef<T | null>;
  error: ShallowRef<EmendError | null>;
  loading: Ref<boolean>;
  refetch: () => Promise<void>;
  /** For events: many calls in a short time are one fetch. */
  refetchSoon: () => void;
}
const SOON_MS = 250;

/** Fetches whenever `key` changes; null = nothing to fetch. The last key wins: an older answer is dropped. */
export function useResource<T>(key: () => string | null, load: (key: string, signal: AbortSignal) => Promise<T>): Resource<T> {
  const data = shallowRef<T | null>(null);
  const error = shallowRef<EmendError | null>(null);
  const loading = ref(false);
  let running: AbortController | null = null;
  let timer: ReturnType<typeof setTimeout> | null = null;

  async function refetch(): Promise<void> {
    const current = key();
    running?.abort();
    if (current === null) return;
    const mine = new AbortController();
    running = mine;
    loading.value = true;
    try {
      const loaded = await load(current, mine.signal);
      if (running === mine) { data.value = loaded; error.value = null; }
    } catch (failure) {
      if (running === mine) error.value = asProblem(failure);
    } finally {
      if (running === mine) { loading.value = false; running = null; }
    }
  }
  function refetchSoon(): void {
    timer ??= setTimeout(() => { timer = null; void refetch(); }, SOON_MS);
  }

  watch(key, () => { data.value = null; error.value = null; void refetch(); }, { immediate: true });
  onScopeDispose(() => {
    running?.abort();
    if (timer) clearTimeout(timer);
  });
  return { data, error, loading, refetch, refetchSoon };
}
