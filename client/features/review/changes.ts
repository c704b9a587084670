import type { Derived, Shape } from '../../editor/shapes.ts';

/** One thing that the annotator did. */
export interface Change {
  /** The shape in the outcome; a rejected prediction is there too. */
  shape: Shape;
  /** Predictions in its place before; empty = there was nothing. */
  instead: readonly Shape[];
  words: string;
}

/** What differs between the predictions and the outcome, in the order of the instance list; and what was left as it was. */
export function changesOf(after: Derived): { changes: Change[]; unchanged: ReadonlySet<string> } {
  const changes = after.listed.filter((s) => s.state === 'person' || s.state === 'rejected').map((shape): Change => {
    const instead = shape.state === 'rejected' ? [shape] : (shape.of ?? []).flatMap((id) => after.byId.get(id) ?? []);
    return { shape, instead, words: wordsOf(shape, instead) };
  });
  return { changes, unchanged: new Set(after.listed.filter((s) => s.state === 'kept').map((s) => s.id)) };
}

function wordsOf(shape: Shape, instead: readonly Shape[]): string {
  if (shape.state === 'rejected') return 'rejected';
  const [first] = instead;
  if (!first) return 'added';
  if (first.class !== shape.class) return shape.kind === 'relabelled' ? 'relabelled' : 'other class';
  if (instead.length > 1) return `one for ${instead.length}`;
  return shape.kind === 'adjusted' ? 'moved or resized' : 'drawn anew';
}
