import { onScopeDispose, shallowReactive } from 'vue';
import type { ImageCard } from '#core/api/image.ts';
import { useProject } from '../shell/index.ts';
import { fetchCards } from './api.ts';

const TOGETHER_MS = 60;
const MOST = 200;
/** Cards that are kept: enough for every list on the screen. */
const KEPT = 1000;

export interface Cards {
  /** What is known of an image; asks for it where it is not, together with others that are asked for now. */
  of: (id: string) => ImageCard | null;
  /** Everything is asked for again when it is shown next. */
  forget: () => void;
}

/** Names, statuses and boxes of single images of the map: hovered, selected, listed. */
export function useCards(): Cards {
  const { id: project, on } = useProject();
  const known = shallowReactive(new Map<string, ImageCard>());
  const asked = new Set<string>();
  const gone = new AbortController();
  let timer: ReturnType<typeof setTimeout> | null = null;

  async function fetchAsked(): Promise<void> {
    timer = null;
    const wanted = [...asked].filter((id) => !known.has(id)).slice(-MOST);
    if (wanted.length === 0) return asked.clear();
    try {
      const { items } = await fetchCards(project, wanted, gone.signal);
      if (known.size + items.length > KEPT) known.clear();
      for (const card of items) known.set(card.id, card);
    } catch {
      // A name that cannot be fetched now is asked for again when it is next looked at.
    } finally {
      asked.clear();
    }
  }
  on((event) => { if (event.type === 'task') known.delete(event.image); if (event.type === 'images') known.clear(); });
  onScopeDispose(() => {
    gone.abort();
    if (timer) clearTimeout(timer);
  });
  return {
    of(id) {
      const card = known.get(id) ?? null;
      if (card === null && !asked.has(id)) {
        asked.add(id);
        timer ??= setTimeout(() => void fetchAsked(), TOGETHER_MS);
      }
      return card;
    },
    forget: () => { known.clear(); },
  };
}
