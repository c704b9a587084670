import { inject, shallowReactive, type InjectionKey } from 'vue';
import { asProblem } from '../api.ts';

export interface Toast {
  id: number;
  tone: 'bad' | 'plain';
  text: string;
  detail?: string | undefined;
}
export interface Toasts {
  list: Toast[];
  /** A failure that a person must know of. Abort errors are the person's own doing and are not shown. */
  problem: (error: unknown) => void;
  tell: (text: string) => void;
  dismiss: (id: number) => void;
}
export const TOASTS: InjectionKey<Toasts> = Symbol('toasts');
const PLAIN_MS = 6000;

export function createToasts(): Toasts {
  const list = shallowReactive<Toast[]>([]);
  let last = 0;
  const dismiss = (id: number) => {
    const at = list.findIndex((t) => t.id === id);
    if (at >= 0) list.splice(at, 1);
  };
  const add = (toast: Omit<Toast, 'id'>) => {
    const same = list.find((t) => t.text === toast.text);
    if (same) dismiss(same.id);
    const id = ++last;
    list.push({ ...toast, id });
    if (list.length > 3) list.shift();
    return id;
  };
  return {
    list,
    dismiss,
    problem(error) {
      if (error instanceof DOMException && error.name === 'AbortError') return;
      const { message, detail } = asProblem(error);
      add({ tone: 'bad', text: message, detail });
    },
    tell(text) {
      const id = add({ tone: 'plain', text });
      setTimeout(() => { dismiss(id); }, PLAIN_MS);
    },
  };
}

export function useToasts(): Toasts {
  const toasts = inject(TOASTS);
  if (!toasts) throw new Error('No toasts were provided.');
  return toasts;
}
