/** What an edit must fit beside the document's own form: the picture, the project's classes, and the predictions that it speaks of. */
import type * as Y from 'yjs';
import type { Annotation, Click } from '#core/annotation/schema.ts';
import { EmendError } from '#core/errors.ts';
import { intersect, type Box, type Size } from '#core/geometry/box.ts';
import { plausible } from './times.ts';

/** What the database says about a task, as far as edits are held against it. Read when the room opens, and again when an edit does not fit. */
export interface Facts {
  /** Of the upright picture, pixels. */
  readonly size: Size;
  /** When the image came, in milliseconds since 1970: nothing was drawn on it before. */
  readonly since: number;
  /** Index → when it was retired, in milliseconds since 1970; null = in use. */
  readonly classes: ReadonlyMap<number, number | null>;
  /** Prediction id → its class index. */
  readonly predictions: ReadonlyMap<string, number>;
}

/** The edit fits the schema, but not the facts. They may have changed: the room reads them anew before it says so to anybody. */
export class Unfit extends EmendError {
  constructor(problem: string) {
    super('invalid', `An edit was refused because it does not fit this image: ${problem}. Everything saved before it is safe; save a copy of what was not, then open the image anew.`);
  }
}

/** Clocks of pages differ, and a class is retired while somebody draws with it. Milliseconds. */
const GRACE_MS = 60_000;
/** Of so many changed annotations a room remembers the classes that they had. */
const MOST_REMEMBERED = 20_000;

export class Fitting {
  facts: Facts;
  /** Undo gives an annotation back a class that it had, although that is retired by now. */
  readonly #had = new Set<string>();

  constructor(facts: Facts) {
    this.facts = facts;
  }

  /** `was` is the annotation as everybody has it: what it held already is nobody's new mistake. */
  annotationProblem(id: string, was: Annotation | undefined, is: Annotation | undefined, now: number): string | undefined {
    if (was && this.#had.size < MOST_REMEMBERED) this.#had.add(`${id} ${was.class}`);
    if (!is) return undefined;
    return this.#classProblem(id, was, is, now) ?? this.#boxProblem(was, is) ?? this.#clickProblem(was, is) ?? this.#ofProblem(was, is);
  }

  verdictProblem(id: string): string | undefined {
    return this.facts.predictions.has(id) ? undefined : 'it is about a prediction that this image does not have';
  }

  /** New entries name their key in the update itself: unknown predictions and classes are seen before anything is applied. @throws Unfit */
  refuseStrangers(structs: readonly (Y.GC | Y.Item | Y.Skip)[]): void {
    for (const struct of structs) {
      if (!('parentSub' in struct) || typeof struct.parentSub !== 'string') continue;
      const parent: unknown = struct.parent;
      const problem = parent === 'verdicts' ? this.verdictProblem(struct.parentSub) : struct.parentSub === 'class' ? this.#entryProblem(struct.content) : undefined;
      if (problem !== undefined) throw new Unfit(problem);
    }
  }

  /** Classes are never removed, so one that is unknown now was never right. */
  #entryProblem(content: Y.Item['content']): string | undefined {
    const [index]: unknown[] = content.getContent();
    return typeof index === 'number' && !this.facts.classes.has(index) ? `the project has no class ${index}` : undefined;
  }

  #classProblem(id: string, was: Annotation | undefined, is: Annotation, now: number): string | undefined {
    if (was?.class === is.class) return undefined;
    const retired = this.facts.classes.get(is.class);
    if (retired === undefined) return `the project has no class ${is.class}`;
    if (retired === null || this.#had.has(`${id} ${is.class}`) || (is.of ?? []).some((p) => this.facts.predictions.get(p) === is.class)) return undefined;
    // What was drawn before, perhaps without a connection, must not be lost by it.
    const at = was ? now : plausible(is.edited?.at ?? is.at, this.facts.since, now);
    return at > retired + GRACE_MS ? `class ${is.class} is retired; choose another one` : undefined;
  }

  #boxProblem(was: Annotation | undefined, { box }: Annotation): string | undefined {
    if (was && was.box.every((v, i) => v === box[i])) return undefined;
    const { width, height } = this.facts.size;
    return reaches(box, [0, 0, width, height]) ? undefined : `a box lies outside the picture of ${width} × ${height} pixels`;
  }

  #clickProblem(was: Annotation | undefined, is: Annotation): string | undefined {
    const { width, height } = this.facts.size;
    const inside = ([x, y]: Click): boolean => x >= 0 && y >= 0 && x <= width && y <= height;
    const stray = [is.points, is.mask?.points].some((clicks) => clicks?.some((click) => !inside(click) && !hadClick(was, click)));
    return stray ? `a click lies outside the picture of ${width} × ${height} pixels` : undefined;
  }

  #ofProblem(was: Annotation | undefined, is: Annotation): string | undefined {
    const stranger = (is.of ?? []).some((id) => !this.facts.predictions.has(id) && !was?.of?.includes(id));
    return stranger ? 'it replaces a prediction that this image does not have' : undefined;
  }
}

function hadClick(annotation: Annotation | undefined, [x, y, label]: Click): boolean {
  return [annotation?.points, annotation?.mask?.points].some((clicks) => clicks?.some((c) => c[0] === x && c[1] === y && c[2] === label));
}

/** A common area; of a box without an area, a common place. */
function reaches(box: Box, picture: Box): boolean {
  const [x, y, w, h] = box;
  return w > 0 && h > 0 ? intersect(box, picture) !== null : x <= picture[2] && y <= picture[3] && x + w >= 0 && y + h >= 0;
}
