import { ref, shallowRef, type Ref, type ShallowRef } from 'vue';
import type { EmendError } from '#core/errors.ts';
import { asProblem } from '../../api.ts';

/** A change that the server refuses for frozen images until a reason is given: it is asked for only then. */
export interface Reasoned<A extends unknown[]> {
  run: (...args: A) => Promise<void>;
  busy: Ref<boolean>;
  /** The refusal, in the server's words; null = nothing to ask. */
  refused: ShallowRef<EmendError | null>;
  /** The same again, with the reason. */
  again: (reason: string) => Promise<void>;
  giveUp: () => void;
}

export function useReasoned<A extends unknown[]>(work: (reason: string | undefined, ...args: A) => Promise<unknown>): Reasoned<A> {
  const busy = ref(false);
  const refused = shallowRef<EmendError | null>(null);
  let last: A | null = null;
  async function attempt(reason: string | undefined, args: A): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    last = args;
    try {
      await work(reason, ...args);
      refused.value = null;
    } catch (error) {
      refused.value = asProblem(error);
    } finally {
      busy.value = false;
    }
  }
  return {
    busy, refused,
    run: (...args) => attempt(undefined, args),
    again: async (reason) => { if (last) await attempt(reason, last); },
    giveUp: () => { refused.value = null; },
  };
}
