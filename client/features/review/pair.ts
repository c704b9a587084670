/** The two sides of one outcome as editors that nobody can change: the predictions as they were shown, and what was submitted. */
import * as Y from 'yjs';
import type { Size } from '#core/geometry/box.ts';
import type { ReviewDetail } from '#core/api/review.ts';
import { Editor } from '../../editor/editor.ts';
import type { Desk } from '../../editor/desk.ts';

export type Side = 'before' | 'after';
export interface Sides {
  readonly before: Editor;
  readonly after: Editor;
  destroy: () => void;
}

export function openSides({ card, revision, predictions, baseline, model, document }: ReviewDetail, desk: Desk, size: Size): Sides {
  const task = {
    id: card.taskId, image: { id: card.imageId, name: card.name, width: card.width, height: card.height }, predictions, baseline, model: model ?? 'baseline', threshold: revision.threshold,
    // Marks for the unsure are for whoever corrects; here only what was changed stands out.
    attention: 0, segmenting: false,
  };
  const make = (doc: Y.Doc): Editor => {
    const editor = new Editor({ task, doc, origin: { kind: 'person', user: 'nobody', client: 'review' }, user: 'nobody', desk, size });
    editor.setReadOnly(true);
    return editor;
  };
  const submitted = new Y.Doc();
  Y.applyUpdate(submitted, Uint8Array.from(atob(document), (c) => c.charCodeAt(0)));
  const [before, after] = [make(new Y.Doc()), make(submitted)];
  return { before, after, destroy: () => { for (const editor of [before, after]) { editor.destroy(); editor.doc.destroy(); } } };
}
