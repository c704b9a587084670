import { computed, type ComputedRef } from 'vue';
import type { SystemDto } from '#core/api/system.ts';
import { useSession } from '../../session.ts';
import { useResource } from '../../ui/resource.ts';
import { fetchSystem } from './api.ts';

/** What is known of the trainer's environment; null where the person may not see the system. */
export function useTrainer(): ComputedRef<SystemDto['trainer'] | null> {
  const session = useSession();
  const system = useResource(() => (session.me.value?.admin ? 'system' : null), (_, signal) => fetchSystem(signal));
  return computed(() => system.data.value?.trainer ?? null);
}
