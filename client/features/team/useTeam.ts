import { computed, onScopeDispose, ref, shallowRef, type ComputedRef, type Ref } from 'vue';
import type { AgreementDto, LiveTask, Team } from '#core/api/team.ts';
import { useTeamLive } from '../../sync/socket.ts';
import { useNow } from '../../ui/now.ts';
import { useResource, type Resource } from '../../ui/resource.ts';
import { useProject } from '../shell/index.ts';
import { fetchAgreement, fetchTeam } from './api.ts';
import { inOrder } from './presence.ts';

/** Figures are fetched again at most this often, however many events come. */
const FIGURES_MS = 2000;

export interface TeamView {
  team: Resource<Team>;
  agreement: Resource<AgreementDto>;
  live: ComputedRef<LiveTask[]>;
  online: ComputedRef<ReadonlySet<string>>;
  /** The server's clock, ticking. */
  now: ComputedRef<number>;
  /** The live side has answered: an empty screen means that nobody is there. */
  listening: Ref<boolean>;
}

/** Everything of the Team screen: figures fetched when an event says that they changed, pictures pushed as they change. */
export function useTeam(): TeamView {
  const { id, online, on } = useProject();
  const team = useResource(() => id, fetchTeam);
  const agreement = useResource(() => id, fetchAgreement);
  const tasks = shallowRef<ReadonlyMap<string, LiveTask>>(new Map());
  const listening = ref(false);
  const clock = useNow(1000);
  const ahead = ref(0);

  let timer: ReturnType<typeof setTimeout> | null = null;
  function changed(): void {
    timer ??= setTimeout(() => {
      timer = null;
      void team.refetch();
      void agreement.refetch();
    }, FIGURES_MS);
  }
  onScopeDispose(() => { if (timer) clearTimeout(timer); });
  on((event) => { if (['task', 'images', 'project', 'loop', 'model'].includes(event.type)) changed(); }, changed);

  useTeamLive(id, ({ task, now, live }) => {
    ahead.value = now - Date.now();
    const next = new Map(tasks.value);
    if (live) next.set(task, live);
    else next.delete(task);
    tasks.value = next;
  }, () => { tasks.value = new Map(); listening.value = true; });

  return {
    team, agreement, listening, live: computed(() => inOrder(tasks.value.values())),
    online: computed(() => new Set(online.value.map((p) => p.id))), now: computed(() => clock.value + ahead.value),
  };
}
