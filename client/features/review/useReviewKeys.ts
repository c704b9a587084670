import { onScopeDispose } from 'vue';

export type ReviewKey = 'accept' | 'return' | 'next' | 'previous' | 'toggle' | 'fit' | 'back' | 'cancel';
const KEYS: Readonly<Record<string, ReviewKey>> = { a: 'accept', Enter: 'accept', r: 'return', f: 'next', d: 'previous', b: 'toggle', 0: 'fit', z: 'back', Escape: 'cancel' };

/** The keys of the review page, except in text fields, beside modifiers, and where a control needs Enter for itself. */
export function useReviewKeys(run: (key: ReviewKey) => void): void {
  const down = (event: KeyboardEvent): void => {
    const { target } = event;
    if (event.defaultPrevented || event.repeat || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || (target instanceof HTMLElement && target.isContentEditable)) return;
    if (target instanceof HTMLElement && target.closest('[role="dialog"], [role="listbox"], [role="menu"]')) return;
    if (event.key === 'Enter' && target instanceof HTMLElement && target.closest('button, a, [role="option"], [role="combobox"]')) return;
    const key = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!key) return;
    event.preventDefault();
    run(key);
  };
  addEventListener('keydown', down);
  onScopeDispose(() => { removeEventListener('keydown', down); });
}
