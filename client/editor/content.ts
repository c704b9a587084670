import type * as Y from 'yjs';
import { Value } from 'typebox/value';
import { annotationsOf, verdictsOf } from '#core/annotation/doc.ts';
import { AnnotationSchema, VerdictSchema, type Annotation, type TaskContent, type Verdict } from '#core/annotation/schema.ts';

/**
 * The document as plain data, kept in step change by change: an edit costs what changed, not the whole document.
 * An entry that does not fit the schema is left out (the server refuses such updates; a screen must not die of one).
 */
export class ContentMirror implements TaskContent {
  readonly annotations = new Map<string, Annotation>();
  readonly verdicts = new Map<string, Verdict>();
  readonly #doc: Y.Doc;
  readonly #changed: () => void;

  constructor(doc: Y.Doc, changed: () => void) {
    this.#doc = doc;
    this.#changed = changed;
    for (const id of annotationsOf(doc).keys()) this.#readAnnotation(id);
    for (const id of verdictsOf(doc).keys()) this.#readVerdict(id);
    annotationsOf(doc).observeDeep(this.#onAnnotations);
    verdictsOf(doc).observe(this.#onVerdicts);
  }

  destroy(): void {
    annotationsOf(this.#doc).unobserveDeep(this.#onAnnotations);
    verdictsOf(this.#doc).unobserve(this.#onVerdicts);
  }

  readonly #onAnnotations = (events: Y.YEvent<Y.AbstractType<unknown>>[]): void => {
    for (const event of events) {
      const ids = event.path.length > 0 ? [String(event.path[0])] : [...event.changes.keys.keys()];
      for (const id of ids) this.#readAnnotation(id);
    }
    this.#changed();
  };

  readonly #onVerdicts = (event: Y.YMapEvent<Verdict>): void => {
    for (const id of event.keysChanged) if (typeof id === 'string') this.#readVerdict(id);
    this.#changed();
  };

  #readAnnotation(id: string): void {
    const value: unknown = annotationsOf(this.#doc).get(id)?.toJSON();
    if (value !== undefined && Value.Check(AnnotationSchema, value)) this.annotations.set(id, value);
    else this.annotations.delete(id);
  }

  #readVerdict(id: string): void {
    const value: unknown = verdictsOf(this.#doc).get(id);
    if (value !== undefined && Value.Check(VerdictSchema, value)) this.verdicts.set(id, value);
    else this.verdicts.delete(id);
  }
}
