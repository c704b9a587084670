import { onScopeDispose, ref, watch, type Ref } from 'vue';

/** How many cards of one width fit whole into a row. CSS pixels. */
export function wholeCards(row: number, card: number, gap: number): number {
  return Math.max(1, Math.floor((row + gap) / (card + gap)));
}

/** The same, of an element and its first child, as it is resized. */
export function usePlaces(row: Ref<HTMLElement | null>): Ref<number> {
  const places = ref(1);
  const measure = (element: HTMLElement): void => {
    const card = element.firstElementChild?.getBoundingClientRect().width ?? 0;
    const { columnGap, paddingLeft, paddingRight } = getComputedStyle(element);
    if (card > 0) places.value = wholeCards(element.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight), card, Number.parseFloat(columnGap) || 0);
  };
  const seen = new ResizeObserver(([entry]) => { if (entry?.target instanceof HTMLElement) measure(entry.target); });
  // The first card may come later than the row.
  const grown = new MutationObserver(() => { if (row.value) measure(row.value); });
  watch(row, (element, before) => {
    if (before) seen.unobserve(before);
    grown.disconnect();
    if (!element) return;
    seen.observe(element);
    grown.observe(element, { childList: true });
  }, { immediate: true, flush: 'post' });
  onScopeDispose(() => { seen.disconnect(); grown.disconnect(); });
  return places;
}
