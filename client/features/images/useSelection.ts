import { computed, ref, type ComputedRef, type Ref } from 'vue';

export interface Selection {
  ids: Ref<ReadonlySet<string>>;
  size: ComputedRef<number>;
  toggle: (index: number) => void;
  /** From the last toggled one to this one, both included. */
  extend: (index: number) => void;
  clear: () => void;
}

export function useSelection(order: () => readonly { id: string }[]): Selection {
  const ids = ref<ReadonlySet<string>>(new Set());
  let anchor = 0;
  return {
    ids,
    size: computed(() => ids.value.size),
    toggle(index) {
      const id = order()[index]?.id;
      if (id === undefined) return;
      const next = new Set(ids.value);
      if (!next.delete(id)) next.add(id);
      ids.value = next;
      anchor = index;
    },
    extend(index) {
      const [from, to] = anchor < index ? [anchor, index] : [index, anchor];
      ids.value = new Set([...ids.value, ...order().slice(from, to + 1).map((item) => item.id)]);
    },
    clear() { ids.value = new Set(); },
  };
}
