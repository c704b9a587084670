import { onScopeDispose, ref, type Ref } from 'vue';

/** The time, ticking: for "8 min ago" and for what is left. */
export function useNow(everyMs = 15_000): Ref<number> {
  const now = ref(Date.now());
  const timer = setInterval(() => { now.value = Date.now(); }, everyMs);
  onScopeDispose(() => { clearInterval(timer); });
  return now;
}
