import { ref, shallowRef, type Ref, type ShallowRef } from 'vue';
import type { EmendError } from '#core/errors.ts';
import { asProblem } from '../api.ts';
import { useToasts } from './toasts.ts';

/** One thing that a person can start: never twice at once; its failure is kept to be shown beside it, or told as a toast. */
export interface Action<A extends unknown[]> {
  run: (...args: A) => Promise<boolean>;
  busy: Ref<boolean>;
  error: ShallowRef<EmendError | null>;
}

export function useAction<A extends unknown[]>(work: (...args: A) => Promise<unknown>, options: { inline?: boolean } = {}): Action<A> {
  const toasts = useToasts();
  const busy = ref(false);
  const error = shallowRef<EmendError | null>(null);
  return {
    busy,
    error,
    async run(...args) {
      if (busy.value) return false;
      busy.value = true;
      error.value = null;
      try {
        await work(...args);
        return true;
      } catch (failure) {
        if (failure instanceof DOMException && failure.name === 'AbortError') return false;
        if (options.inline) error.value = asProblem(failure);
        else toasts.problem(failure);
        return false;
      } finally {
        busy.value = false;
      }
    },
  };
}
