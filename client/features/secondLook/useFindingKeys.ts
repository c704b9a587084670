import { onScopeDispose } from 'vue';

export type FindingKey = 'next' | 'previous' | 'open' | 'right' | 'undo';
const KEYS: Readonly<Record<string, FindingKey>> = { j: 'next', ArrowDown: 'next', k: 'previous', ArrowUp: 'previous', Enter: 'open', a: 'right', z: 'undo' };

/** The keys of the list, except in text fields and menus, beside modifiers (but for Ctrl Z), and where a control needs Enter for itself. */
export function useFindingKeys(run: (key: FindingKey) => void): void {
  const down = (event: KeyboardEvent): void => {
    const { target } = event;
    const undo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === 'z';
    if (event.defaultPrevented || event.isComposing || event.altKey || ((event.ctrlKey || event.metaKey) && !undo)) return;
    if (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || (target instanceof HTMLElement && target.isContentEditable)) return;
    if (target instanceof HTMLElement && target.closest('[role="dialog"], [role="listbox"], [role="menu"]')) return;
    const key = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    // Held down, only the steps repeat.
    if (!key || (event.repeat && key !== 'next' && key !== 'previous')) return;
    if (key === 'open' && target instanceof HTMLElement && target.closest('button, a, [role="combobox"]') && !target.closest('[data-finding]')) return;
    event.preventDefault();
    run(key);
  };
  addEventListener('keydown', down);
  onScopeDispose(() => { removeEventListener('keydown', down); });
}
