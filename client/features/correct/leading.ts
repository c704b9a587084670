import type { Ref } from 'vue';
import { useRouter, type RouteLocationRaw } from 'vue-router';
import type { OpenTask } from './openTask.ts';

/** A submit that takes longer has no connection, most likely: the queue goes on, and the submit follows by itself. */
const RETURN_MS = 8000;

/** A picture that was opened from another page leads back there when it is submitted, instead of to the next picture. */
export function useLeading(open: Ref<OpenTask | null>, phase: Ref<string>) {
  const router = useRouter();
  let leadsTo: () => RouteLocationRaw | null = () => null;
  return {
    /** null = to the next picture. */
    afterSubmit: (route: () => RouteLocationRaw | null): void => { leadsTo = route; },
    /** Of what is submitted already. */
    onward(forward: () => Promise<void>): Promise<void> {
      const to = leadsTo();
      return to === null ? forward() : router.push(to).then(() => undefined);
    },
    /** True = it is submitted, and the other page is shown. False = there is none, or the submit was refused or takes too long. */
    async returned(done: Promise<boolean>): Promise<boolean> {
      const to = leadsTo();
      if (to === null) return false;
      open.value = null;
      phase.value = 'loading';
      if (!(await Promise.race([done, new Promise<false>((resolve) => { setTimeout(resolve, RETURN_MS, false); })]))) return false;
      await router.push(to);
      return true;
    },
  };
}
