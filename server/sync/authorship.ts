/** Who drew and who changed what is not for a page to say: where an update claims something else than its sender, the server puts it right. */
import { createHash } from 'node:crypto';
import type * as Y from 'yjs';
import { annotationsOf, readAnnotation, verdictsOf } from '#core/annotation/doc.ts';
import type { Annotation, Edited, Verdict } from '#core/annotation/schema.ts';
import { plausible } from './times.ts';

/** Of so many deleted or changed things a room remembers whose they were. */
const MOST_REMEMBERED = 20_000;

/** Whose a deleted annotation was, and what it was: enough to see whether it comes back as it went. */
interface Gone extends Signature {
  cls: number;
  box: string;
  rest: string;
}

type Signature = Pick<Annotation, 'by' | 'at'>;

/** Who sent an update, and between which times its work was done, in milliseconds since 1970. */
export interface Sender {
  user: string;
  since: number;
  now: number;
}

/**
 * Compares a document before and after an update and writes corrections. Undoing the deletion of a colleague's box brings their name back, so what
 * has been there is remembered for as long as the room is loaded; after that the one who brought it back signs for it. Nothing is refused: a forged
 * name must not cost honest work that came in the same update.
 */
export class Authorship {
  readonly #known = new Set<string>();
  /** By annotation, the last deletion. */
  readonly #gone = new Map<string, Gone>();

  /** Corrects `after` in place. `before` is the document as everybody has it. */
  stamp(before: Y.Doc, after: Y.Doc, touched: { annotations: Iterable<string>; verdicts: Iterable<string> }, sender: Sender): void {
    for (const id of touched.annotations) this.#annotation(before, after, id, sender);
    for (const id of touched.verdicts) this.#verdict(before, after, id, sender);
  }

  #annotation(before: Y.Doc, after: Y.Doc, id: string, sender: Sender): void {
    const was = readAnnotation(before, id);
    const is = readAnnotation(after, id);
    if (was) this.#remember(id, was);
    if (was?.edited) this.#remember(`${id} edited`, was.edited);
    const map = annotationsOf(after).get(id);
    if (was && !is && this.#gone.size < MOST_REMEMBERED) this.#gone.set(id, goneOf(was));
    if (!is || !map) return;
    const drawn = was ?? this.#signed(id, is, sender);
    if (drawn.by !== is.by) map.set('by', drawn.by);
    if (drawn.at !== is.at) map.set('at', drawn.at);
    const edited = this.#edited(id, was, is, sender);
    if (same(edited, is.edited)) return;
    if (edited) map.set('edited', edited);
    else map.delete('edited');
  }

  /** The last change as it really was. Taking one's own change back takes its mark back. */
  #edited(id: string, was: Annotation | undefined, is: Annotation, sender: Sender): Edited | undefined {
    const { user, now } = sender;
    const back = was ? undefined : this.#changedSince(id, is);
    // Deleted, and there again as something else under the same name: that is a change like any other.
    if (back !== undefined && is.by !== user) return { by: user, at: now, what: back };
    if (!same(was?.edited, is.edited)) {
      if (is.edited) return { ...this.#signed(`${id} edited`, is.edited, sender), what: is.edited.what };
      if (!was || was.edited?.by === user) return undefined;
    }
    const what = was ? changeOf(was, is) : undefined;
    if (what === undefined || (is.edited?.by ?? is.by) === user) return is.edited ?? was?.edited;
    return { by: user, at: now, what };
  }

  /** What differs in a returning annotation from the one that was deleted with this signature; undefined = nothing, or it was another one. */
  #changedSince(id: string, is: Annotation): Edited['what'] | undefined {
    const [gone, now] = [this.#gone.get(id), goneOf(is)];
    if (!gone || gone.by !== now.by || gone.at !== now.at) return undefined;
    if (gone.cls !== now.cls) return 'class';
    if (gone.box !== now.box) return 'box';
    return gone.rest === now.rest ? undefined : 'other';
  }

  #verdict(before: Y.Doc, after: Y.Doc, id: string, sender: Sender): void {
    const [was, is] = [verdictsOf(before).get(id), verdictsOf(after).get(id)];
    if (was) this.#remember(`${id} verdict`, was);
    if (!is || (was && same(was, is))) return;
    const signed: Verdict = { ...is, ...this.#signed(`${id} verdict`, is, sender) };
    if (!same(signed, is)) verdictsOf(after).set(id, signed);
  }

  /** A signature as it may stand: one's own, of a time that can be; or one that has been here before. */
  #signed(key: string, { by, at }: Signature, { user, since, now }: Sender): Signature {
    if (by !== user && this.#known.has(`${key} ${by} ${at}`)) return { by, at };
    return { by: user, at: plausible(at, since, now) };
  }

  #remember(key: string, { by, at }: Signature): void {
    if (this.#known.size < MOST_REMEMBERED) this.#known.add(`${key} ${by} ${at}`);
  }
}

function goneOf({ by, at, class: cls, box, kind, of, points, mask }: Annotation): Gone {
  return { by, at, cls, box: JSON.stringify(box), rest: createHash('sha256').update(JSON.stringify([kind, of, points, mask])).digest('base64') };
}

function changeOf(was: Annotation, is: Annotation): Edited['what'] | undefined {
  if (was.class !== is.class) return 'class';
  if (!same(was.box, is.box)) return 'box';
  return same([was.kind, was.of, was.points, was.mask], [is.kind, is.of, is.points, is.mask]) ? undefined : 'other';
}

function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
