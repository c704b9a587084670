import { onScopeDispose } from 'vue';
import { actionOf, digitOf, KEYMAP, type Action } from '../../editor/keymap.ts';

export interface KeyHandlers {
  /** `key`: as the browser names it; some actions have one key for each direction. */
  run(action: Action, key: string): void;
  digit(digit: number): void;
  /** Hiding lasts as long as the key is held. */
  hide(hidden: boolean): void;
  /** True while an overlay of the page has the keyboard. */
  paused(): boolean;
}

/** Held down, these would run away with the pictures. */
const ONCE: ReadonlySet<Action> = new Set(['submit', 'image.next', 'image.previous', 'image.skip', 'image.flag', 'erase', 'masks.toggle', 'help', 'picture', 'duplicate.keep', 'box.place', 'tool.brush', 'tighten', 'tighten.always', 'mask.cycle']);

/** Sends the keys of the list to their handlers, except in text fields and on controls that use the key themselves. */
export function useKeys(handlers: KeyHandlers): void {
  const down = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || handlers.paused() || isText(event.target)) return;
    const digit = digitOf(event);
    const action = actionOf(event);
    if (digit === null && action === null) return;
    if (action && isControl(event.target) && ['submit', 'unsure.next', 'unsure.back', 'move', 'move.far', 'size', 'size.far'].includes(action)) return;
    event.preventDefault();
    if (digit !== null) return handlers.digit(digit);
    if (action === null || (event.repeat && ONCE.has(action))) return;
    if (action === 'hide.hold') handlers.hide(true);
    else handlers.run(action, event.key);
  };
  const hideKeys = KEYMAP.find((b) => b.action === 'hide.hold')?.keys ?? [];
  const up = (event: KeyboardEvent): void => {
    if (hideKeys.includes(event.key.toLowerCase())) handlers.hide(false);
  };
  const blur = (): void => handlers.hide(false);
  addEventListener('keydown', down);
  addEventListener('keyup', up);
  addEventListener('blur', blur);
  onScopeDispose(() => {
    removeEventListener('keydown', down);
    removeEventListener('keyup', up);
    removeEventListener('blur', blur);
  });
}

function isText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'submit'].includes(target.type);
}

/** Reached by the keyboard, a button keeps Space and Enter, and Tab goes on to the next one. */
function isControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('button, a[href], [role="option"], [role="listbox"], input') !== null && target.matches(':focus-visible');
}
