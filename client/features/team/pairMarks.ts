import { matchInstances } from '#core/agreement/match.ts';
import type { Instance } from '#core/annotation/schema.ts';

/** How one object of one side stands to the other side. */
export type Mark = 'same' | 'class' | 'only';
export interface Marked {
  instance: Instance;
  mark: Mark;
  iou: number | null;
}

/** Both sides' objects: what both marked alike, what they call differently, and what only one of them saw. */
export function markPair(a: readonly Instance[], b: readonly Instance[]): [Marked[], Marked[]] {
  const { pairs, onlyA, onlyB } = matchInstances(a, b);
  const both = (side: 'a' | 'b'): Marked[] => pairs.map((p) => ({ instance: p[side], mark: p.a.class === p.b.class ? 'same' : 'class', iou: p.iou }));
  const alone = (list: readonly Instance[]): Marked[] => list.map((instance) => ({ instance, mark: 'only', iou: null }));
  return [[...both('a'), ...alone(onlyA)], [...both('b'), ...alone(onlyB)]];
}
