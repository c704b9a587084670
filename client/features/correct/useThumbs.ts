import { onScopeDispose, shallowReactive, watch } from 'vue';
import { useOnline } from '../../sync/socket.ts';
import { thumbUrl } from './api.ts';

/** More than two strips of them. */
const MOST = 40;

/** The thumbnails of these images as addresses within this page, so that they are still there without a connection. No entry = not here (yet): asked again when the connection is back. */
export function useThumbs(images: () => readonly string[]): ReadonlyMap<string, string> {
  const shown = shallowReactive(new Map<string, string>());
  const asking = new Set<string>();
  const online = useOnline();
  let ended = false;

  async function ask(image: string): Promise<void> {
    asking.add(image);
    try {
      const answer = await fetch(thumbUrl(image), { credentials: 'same-origin' });
      const blob = answer.ok ? await answer.blob() : null;
      if (blob && !ended) shown.set(image, URL.createObjectURL(blob));
    } catch {
      // The placeholder stays; the connection's return asks again.
    } finally {
      asking.delete(image);
    }
  }
  function trim(wanted: readonly string[]): void {
    for (const [image, address] of shown) {
      if (shown.size <= MOST) return;
      if (wanted.includes(image)) continue;
      shown.delete(image);
      URL.revokeObjectURL(address);
    }
  }
  watch([images, online], ([wanted]) => {
    trim(wanted);
    for (const image of wanted) if (!shown.has(image) && !asking.has(image)) void ask(image);
  }, { immediate: true });
  onScopeDispose(() => {
    ended = true;
    for (const address of shown.values()) URL.revokeObjectURL(address);
  });
  return shown;
}
