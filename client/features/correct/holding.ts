/** Who has a picture in hand: taking one before it is shown, and looking on where a colleague has it. */
import { computed, ref, shallowRef, watch, type ComputedRef, type ShallowRef } from 'vue';
import type { Holder, TaskCard } from '#core/api/image.ts';
import type { ProjectDto } from '#core/api/project.ts';
import { fetchNext } from './api.ts';
import type { OpenTask } from './openTask.ts';

/** The first waiting picture that is this person's or becomes it: since the list came, a colleague may have taken one. null = none is left. */
export async function takeFirst(project: string, waiting: readonly TaskCard[]): Promise<string | null> {
  for (const card of waiting) {
    if (card.state === 'assigned') return card.id;
    const got = await fetchNext(project, card.id).catch(() => null);
    // Without an answer the page goes on with what it has; who holds it is learnt as soon as the server is back.
    if (got === null || (got.current?.state === 'assigned' && got.holder === null)) return card.id;
  }
  return null;
}

export interface Holding {
  /** The colleague beside whom nothing is changed by accident; null = the picture is one's own, or one has chosen to help. */
  lookingOn: ComputedRef<Holder | null>;
  /** What the server says of the open picture. */
  heldBy(holder: Holder | null): void;
  /** Another picture is opened: helping was a choice for the former one. */
  opening(holder: Holder | null): void;
  help(): void;
}

export function useHolding(open: ShallowRef<OpenTask | null>, info: ShallowRef<ProjectDto | null>): Holding {
  const holder = shallowRef<Holder | null>(null);
  const helping = ref(false);
  const lookingOn = computed(() => (helping.value || open.value?.dto.state === 'submitted' || info.value?.role === 'viewer' ? null : holder.value));
  watch([lookingOn, open], ([colleague, task]) => task?.lookOn(colleague !== null), { flush: 'sync' });
  return {
    lookingOn,
    heldBy: (colleague) => (holder.value = colleague),
    opening(colleague) {
      helping.value = false;
      holder.value = colleague;
    },
    help: () => (helping.value = true),
  };
}
