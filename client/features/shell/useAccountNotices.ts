import { computed, ref } from 'vue';
import { useSession } from '../../session.ts';

/** What a person is told of their own account. Put aside by browser only: whoever else comes in as them, elsewhere, cannot put it aside for them. */
export function useAccountNotices() {
  const { me } = useSession();
  /** Counts what was put aside: the browser's storage is not reactive. */
  const aside = ref(0);
  const laterKey = (): string => `emend.password-later.${me.value?.id ?? ''}`;
  const seenKey = (): string => `emend.link-seen.${me.value?.id ?? ''}`;

  /** They have no password, and did not put it off for this visit. */
  const bare = computed(() => aside.value >= 0 && me.value?.hasPassword === false && sessionStorage.getItem(laterKey()) === null);
  /** The newest link that somebody made for them, until they say that they know of it. */
  const link = computed(() => {
    const [latest] = me.value?.linksMade ?? [];
    return aside.value >= 0 && latest && localStorage.getItem(seenKey()) !== latest.id ? latest : null;
  });
  function later(): void {
    sessionStorage.setItem(laterKey(), '1');
    aside.value += 1;
  }
  function seen(id: string): void {
    localStorage.setItem(seenKey(), id);
    aside.value += 1;
  }
  return { me, bare, link, later, seen };
}
